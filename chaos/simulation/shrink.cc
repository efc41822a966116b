#include "chaos/simulation/shrink.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace aeromq::chaos {
namespace {

std::vector<std::string> all_parts(const Plan& plan) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < plan.faults.size(); ++i) parts.push_back(fmt::format("f{}", i));
  for (std::size_t i = 0; i < plan.talks.size(); ++i) parts.push_back(fmt::format("t{}", i));
  return parts;
}

std::string joined(const std::vector<std::string>& parts) {
  return fmt::format("{}", fmt::join(parts, ","));
}

}  // namespace

std::string shrink(Simulator& simulator, const Plan& plan, const std::string& predicate) {
  auto parts = all_parts(plan);
  const auto fails = [&](const std::vector<std::string>& some) {
    const auto smaller = keep(plan, joined(some));
    return smaller && std::ranges::any_of(simulator.run(*smaller).judgement.violations,
                                          [&](const Violation& violation) {
                                            return violation.predicate == predicate;
                                          });
  };
  for (bool smaller = true; smaller;) {
    smaller = false;
    for (std::size_t i = 0; i < parts.size();) {
      auto without = parts;
      without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
      if (fails(without)) {
        parts = std::move(without);
        smaller = true;
      } else {
        ++i;
      }
    }
  }
  return joined(parts);
}

}  // namespace aeromq::chaos
