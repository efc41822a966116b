// Vacuity: a promise that was never put to the test, a fault that never fired and a point that was
// never reached prove nothing. What many histories covered, added up (predicates V-*).
#pragma once
#include "chaos/checker/checker.h"

namespace aeromq::chaos {

struct Coverage {
  std::uint64_t histories = 0;
  std::map<std::string, std::uint64_t> evaluated;  ///< by predicate
  std::map<std::string, std::uint64_t> faults;     ///< fired, by what
  std::map<std::string, std::uint64_t> points;     ///< passed, by name
  std::uint64_t executed = 0;                      ///< requests, by their end
  std::uint64_t rejected = 0;
  std::uint64_t not_executed = 0;

  void add(const History& history, const Judgement& judgement);
  void add(const Coverage& other);
};

/// What a rung says that it reaches.
struct Expected {
  std::vector<std::string> predicates;  ///< all of them if empty
  std::vector<std::string> faults;
  std::vector<std::string> points;
};

/// What never occurred, each as "V-<what>: <name>". Empty: nothing was vacuous.
std::vector<std::string> vacuous(const Coverage& coverage, const Expected& expected);

}  // namespace aeromq::chaos
