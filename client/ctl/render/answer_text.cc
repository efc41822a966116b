// Explanations, outcomes, errors, audit pages and status as plain lines: see table.h.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "client/ctl/render/escape.h"
#include "client/ctl/render/grid.h"
#include "client/ctl/render/table.h"
#include "messages/limits.h"

namespace aeromq::ctl {
namespace {

std::string list(const char* title, const std::vector<std::string>& lines) {
  if (lines.empty()) return {};
  std::string text = fmt::format("{}:\n", title);
  for (const auto& line : lines) text += "  - " + escape(line) + '\n';
  return text;
}

std::string effects_text(const std::vector<Effect>& effects) {
  std::string text;
  for (const auto& effect : effects)
    text += fmt::format("  {}: {} -> {}\n", escape(effect.name),
                        effect.before.empty() ? "-" : escape(effect.before),
                        effect.after.empty() ? "-" : escape(effect.after));
  return text;
}

std::string joined(const std::vector<std::string>& words) {
  return escape(fmt::format("{}", fmt::join(words, ", ")));
}

std::string check_text(const Check& check) {
  const auto* state = check.passes ? "passes" : check.overridable ? "FAILS, overridden" : "FAILS";
  return fmt::format("  - {} [{}] {}: {}\n", escape(check.code), escape(check.invariant), state,
                     escape(check.text));
}

/// Of an action that nobody has asked for yet: what is not so now may be so by then.
std::string preview_text(const Check& check) {
  return fmt::format("  - {} [{}] {}: {}\n", escape(check.code), escape(check.invariant),
                     check.passes ? "passes" : "does not pass now", escape(check.text));
}

std::string counted_text(const CountedRefusals& counted) {
  auto text = fmt::format(", {} times from {} to {}", counted.number,
                          wall_time(counted.first_wall_ns / 1'000'000),
                          wall_time(counted.last_wall_ns / 1'000'000));
  if (!counted.first_request.empty())
    text += fmt::format(", between {} and {}", counted.first_request, counted.last_request);
  return text;
}

std::string warning_text(const Finding& warning) {
  return fmt::format("  - {} ({}): {}\n", escape(warning.code), text_of(warning.severity),
                     escape(warning.text));
}

}  // namespace

std::string explanation_text(const Explanation& explanation) {
  auto text = fmt::format("Action: {}\n", escape(explanation.action));
  text += list("Affects", explanation.components);
  text += list("Cannot be undone", explanation.irreversible);
  if (!explanation.cost.empty()) text += "Cost: " + escape(explanation.cost) + '\n';
  text += list("Invariants", explanation.invariants);
  if (!explanation.facts.empty()) text += "Facts:\n";
  for (const auto& fact : explanation.facts) {
    text +=
        fmt::format("  - {}: {}  ({}", escape(fact.name), escape(fact.value), escape(fact.source));
    text += fact.age_ms > 0 ? fmt::format(", {} ms old)\n", fact.age_ms) : ")\n";
  }
  if (!explanation.checks.empty()) text += "Checks of the kernel, as they stood:\n";
  for (const auto& check : explanation.checks) text += check_text(check);
  if (!explanation.successor.empty())
    text += fmt::format("Preview: the promotion of {}, as its checks stand now:\n",
                        escape(explanation.successor));
  for (const auto& check : explanation.successor_checks) text += preview_text(check);
  if (!explanation.warnings.empty()) text += "Before you confirm:\n";
  for (const auto& warning : explanation.warnings) text += warning_text(warning);
  text += list("Not checked", explanation.not_checked);
  if (!explanation.risks.empty()) text += "Risks:\n";
  for (const auto& risk : explanation.risks)
    text += fmt::format("  - {} [{}]: {}\n", escape(risk.id), escape(risk.invariant),
                        escape(risk.text));
  return text + fmt::format("Drawn from snapshot {}, fencing epoch {}, {}\n", explanation.snapshot,
                            explanation.fencing_epoch, wall_time(explanation.wall_ms));
}

std::string executed_text(const ActAnswer& answer) {
  auto text = fmt::format("executed  (snapshot {})\n", answer.snapshot);
  if (!answer.text.empty()) text += "  " + escape(answer.text) + '\n';
  return text + effects_text(answer.effects);
}

std::string error_text(const Error& error) {
  auto text =
      fmt::format("{}  {}: {}\n", text_of(error.domain), escape(error.code), escape(error.message));
  if (!error.field.empty()) text += fmt::format("  field: {}\n", escape(error.field));
  if (!error.invariants.empty()) text += "  invariants: " + joined(error.invariants) + '\n';
  return text + fmt::format("  outcome: {}\n", text_of(error.outcome));
}

std::string outcome_text(const OutcomeAnswer& outcome) {
  auto text = fmt::format("{}{}  {}\n", text_of(outcome.verdict), outcome.final_ ? " (final)" : "",
                          escape(outcome.why));
  if (outcome.verdict == Verdict::not_yet_decided && outcome.until_kernel_ms > outcome.kernel_ms)
    text += fmt::format("  decided at the latest in {} s\n",
                        (outcome.until_kernel_ms - outcome.kernel_ms + 999) / 1000);
  if (!outcome.code.empty())
    text += fmt::format("  {}: {}\n", escape(outcome.code), escape(outcome.text));
  if (!outcome.action.empty())
    text += fmt::format("  {} {} by {}\n", escape(outcome.action), escape(outcome.node),
                        escape(outcome.principal));
  return text + effects_text(outcome.effects);
}

std::string audit_text(const AuditPage& page) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& one : page.records) {
    const auto& record = one.record;
    auto said = record.error_code.empty() ? record.kernel_code : record.error_code;
    if (said.empty()) said = record.reason;
    if (!record.failure.empty()) said += (said.empty() ? "" : ", ") + record.failure;
    for (const auto& counted : record.counted) said += counted_text(counted);
    rows.push_back(
        {std::to_string(record.seq), wall_time(record.wall_ns / 1'000'000),
         std::string(text_of(record.stage)), escape(record.principal), escape(record.command),
         escape(record.node + (record.successor.empty() ? "" : ", then " + record.successor)),
         record.outcome == RecordOutcome::none ? "" : std::string(text_of(record.outcome)),
         escape(said), escape(record.request)});
  }
  std::string text;
  if (!rows.empty())
    text += grid_text("Audit log",
                      {{"Seq", true},
                       {"Time (wall clock)"},
                       {"Stage"},
                       {"Who"},
                       {"Command"},
                       {"Node"},
                       {"Outcome"},
                       {"Said"},
                       {"Request"}},
                      rows);
  for (const auto& gap : page.gaps) text += "GAP: " + escape(gap) + '\n';
  for (const auto& finding : page.findings) text += "FOUND: " + escape(finding) + '\n';
  if (!page.summary.empty()) text += escape(page.summary) + '\n';
  if (rows.empty() && page.gaps.empty() && page.findings.empty() && page.summary.empty())
    text += "no records\n";
  if (page.next_seq != 0) text += fmt::format("more from sequence number {}\n", page.next_seq);
  return text;
}

