// What a run of the disk rung did and found: faults that fired by class, promises judged, promises
// broken. Several lanes write it; it is printed once, as a table.
#pragma once
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "chaos/checker/checker.h"

namespace aeromq::chaos::disk {

class Tally {
 public:
  /// A fault of this class was planned; `fired`: it happened.
  void count(const std::string& fault_class, bool fired);
  /// `where` says which fault the judged history ended with.
  void add(const std::string& fault_class, const std::string& where, const Judgement& judgement);
  void skip(const std::string& why, unsigned number);
  unsigned fired() const;
  bool clean() const;
  /// How many faults had fired when the first promise was seen broken; 0 = none.
  unsigned first_violation() const { return first_; }
  void print() const;

 private:
  struct Class {
    unsigned planned = 0;
    unsigned fired = 0;
    std::map<std::string, std::uint64_t> evaluated;
    std::map<std::string, std::uint64_t> violations;
  };
  mutable std::mutex mutex_;
  std::map<std::string, Class> classes_;
  std::map<std::string, unsigned> skipped_;
  unsigned fired_ = 0;
  unsigned first_ = 0;
};

/// A judgement of one promise.
Judgement judged(const std::string& predicate, bool holds, const std::string& what);

}  // namespace aeromq::chaos::disk
