// Whether the audit log was first, and is whole.
#include <fmt/format.h>

#include <algorithm>

#include "chaos/checker/predicate.h"

namespace aeromq::chaos {
namespace {

const Event* record_of(const RequestEvents& request, std::string_view stage) {
  const auto& kept = request.of(EventKind::kept);
  const auto at =
      std::ranges::find(kept, stage, [](const Event* e) { return std::string_view(e->what); });
  return at == kept.end() ? nullptr : *at;
}

/// Its licence was on disk before it was handed to the kernel, and so before the kernel acted.
void judge_licence(const Index& index, const RequestEvents& request, const Event& act,
                   Findings& findings) {
  const auto* dispatched = record_of(request, "dispatched");
  if (dispatched == nullptr)
    return findings.breaks(act, fmt::format("{} of {} without its record dispatched",
                                            text_of(act.kind), request.text));
  if (!index.has(EventKind::durable)) return;
  const auto* promise = index.log_of(dispatched->lane).covering(dispatched->number);
  if (promise == nullptr || before(&act, promise))
    findings.breaks(act, fmt::format("{} of {} before its record {} was durable", text_of(act.kind),
                                     request.text, dispatched->number));
}

/// Every stage has its record, in the order of the road, about the same person and command.
void judge_stages(const RequestEvents& request, const Event& effect, const Event* row,
                  Findings& findings) {
  std::uint64_t last = 0;
  for (const auto* stage : {"requested", "confirmation_asked", "confirmed", "dispatched"}) {
    const auto* record = record_of(request, stage);
    if (record == nullptr) {
      if (std::string_view(stage) == "dispatched") continue;  // said by judge_licence
      findings.breaks(effect,
                      fmt::format("{} executed without its record {}", request.text, stage));
      continue;
    }
    if (record->number <= last)
      findings.breaks(*record, fmt::format("record {} of {} is out of order", stage, request.text));
    last = record->number;
    if (row == nullptr) continue;
    if (record->principal != row->principal ||
        (!record->digest.empty() && !row->digest.empty() && record->digest != row->digest))
      findings.breaks(*record, fmt::format("record {} of {} is of another principal or command",
                                           stage, request.text));
  }
}

/// The tokens in its records are those that the keeper gave out and took back.
void judge_tokens(const RequestEvents& request, Findings& findings) {
  for (const auto& [stage, kind] : {std::pair{"confirmation_asked", EventKind::issued},
                                    std::pair{"confirmed", EventKind::spent}}) {
    const auto* record = record_of(request, stage);
    if (record == nullptr || request.of(kind).empty()) continue;
    const auto is_its = [&](const Event* seen) { return seen->token == record->token; };
    if (std::ranges::none_of(request.of(kind), is_its))
      findings.breaks(*record,
                      fmt::format("record {} of {} has another token", stage, request.text));
  }
}

/// What the log says about the end of a kernel action is what the ledger has.
void judge_recorded_end(const Index& index, const RequestEvents& request, const Event& kept,
                        Findings& findings) {
  const bool says_executed = kept.what == "executed" || kept.verdict == "executed";
  const bool says_rejected = kept.what == "rejected";
  const bool denies = kept.verdict == "not executed" || kept.verdict == "not_executed";
  if (!says_executed && !says_rejected && !denies) return;
  const auto& rows = request.of(index.sees_kernel() ? EventKind::row : EventKind::stands);
  const auto has = [&](std::string_view verdict) {
    return std::ranges::any_of(rows, [&](const Event* row) { return row->verdict == verdict; });
  };
  if ((says_executed && !has("executed")) || (says_rejected && !has("rejected")) ||
      (denies && has("executed")) || (says_executed && denies))
    findings.breaks(kept, fmt::format("record {} of {} says {} ({}), the ledger does not",
                                      kept.number, request.text, kept.what, kept.verdict));
}

/// The stage that an answer on the road rests on; empty: any.
std::string_view stage_of(const Event& told) {
  if (told.what == "outcome") return {};
  if (told.verdict == "pending") return "confirmation_asked";
  if (told.verdict == "executed" || told.verdict == "rejected") return told.verdict;
  return {};
}

void judge_told(const Index& index, const Event& told, Findings& findings) {
  const auto& log = index.log_of(told.lane);
  if (index.has(EventKind::durable)) {
    const auto* promise = log.covering(told.number);
    if (promise == nullptr || before(&told, promise))
      findings.breaks(told, fmt::format("told before its record {} was durable", told.number));
  }
  if (!index.audit_read_back()) return;
  const auto* record = log.record(told.number);
  // A question has a request id of its own, so only the road's answers name their record's.
  if (record == nullptr)
    findings.breaks(told, fmt::format("told with record {}, which is not kept", told.number));
  else if (told.what != "outcome" && record->request != told.request)
    findings.breaks(told, fmt::format("record {} is of another request", told.number));
  else if (const auto stage = stage_of(told); !stage.empty() && record->what != stage)
    findings.breaks(
        told, fmt::format("told {}, but record {} is {}", told.verdict, told.number, record->what));
}

void judge_log(const Log& log, Findings& findings) {
  std::uint64_t expected = 1;
  for (const auto* kept : log.kept) {
    if (kept->number != expected)
      findings.breaks(*kept,
                      fmt::format("record {} stands where {} belongs", kept->number, expected));
    expected = kept->number + 1;
  }
  const auto last = log.kept.empty() ? 0 : log.kept.back()->number;
  if (last < log.promised())
    findings.breaks(*log.covering(log.promised()),
                    fmt::format("{} records were durable, {} are kept", log.promised(), last));
}

}  // namespace

/// I-AUDIT. Order of writing is judged where promises of durability were seen, the rest where the
/// log was read back.
void judge_audit(const Index& index, Findings& findings) {
  const bool judges = index.has(EventKind::durable) || index.audit_read_back();
  if (!judges) return;
  for (const auto& request : index.requests()) {
    for (const auto& [effect, row] : executions(index, request)) {
      if (!index.audit_read_back()) break;
      findings.judged();
      judge_licence(index, request, *effect, findings);
      judge_stages(request, *effect, row, findings);
    }
    if (index.audit_read_back())
      for (const auto* called : request.of(EventKind::called)) {
        findings.judged();
        judge_licence(index, request, *called, findings);
      }
    if (!request.of(EventKind::kept).empty()) judge_tokens(request, findings);
    if (request.id && request.id->kernel_action)
      for (const auto* kept : request.of(EventKind::kept))
        judge_recorded_end(index, request, *kept, findings);
    for (const auto* told : request.of(EventKind::told)) {
      if (told->number == 0) continue;
      findings.judged();
      judge_told(index, *told, findings);
    }
  }
  for (const auto* verified : index.of(EventKind::verified)) {
    findings.judged();
    if (verified->verdict != "whole")
      findings.breaks(*verified, "the log is " + verified->verdict + ": " + verified->text);
  }
  if (!index.audit_read_back()) return;
  for (const auto& log : index.logs()) {
    findings.judged();
    judge_log(log, findings);
  }
}

}  // namespace aeromq::chaos
