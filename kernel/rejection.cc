#include "kernel/rejection.h"

#include <algorithm>

namespace aeromq::kernel {
namespace {

std::vector<std::string> invariants_of(const Check& check) {
  if (check.code == "HISTORY_NOT_PREFIX") return {"P6-S2", "P6-S1"};
  return {check.invariant};
}

}  // namespace

Rejection facts_changed(std::string text) { return {"FACTS_CHANGED", std::move(text), {"P7-A2"}}; }

std::optional<Rejection> objection(const std::vector<Check>& checks,
                                   const std::vector<std::string>& overrides) {
  // What no acknowledgement could help comes first: it is the more telling reason.
  for (const auto& check : checks)
    if (!check.passes && !check.overridable)
      return Rejection{check.code, check.text, invariants_of(check)};
  for (const auto& check : checks)
    if (!check.passes && std::ranges::find(overrides, check.code) == overrides.end())
      return facts_changed(check.code + " fails now and was not acknowledged: " + check.text);
  return std::nullopt;
}

}  // namespace aeromq::kernel
