// Whether a person with authority said yes to exactly what happened.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "chaos/checker/predicate.h"
#include "messages/kernel.h"

namespace aeromq::chaos {
namespace {

/// The command asked for is the action done, on the same node. Nothing is said by an empty field.
bool is_action_of(const Event& submit, const Event& row) {
  if (!submit.node.empty() && submit.node != row.node) return false;
  if (submit.command.empty() || row.what.empty() || submit.command == row.what) return true;
  const auto command = find_command(submit.command);
  return command && command_row(*command).kernel_action() &&
         text_of(action_of(*command)) == row.what;
}

/// The submit that an execution rests on, or nullptr.
const Event* submitted(const Index& index, const RequestEvents& request, const Event& row,
                       const Event& effect) {
  for (const auto* asked : request.of(EventKind::asked))
    if (is_word_of(*asked, "submit", row.principal, effect) && is_action_of(*asked, row) &&
        (!index.sees_command_digests() || asked->digest == row.digest))
      return asked;
  return nullptr;
}

/// What the keeper gave out for this yes, or nullptr.
const Event* issued_for(const RequestEvents& request, const Event& confirm) {
  for (const auto* issued : request.of(EventKind::issued))
    if (before(issued, &confirm) && issued->token == confirm.token &&
        issued->digest == confirm.digest && issued->principal == confirm.principal)
      return issued;
  return nullptr;
}

bool spent_on(const RequestEvents& request, const Event& confirm, const Event& effect) {
  return std::ranges::any_of(request.of(EventKind::spent), [&](const Event* spent) {
    return before(&confirm, spent) && before(spent, &effect) && spent->token == confirm.token &&
           spent->principal == confirm.principal;
  });
}

/// What the person had been asked, in the session that answered, or nullptr.
const Event* question_to(const RequestEvents& request, const Event& confirm) {
  const auto& told = request.of(EventKind::told);
  const auto at = std::ranges::find_if(told, [&](const Event* event) {
    return event->verdict == "pending" && event->lane == confirm.lane &&
           event->run == confirm.run && before(event, &confirm);
  });
  return at == told.end() ? nullptr : *at;
}

/// The yes named every risk that the question did: both are words, each between two spaces.
bool acknowledged_all(const RequestEvents& request, const Event& confirm) {
  const auto* question = question_to(request, confirm);
  if (question == nullptr) return true;
  std::string_view risks = question->text;
  while (!risks.empty()) {
    const auto end = risks.find(' ', 1);
    if (end == std::string_view::npos) return false;
    if (confirm.text.find(risks.substr(0, end + 1)) == std::string::npos) return false;
    risks.remove_prefix(end + 1);
  }
  return true;
}

/// Nothing had happened between what was explained and the effect.
bool is_as_explained(const Event& issued, const Event& effect) {
  return issued.epoch == 0 || effect.epoch == 0 || effect.epoch == issued.epoch + 1;
}

/// Without the keeper's own events its yes is the record of it.
bool recorded(const Index& index, const RequestEvents& request, const Event& row,
              const Event& confirm) {
  if (!index.audit_read_back()) return true;
  return std::ranges::any_of(request.of(EventKind::kept), [&](const Event* kept) {
    return kept->what == "confirmed" && kept->principal == row.principal &&
           (kept->digest.empty() || kept->digest == row.digest) &&
           (!index.sees_tokens() || kept->token == confirm.token);
  });
}

/// A confirmation comes over the session that asked for it, or not at all: same client, same run.
void judge_yes(const Index& index, const RequestEvents& request, const Event& row,
               const Event& effect, const Event& submit, Findings& findings) {
  bool asked_any = false;
  bool issued_any = false;
  bool moved = false;
  bool unacknowledged = false;
  for (const auto* confirm : request.of(EventKind::asked)) {
    const bool same_session = confirm->lane == submit.lane && confirm->run == submit.run;
    if (!is_word_of(*confirm, "confirm", row.principal, effect) || !same_session ||
        (index.sees_questions() && question_to(request, *confirm) == nullptr))
      continue;
    asked_any = true;
    if (!acknowledged_all(request, *confirm)) {
      unacknowledged = true;
      continue;
    }
    if (!index.sees_keeper()) {
      if (recorded(index, request, row, *confirm)) return;
      continue;
    }
    const auto* issued = issued_for(request, *confirm);
    issued_any = issued_any || issued != nullptr;
    if (issued == nullptr || !spent_on(request, *confirm, effect)) continue;
    if (is_as_explained(*issued, effect)) return;
    moved = true;
  }
  const char* why =
      "no confirmation by its principal, once asked, in the session that submitted it";
  if (unacknowledged)
    why = "a risk was not acknowledged";
  else if (moved)
    why = "the fencing epoch had moved since it was explained";
  else if (asked_any && !index.sees_keeper())
    why = "no record of this confirmation";
  else if (issued_any)
    why = "its token was not spent on it";
  else if (asked_any)
    why = "the yes fits no token and explanation that were issued for it";
  findings.breaks(effect, fmt::format("{} executed: {}", request.text, why));
}

/// What was in force for whom on which control plane, in order.
using Policies = std::map<std::pair<std::string_view, std::string_view>, Events>;

/// True if the principal was an operator at some moment between its word and the effect: when the
/// gate read that word is not seen from outside. No policy, no authority.
bool was_operator(const Policies& policies, const Event& asked, const Event& effect) {
  const auto own = policies.find({plane_of(asked.lane), asked.principal});
  if (own == policies.end()) return false;
  const auto grants = [](const Event* policy) { return policy->what == "operator"; };
  const auto after = std::ranges::lower_bound(own->second, &asked, before);
  if (after != own->second.begin() && grants(*std::prev(after))) return true;
  const auto until = std::ranges::lower_bound(own->second, &effect, before);
  return std::any_of(after, std::max(after, until), grants);
}

void judge_authority(const Policies& policies, const RequestEvents& request, const Event& row,
                     const Event& effect, Findings& findings) {
  for (const auto* what : {"submit", "confirm"}) {
    const Event* without = nullptr;
    bool with = false;
    for (const auto* asked : request.of(EventKind::asked)) {
      if (asked->what != what || !before(asked, &effect)) continue;
      // Another's word is no authority of the principal's, whatever that other may do.
      if (asked->principal == row.principal && was_operator(policies, *asked, effect))
        with = true;
      else
        without = asked;
    }
    if (!with && without != nullptr)
      findings.breaks(effect, fmt::format("{} executed: {} was no operator at the {}", request.text,
                                          row.principal, what));
  }
}

void judge_spending(const Event& spent, const std::map<std::string_view, const Event*>& issued,
                    Findings& findings) {
  const auto at = issued.find(spent.token);
  if (at == issued.end() || !before(at->second, &spent))
    return findings.breaks(spent, "a token was spent that nobody issued");
  const auto& origin = *at->second;
  if (origin.request != spent.request)
    findings.breaks(spent,
                    fmt::format("a token of {} was spent on {}", origin.request, spent.request));
  if (origin.principal != spent.principal || origin.digest != spent.digest)
    findings.breaks(spent, "a token was spent by another principal or on another explanation");
  if (spent.number >= origin.number)
    findings.breaks(spent, fmt::format("a token was spent at {}, it had run out at {}",
                                       spent.number, origin.number));
  if (origin.lane != spent.lane || origin.run != spent.run)
    findings.breaks(spent, fmt::format("a token of run {} of {} was spent in run {} of {}",
                                       origin.run, origin.lane, spent.run, spent.lane));
}

}  // namespace

/// I-CONFIRM. Digests are compared as far as this history has them at all.
void judge_confirm(const Index& index, Findings& findings) {
  for (const auto& request : index.requests()) {
    for (const auto& [effect, row] : executions(index, request)) {
      findings.judged();
      if (row == nullptr) {
        findings.breaks(*effect,
                        fmt::format("{} executed for nobody: it has no row", request.text));
        continue;
      }
      const auto* submit = submitted(index, request, *row, *effect);
      if (submit == nullptr)
        findings.breaks(*effect, fmt::format("{} executed: {} submitted no such command",
                                             request.text, row->principal));
      else
        judge_yes(index, request, *row, *effect, *submit, findings);
    }
  }
}

/// I-TOKEN. Where the keeper is not seen, a token may stand in one confirmed record only.
void judge_token(const Index& index, Findings& findings) {
  std::map<std::string_view, const Event*> issued;
  for (const auto* event : index.of(EventKind::issued))
    if (!issued.emplace(event->token, event).second)
      findings.breaks(*event, "one token was issued twice");
  std::map<std::string_view, const Event*> spent;
  for (const auto* event : index.of(EventKind::spent)) {
    findings.judged();
    if (!spent.emplace(event->token, event).second)
      findings.breaks(*event, "one token was spent twice");
    judge_spending(*event, issued, findings);
  }
  std::map<std::string_view, const Event*> confirmed;
  for (const auto* kept : index.of(EventKind::kept)) {
    if (kept->what != "confirmed" || kept->token.empty()) continue;
    findings.judged();
    if (!confirmed.emplace(kept->token, kept).second)
      findings.breaks(*kept, "one token stands in two confirmed records");
  }
}

/// I-AUTH.
void judge_auth(const Index& index, Findings& findings) {
  Policies policies;
  for (const auto* policy : index.of(EventKind::policy))
    policies[{plane_of(policy->lane), policy->principal}].push_back(policy);
  for (const auto& request : index.requests()) {
    for (const auto& [effect, row] : executions(index, request)) {
      if (row == nullptr) continue;
      findings.judged();
      judge_authority(policies, request, *row, *effect, findings);
    }
  }
}

}  // namespace aeromq::chaos
