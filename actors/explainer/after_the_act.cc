#include "actors/explainer/after_the_act.h"

#include "messages/invariants.h"

namespace aeromq {
namespace {

std::string subject(std::string_view command, std::string_view node) {
  std::string text(command.empty() ? "the request" : command);
  if (!node.empty()) text.append(" of ").append(node);
  return text;
}

void add_effects(std::vector<std::string>& lines, const std::vector<Effect>& effects) {
  for (const auto& effect : effects)
    lines.push_back(effect.name + ": " + (effect.before.empty() ? "none" : effect.before) + " -> " +
                    (effect.after.empty() ? "none" : effect.after));
}

void add_invariants(std::vector<std::string>& lines, const std::vector<std::string>& ids) {
  for (const auto& id : ids) lines.push_back(invariant_line(id));
}

std::string kernel_words(const std::string& code, const std::string& text) {
  return "the kernel said " + code + ": " + text;
}

std::string outcome_line(RecordOutcome outcome) {
  switch (outcome) {
    case RecordOutcome::executed:
      return "outcome: executed";
    case RecordOutcome::not_executed:
      return "outcome: not executed";
    case RecordOutcome::unknown:
      return "outcome: unknown; the kernel's ledger knows";
    case RecordOutcome::none:
      break;
  }
  return {};
}

std::string first_line(const Record& record) {
  auto what = subject(record.command, record.node);
  if (!record.successor.empty()) what += ", with " + record.successor + " to follow";
  switch (record.stage) {
    case Stage::requested:
      return record.principal + " asked for " + what;
    case Stage::answered:
      return what + " was answered; the kernel changed nothing";
    case Stage::confirmation_asked:
      return "the explanation of " + what + " was shown and a confirmation asked for";
    case Stage::confirmed:
      return record.principal + " confirmed " + what;
    case Stage::dispatched:
      return what + " was handed over for the kernel's one action";
    case Stage::executed:
      return "the kernel executed " + what;
    case Stage::rejected:
      return "the kernel rejected " + what + "; nothing changed";
    case Stage::failed:
      return what + " failed: " + (record.failure.empty() ? record.error_code : record.failure);
    case Stage::refused:
      return what + " was refused: " + record.error_code;
    case Stage::confirmation_ended:
      return "the confirmation of " + what + " ended unconfirmed: " + record.failure;
    case Stage::audit_read:
      return record.principal + " read the audit log: " + record.command;
    case Stage::run_begins:
      return "the audit writer began; every older pending confirmation is over";
    case Stage::run_ends:
      return "the audit writer stopped in order";
    case Stage::control_plane:
      return "the control plane reports: " +
             (record.failure.empty() ? record.error_code : record.failure);
    case Stage::refusals_counted:
      return record.principal + " was refused many times: " + record.error_code;
  }
  return what;
}

}  // namespace

std::vector<std::string> what_happened(const Record& record) {
  std::vector<std::string> lines{first_line(record)};
  add_effects(lines, record.effects);
  if (!record.kernel_code.empty())
    lines.push_back(kernel_words(record.kernel_code, record.kernel_text));
  const bool verbatim = record.error_code == record.kernel_code;
  if (!record.error_message.empty() && !verbatim) lines.push_back(record.error_message);
  if (!record.lost.empty()) lines.push_back("lost: " + record.lost);
  for (const auto& id : record.acknowledged) lines.push_back("acknowledged: " + id);
  if (!record.responsibility.empty())
    lines.push_back("responsibility accepted: " + record.responsibility);
  add_invariants(lines, record.error_invariants);
  if (auto line = outcome_line(record.outcome); !line.empty()) lines.push_back(std::move(line));
  return lines;
}

std::vector<std::string> what_happened(const RequestResult& result, std::string_view node) {
  if (!result.executed)
    return {subject(result.command, node) + " was answered; the kernel changed nothing"};
  std::vector<std::string> lines{"the kernel executed " + subject(result.command, node)};
  add_effects(lines, result.answer.effects);
  return lines;
}

std::vector<std::string> what_happened(const OutcomeAnswer& outcome) {
  const auto what = subject(outcome.action, outcome.node);
  std::vector<std::string> lines;
  switch (outcome.verdict) {
    case Verdict::executed:
      lines.push_back("the kernel executed " + what);
      break;
    case Verdict::rejected:
      lines.push_back("the kernel rejected " + what + "; nothing changed");
      lines.push_back(kernel_words(outcome.code, outcome.text));
      break;
    case Verdict::not_executed:
      lines.push_back("not executed, and it never will be");
      break;
    case Verdict::not_yet_decided:
      lines.push_back("not yet decided");
      break;
    case Verdict::no_kernel_change:
      lines.push_back("this kind of request makes no kernel change; the audit log has its end");
      break;
    case Verdict::unknown:
      lines.push_back("the kernel cannot know");
      break;
  }
  if (!outcome.why.empty()) lines.push_back(outcome.why);
  add_effects(lines, outcome.effects);
  add_invariants(lines, outcome.invariants);
  return lines;
}

}  // namespace aeromq
