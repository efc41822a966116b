// The time as an argument: cores never read a clock, their host tells them the moment.
#pragma once
#include <cstdint>

namespace aeromq {

/// One reading of both clocks, taken by a host just before it steps a core.
struct Moment {
  std::uint64_t boot_ns = 0;  ///< CLOCK_BOOTTIME: deadlines. Counts through suspend, never steps.
  std::uint64_t wall_ns = 0;  ///< CLOCK_REALTIME since 1970: records only, never a deadline.
  friend bool operator==(const Moment&, const Moment&) = default;
};

constexpr std::uint64_t kNanosPerMs = 1'000'000;

/// `moment` moved by a number of milliseconds on both clocks.
constexpr Moment after_ms(Moment moment, std::uint64_t ms) {
  return {moment.boot_ns + ms * kNanosPerMs, moment.wall_ns + ms * kNanosPerMs};
}

}  // namespace aeromq
