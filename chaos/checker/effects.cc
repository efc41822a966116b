// What the kernel did: once, wholly or not at all, and in one unbroken chain.
#include <fmt/format.h>

#include <algorithm>

#include "chaos/checker/predicate.h"

namespace aeromq::chaos {
namespace {

std::ptrdiff_t with_number(const Events& events, std::uint64_t number) {
  return std::ranges::count(events, number, [](const Event* event) { return event->number; });
}

/// Nobody holds authority: written as nothing or, in the kernel's words, "none".
std::string_view holder(const std::string& name) {
  return name == "none" ? std::string_view() : std::string_view(name);
}

/// The effect is that of the row's action on the row's node.
bool fits_action(const Event& row, const Event& effect) {
  if (row.what == "demote") return effect.before == row.node && holder(effect.after).empty();
  const bool promotes = row.what == "promote" || row.what == "force-promote";
  return !promotes || effect.after == row.node;
}

/// The row of the effect's own transaction, if that is a plain promotion. Not of a kernel that
/// grants: it looks at servers, and one that is proven stopped holds nothing, whatever the register
/// has; who was writable when is judged beside the servers.
const Event* promotion_of(const Index& index, const Event& effect) {
  const auto& rows = index.of(EventKind::row);
  const auto& granted = index.of(EventKind::granted);
  if (std::ranges::find(granted, effect.request, [](const Event* e) { return e->request; }) !=
      granted.end())
    return nullptr;
  const auto at = std::ranges::find_if(rows, [&](const Event* row) {
    return row->what == "promote" && row->number == effect.number && row->request == effect.request;
  });
  return at == rows.end() ? nullptr : *at;
}

void judge_rows_alone_in_transaction(const Index& index, Findings& findings) {
  Events rows = index.of(EventKind::row);
  std::ranges::stable_sort(rows, {}, [](const Event* event) { return event->number; });
  for (std::size_t i = 1; i < rows.size(); ++i)
    if (rows[i]->number != 0 && rows[i]->number == rows[i - 1]->number)
      findings.breaks(*rows[i], fmt::format("transaction {} has a second row", rows[i]->number));
}

}  // namespace

/// I-ONCE. Rows and effects are counted apart, so that a second effect is seen even if the ledger
/// hides it.
void judge_once(const Index& index, Findings& findings) {
  for (const auto& request : index.requests()) {
    const auto& rows = request.of(index.sees_kernel() ? EventKind::row : EventKind::stands);
    const auto& effects = request.of(EventKind::effect);
    if (rows.empty() && effects.empty()) continue;
    findings.judged();
    for (std::size_t i = 1; i < effects.size(); ++i)
      findings.breaks(*effects[i], fmt::format("{} has effect number {}", request.text, i + 1));
    for (std::size_t i = 1; i < rows.size(); ++i)
      findings.breaks(*rows[i], fmt::format("{} has row number {}", request.text, i + 1));
  }
  for (const auto* effect : index.of(EventKind::effect)) {
    if (!effect->request.empty()) continue;
    findings.judged();
    findings.breaks(*effect, "an effect that belongs to no request");
  }
}

/// I-ATOMIC. Row and effect are of one transaction if they have one number and one request.
void judge_atomic(const Index& index, Findings& findings) {
  for (const auto& request : index.requests()) {
    const auto& rows = request.of(EventKind::row);
    const auto& effects = request.of(EventKind::effect);
    for (const auto* row : rows) {
      findings.judged();
      const auto found = with_number(effects, row->number);
      const bool executed = row->verdict == "executed";
      if (!executed && row->verdict != "rejected")
        findings.breaks(*row, "a row that is neither executed nor rejected");
      else if (found != (executed ? 1 : 0))
        findings.breaks(*row, fmt::format("{} is {} with {} effects in its transaction",
                                          request.text, row->verdict, found));
    }
    for (const auto* effect : effects) {
      findings.judged();
      const auto row =
          std::ranges::find(rows, effect->number, [](const Event* e) { return e->number; });
      if (row == rows.end())
        findings.breaks(*effect, fmt::format("an effect of {} outside the transaction of its row",
                                             request.text));
      else if (!fits_action(**row, *effect))
        findings.breaks(*effect, fmt::format("the effect of {} is not that of {} {}", request.text,
                                             (*row)->what, (*row)->node));
    }
  }
  judge_rows_alone_in_transaction(index, findings);
}

/// I-SINGLE. The holder that an effect took over from is the holder that the last effect made, and
/// a plain promotion took over from nobody.
void judge_single(const Index& index, Findings& findings) {
  const Event* last = nullptr;
  for (const auto* effect : index.of(EventKind::effect)) {
    findings.judged();
    if (last != nullptr && holder(effect->before) != holder(last->after))
      findings.breaks(*effect,
                      fmt::format("authority went from \"{}\", but the change before left \"{}\"",
                                  effect->before, last->after));
    last = effect;
    // Only force may take authority over from a node: a promotion finds it free.
    const auto* row = promotion_of(index, *effect);
    if (row != nullptr && !holder(effect->before).empty())
      findings.breaks(*effect, fmt::format("a promotion of {} took authority from \"{}\"",
                                           row->node, effect->before));
  }
}

}  // namespace aeromq::chaos
