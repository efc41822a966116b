#include "chaos/disk/tally.h"

#include <fmt/core.h>

#include "chaos/checker/report.h"

namespace aeromq::chaos::disk {

void Tally::count(const std::string& fault_class, bool fired) {
  const std::lock_guard lock(mutex_);
  ++classes_[fault_class].planned;
  if (!fired) return;
  ++classes_[fault_class].fired;
  ++fired_;
}

void Tally::add(const std::string& fault_class, const std::string& where,
                const Judgement& judgement) {
  const std::lock_guard lock(mutex_);
  auto& one = classes_[fault_class];
  for (const auto& [predicate, number] : judgement.evaluated) one.evaluated[predicate] += number;
  for (const auto& violation : judgement.violations) {
    if (one.violations[violation.predicate]++ < 3)
      fmt::print("VIOLATION {} ({}, {}): {}\n", violation.predicate, fault_class, where,
                 violation.what);
    if (first_ == 0) first_ = std::max(fired_, 1U);
  }
  std::fflush(stdout);
}

void Tally::skip(const std::string& why, unsigned number) {
  const std::lock_guard lock(mutex_);
  skipped_[why] += number;
}

unsigned Tally::fired() const {
  const std::lock_guard lock(mutex_);
  return fired_;
}

bool Tally::clean() const {
  const std::lock_guard lock(mutex_);
  return first_ == 0;
}

void Tally::print() const {
  const std::lock_guard lock(mutex_);
  struct Sums {
    std::uint64_t evaluated = 0;
    std::uint64_t violations = 0;
  };
  std::map<std::string, Sums> predicates;
  fmt::print("\n{:<50} {:>7} {:>6} {:>10} {:>10}\n", "fault class", "planned", "fired", "evaluated",
             "violations");
  for (const auto& [name, one] : classes_) {
    Sums sums;
    for (const auto& [predicate, number] : one.evaluated) {
      sums.evaluated += number;
      predicates[predicate].evaluated += number;
    }
    for (const auto& [predicate, number] : one.violations) {
      sums.violations += number;
      predicates[predicate].violations += number;
    }
    fmt::print("{:<50} {:>7} {:>6} {:>10} {:>10}\n", name, one.planned, one.fired, sums.evaluated,
               sums.violations);
  }
  fmt::print("\n{:<50} {:>25} {:>10}\n", "predicate", "evaluated", "violations");
  for (const auto& [predicate, sums] : predicates)
    fmt::print("{:<50} {:>25} {:>10}\n", predicate, sums.evaluated, sums.violations);
  for (const auto& [why, number] : skipped_) fmt::print("SKIPPED {}: {}\n", number, why);
  Report report{"disk", fired_, {}, {}, {}};
  for (const auto& [name, one] : classes_) report.faults[name] = one.fired;
  for (const auto& [predicate, sums] : predicates) {
    report.evaluated[predicate] = sums.evaluated;
    if (sums.violations > 0) report.violations[predicate] = sums.violations;
  }
  print_report(report);
}

Judgement judged(const std::string& predicate, bool holds, const std::string& what) {
  Judgement one;
  one.evaluated[predicate] = 1;
  if (!holds) one.violations.push_back({predicate, what, 0});
  return one;
}

}  // namespace aeromq::chaos::disk
