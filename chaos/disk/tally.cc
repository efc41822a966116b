#include "chaos/disk/tally.h"

#include <fmt/core.h>

namespace aeromq::chaos {

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
  fmt::print("\n{:<46} {:>7} {:>6}  {:<10} {:>9} {:>10}\n", "fault class", "planned", "fired",
             "predicate", "evaluated", "violations");
  for (const auto& [name, one] : classes_) {
    auto head = fmt::format("{:<46} {:>7} {:>6}", name, one.planned, one.fired);
    for (const auto& [predicate, number] : one.evaluated) {
      const auto at = one.violations.find(predicate);
      if (number == 0 && at == one.violations.end()) continue;
      fmt::print("{:<61}  {:<10} {:>9} {:>10}\n", head, predicate, number,
                 at == one.violations.end() ? 0 : at->second);
      head.clear();
    }
    if (!head.empty()) fmt::print("{}\n", head);
  }
  for (const auto& [why, number] : skipped_) fmt::print("SKIPPED {}: {}\n", number, why);
}

Judgement judged(const std::string& predicate, bool holds, const std::string& what) {
  Judgement one;
  one.evaluated[predicate] = 1;
  if (!holds) one.violations.push_back({predicate, what, 0});
  return one;
}

}  // namespace aeromq::chaos
