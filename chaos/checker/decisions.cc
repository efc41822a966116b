// Whether what people were told is what happened.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "chaos/checker/predicate.h"

namespace aeromq::chaos {
namespace {

/// Answers about a repeat: of the first one they may claim nothing.
constexpr std::array<std::string_view, 4> kRepeatCodes{"DUPLICATE_REQUEST", "TOKEN_SPENT",
                                                       "NOT_PENDING", "LATE"};

const Event* with_verdict(const Events& rows, std::string_view verdict) {
  const auto at =
      std::ranges::find(rows, verdict, [](const Event* e) { return std::string_view(e->verdict); });
  return at == rows.end() ? nullptr : *at;
}

/// "executed" and "rejected" rest on the ledger, when told and at the end.
void judge_row_told(const Index& index, const RequestEvents& request, const Event& told,
                    Findings& findings) {
  const auto* row = with_verdict(request.of(EventKind::row), told.verdict);
  if (index.sees_kernel() && (row == nullptr || before(&told, row)))
    findings.breaks(told,
                    fmt::format("{} was told {} without such a row", request.text, told.verdict));
  if (told.verdict == "executed" && index.sees_kernel()) {
    const auto& effects = request.of(EventKind::effect);
    if (effects.empty() || before(&told, effects.front()))
      findings.breaks(told, fmt::format("{} was told executed before it was", request.text));
  }
  const bool stands = with_verdict(request.of(EventKind::stands), told.verdict) != nullptr;
  if ((index.ledger_read_back() || !index.sees_kernel()) && !stands)
    findings.breaks(told, fmt::format("{} was told {} and does not stand so at the end",
                                      request.text, told.verdict));
}

/// "not executed" stays true for ever: no row of any kind, before or after.
void judge_denial(const RequestEvents& request, const Event& told, Findings& findings) {
  for (const auto kind : {EventKind::effect, EventKind::row, EventKind::stands}) {
    if (request.of(kind).empty()) continue;
    const auto* act = request.of(kind).front();
    findings.breaks(
        before(act, &told) ? told : *act,
        fmt::format("{} was told not executed and has a {}", request.text, text_of(kind)));
    return;
  }
}

/// Hole 14: the log failed behind the kernel's answer. What is told then is whether anything was
/// executed, nothing about a row: a rejection may stand.
void judge_unrecorded(const RequestEvents& request, const Event& told, Findings& findings) {
  const bool executed = !request.of(EventKind::effect).empty() ||
                        with_verdict(request.of(EventKind::stands), "executed") != nullptr;
  if (executed)
    findings.breaks(told, fmt::format("{} was told not executed and was", request.text));
}

void judge_claims(const Index& index, const RequestEvents& request, Findings& findings) {
  const Event* first = nullptr;
  for (const auto* told : request.of(EventKind::told)) {
    if (!is_end(told->verdict)) {
      if (told->final_ && told->verdict != "viewed")
        findings.breaks(*told,
                        fmt::format("{} was told \"{}\" as final", request.text, told->verdict));
      continue;
    }
    findings.judged();
    if (is_unrecorded_denial(*told)) {
      judge_unrecorded(request, *told, findings);
      continue;
    }
    if (first != nullptr && first->verdict != told->verdict)
      findings.breaks(*told, fmt::format("{} was told {} and then {}", request.text, first->verdict,
                                         told->verdict));
    if (first == nullptr) first = told;
    if (told->verdict != "not_executed") {
      judge_row_told(index, request, *told, findings);
      continue;
    }
    judge_denial(request, *told, findings);
    if (std::ranges::find(kRepeatCodes, told->code) != kRepeatCodes.end())
      findings.breaks(*told, fmt::format("{}: {} claims not executed", request.text, told->code));
  }
}

/// The moments at which acts were let in: a grant, or where there is none the row itself, whose
/// transaction was the act. What was granted gets its row when it has ended, whoever is open then.
Events admissions(const Index& index) {
  Events admitted = index.of(EventKind::granted);
  for (const auto* row : index.of(EventKind::row))
    if (std::ranges::none_of(index.of(EventKind::granted), [&](const Event* granted) {
          return granted->request == row->request && before(granted, row);
        }))
      admitted.push_back(row);
  std::ranges::stable_sort(admitted, {}, [](const Event* event) { return event->seq; });
  return admitted;
}

/// An act is let in only under the epoch that its id names, while that is its dispatcher's newest,
/// and in the run of the kernel that opened it.
void judge_fence(const Index& index, Findings& findings) {
  if (!index.has(EventKind::opened)) return;
  std::map<std::string_view, const Event*> newest;
  auto opened = index.of(EventKind::opened).begin();
  const auto admitted = admissions(index);
  for (const auto* row : admitted) {
    for (; opened != index.of(EventKind::opened).end() && before(*opened, row); ++opened) {
      auto& known = newest[(*opened)->node];
      if (known == nullptr || known->epoch < (*opened)->epoch) known = *opened;
    }
    const auto id = RequestId::parse(row->request);
    if (!id) continue;
    findings.judged();
    const auto at = newest.find(std::to_string(id->session.dispatcher));
    if (at == newest.end())
      findings.breaks(*row, fmt::format("{} committed, and dispatcher {} never opened",
                                        row->request, id->session.dispatcher));
    else if (id->session.epoch != at->second->epoch)
      findings.breaks(*row,
                      fmt::format("{} of epoch {} committed while dispatcher {} had epoch {}",
                                  row->request, id->session.epoch, at->first, at->second->epoch));
    else if (at->second->run != row->run && at->second->run != 0 && row->run != 0)
      findings.breaks(
          *row, fmt::format("{} committed under an epoch of an earlier kernel run", row->request));
  }
}

}  // namespace

/// I-DECIDED. unknown, not_yet_decided and pending claim nothing, so they may not be final.
void judge_decided(const Index& index, Findings& findings) {
  for (const auto& request : index.requests()) judge_claims(index, request, findings);
  judge_fence(index, findings);
}

/// I-VERBATIM. The first row is the one that decided.
void judge_verbatim(const Index& index, Findings& findings) {
  for (const auto& request : index.requests()) {
    const auto* row = with_verdict(request.of(EventKind::row), "rejected");
    if (row == nullptr) row = with_verdict(request.of(EventKind::stands), "rejected");
    if (row == nullptr) continue;
    for (const auto* told : request.of(EventKind::told)) {
      if (told->verdict != "rejected") continue;
      findings.judged();
      if (told->code != row->code || told->text != row->text)
        findings.breaks(*told, fmt::format("the kernel said {} \"{}\", told was {} \"{}\"",
                                           row->code, row->text, told->code, told->text));
    }
  }
}

}  // namespace aeromq::chaos
