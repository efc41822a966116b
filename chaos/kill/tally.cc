#include "chaos/kill/tally.h"

#include <fmt/core.h>

#include "chaos/checker/report.h"

namespace aeromq::chaos {

void Tally::add(const std::string& fault_class, bool fired, int exit_code) {
  auto& row = rows_[fault_class];
  ++row.drills;
  ++row.exits[exit_code];
  if (fired) ++row.fired;
}

unsigned Tally::fired() const {
  unsigned sum = 0;
  for (const auto& [name, row] : rows_) sum += row.fired;
  return sum;
}

void Tally::print(const std::string& rung, const Coverage& coverage, std::size_t violations) const {
  fmt::print("\n{:<46} {:>6} {:>6}  exit codes (count)\n", "fault class", "drills", "fired");
  for (const auto& [name, row] : rows_) {
    std::string exits;
    for (const auto& [code, count] : row.exits) exits += fmt::format(" {}({})", code, count);
    fmt::print("{:<46} {:>6} {:>6} {}\n", name, row.drills, row.fired, exits);
  }
  fmt::print("\n{:<12} {:>10}\n", "predicate", "evaluated");
  for (const auto& [predicate, count] : coverage.evaluated)
    fmt::print("{:<12} {:>10}\n", predicate, count);
  fmt::print(
      "\nhistories {}, faults fired {}, requests executed {}, rejected {}, not executed {}; "
      "violations {}\n",
      coverage.histories, fired(), coverage.executed, coverage.rejected, coverage.not_executed,
      violations);
  Report report{rung, 0, {}, coverage.evaluated, {}};
  for (const auto& [name, row] : rows_) {
    report.runs += row.drills;
    report.faults[name] = row.fired;
  }
  if (violations > 0) report.violations["in all"] = violations;
  print_report(report);
  std::fflush(stdout);
}

}  // namespace aeromq::chaos
