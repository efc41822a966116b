// One slice of load, its measurement, and the line protocol by which bench/run asks for slices:
// `KIND OUTSTANDING MILLISECONDS` comes on standard input, one JSON object goes out per line. The
// programs differ only in what they load; none of them judges a number.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace aeromq::bench {

using Clock = std::chrono::steady_clock;

struct Slice {
  std::string kind;     ///< "disk", "read" or "mutation"
  int outstanding = 1;  ///< closed loop: so many requests are under way at any time
  std::chrono::milliseconds duration{0};
};

/// What came of a slice. Every request that was begun in it has ended, so CPU and syncs that are
/// counted around the slice belong to `ops()` requests.
class Measured {
 public:
  Measured() : start_(Clock::now()) {}
  /// A request that began at `begin` ended now, as it should; `verdict` is counted by its text.
  void add(Clock::time_point begin, const std::string& verdict = {});
  /// A request ended otherwise; `why` is counted by its text.
  void add_odd(const std::string& why) { ++odd_[why]; }
  /// The slice is over; nothing is outstanding.
  void finish() { end_ = Clock::now(); }

  std::uint64_t ops() const { return latency_ns_.size(); }
  std::string to_json(const Slice& slice) const;

 private:
  Clock::time_point start_;
  Clock::time_point end_{};
  std::vector<std::uint64_t> latency_ns_;
  std::map<std::string, std::uint64_t> verdicts_;
  std::map<std::string, std::uint64_t> odd_;
};

/// Says that it is ready, then answers slices until standard input ends. Returns the exit code.
int serve(const std::function<Measured(const Slice&)>& load);

}  // namespace aeromq::bench