std::string status_text(const Status& status) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& part : status.parts)
    rows.push_back({std::string(text_of(part.role)), part.alive ? "alive" : "MISSING",
                    part.alive ? std::to_string(part.pid) : "-",
                    part.alive ? std::to_string(part.age_ms / 1000) : "-",
                    part.alive ? std::to_string(part.quiet_ms) : "-"});
  auto text =
      grid_text(fmt::format("Control plane, up {} s", status.up_ms / 1000),
                {{"Part"}, {"State"}, {"Pid", true}, {"Age s", true}, {"Quiet ms", true}}, rows);
  text += status.epoch == 0
              ? std::string("no dispatcher is open\n")
              : fmt::format("dispatcher {} epoch {} on kernel history {}\n", status.dispatcher,
                            status.epoch, to_hex(status.history.view()));
  text += fmt::format("open requests {}, pending confirmations {}, clients {}, unrecorded {}\n",
                      status.open_requests, status.pending_confirmations, status.clients,
                      status.unrecorded);
  for (const auto& met : status.limits_met)
    text += fmt::format("limit met: {} of {}, {} refused, last {} s ago\n", escape(met.limit),
                        escape(met.principal), met.refused, met.ago_ms / 1000);
  if (status.sessions_used >= kManySessions)
    text += fmt::format("SESSION NUMBERS: {} of {} are used; restart the broker before they end\n",
                        status.sessions_used, kMostSessions);
  return text;
}

}  // namespace aeromq::ctl
