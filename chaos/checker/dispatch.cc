// Whether a request was handed over once, and only with a person's yes.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "chaos/checker/predicate.h"

namespace aeromq::chaos {
namespace {

void judge_handed_over(const RequestEvents& request, Findings& findings) {
  // Each way of the road carries it once. A double made by the network keeps its number.
  std::map<std::pair<std::string_view, std::string_view>, std::uint64_t> first;
  for (const auto* sent : request.of(EventKind::sent)) {
    if (sent->what != "dispatch") continue;
    const auto [way, fresh] = first.try_emplace({sent->lane, sent->peer}, sent->number);
    if (!fresh && way->second != sent->number)
      findings.breaks(
          *sent, fmt::format("{} was dispatched a second time by {}", request.text, sent->lane));
  }
}

void judge_asked(const RequestEvents& request, const Event& act, Findings& findings) {
  for (const auto* what : {"submit", "confirm"}) {
    const auto said = [&](const Event* asked) {
      return asked->what == what && before(asked, &act);
    };
    if (std::ranges::none_of(request.of(EventKind::asked), said))
      findings.breaks(act, fmt::format("{} reached the kernel without a {}", request.text, what));
  }
}

}  // namespace

/// I-RETRY. Judged apart from I-ONCE: the kernel's refusal of a repeat hides the retry.
void judge_retry(const Index& index, Findings& findings) {
  const auto is_dispatch = [](const Event* sent) { return sent->what == "dispatch"; };
  for (const auto& request : index.requests()) {
    const auto& called = request.of(EventKind::called);
    const auto& rows = request.of(index.sees_kernel() ? EventKind::row : EventKind::stands);
    const bool dispatched = std::ranges::any_of(request.of(EventKind::sent), is_dispatch);
    if (called.empty() && rows.empty() && !dispatched) continue;
    findings.judged();
    for (std::size_t i = 1; i < called.size(); ++i)
      findings.breaks(*called[i], fmt::format("{} was called {} times", request.text, i + 1));
    for (const auto* call : called) judge_asked(request, *call, findings);
    for (const auto* row : rows) {
      if (called.empty()) judge_asked(request, *row, findings);
      if (index.has(EventKind::called) && (called.empty() || before(row, called.front())))
        findings.breaks(
            *row, fmt::format("{} has a row, and its dispatcher had not called", request.text));
    }
    if (dispatched) judge_handed_over(request, findings);
  }
}

}  // namespace aeromq::chaos
