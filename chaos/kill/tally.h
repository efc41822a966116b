// The table at the end of a rung: per fault class how often, what was told, and what the judge
// evaluated.
#pragma once
#include <map>
#include <string>

#include "chaos/checker/coverage.h"

namespace aeromq::chaos {

class Tally {
 public:
  /// One drill of a fault class: whether the fault fired, and the exit code that was seen.
  void add(const std::string& fault_class, bool fired, int exit_code);
  /// Prints everything, for people and as a report of `rung`. `violations`: of the checker and of
  /// the rung itself.
  void print(const std::string& rung, const Coverage& coverage, std::size_t violations) const;
  unsigned fired() const;

 private:
  struct Row {
    unsigned drills = 0;
    unsigned fired = 0;
    std::map<int, unsigned> exits;
  };
  std::map<std::string, Row> rows_;
};

}  // namespace aeromq::chaos
