// Whether the clocks that stand in a log went back. Times order nothing in it, but people read
// them. Pure.
#pragma once
#include <optional>
#include <string>

#include "messages/time.h"

namespace aeromq::audit {

/// Less than this is a clock that is being corrected.
constexpr std::uint64_t kClockToleranceNs = 1'000'000'000;

/// How far the wall clock stands behind `before_ns`, in words ("3 d 0 h 0 min 2 s"); nothing if it
/// does not, by more than the tolerance.
std::optional<std::string> wall_clock_behind(std::uint64_t before_ns, std::uint64_t now_ns);

/// Looks at the moments of a log in order.
class ClockWitness {
 public:
  /// What went back before `now`, in words; nothing, as a rule.
  std::optional<std::string> see(const Moment& now);
  /// The machine may have been started again: its boot clock may begin anew.
  void run_begins() { boot_ns_ = 0; }

 private:
  std::uint64_t wall_ns_ = 0;
  std::uint64_t boot_ns_ = 0;
};

}  // namespace aeromq::audit
