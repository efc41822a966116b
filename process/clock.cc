#include "process/clock.h"

#include <time.h>

#include <cstdlib>

namespace aeromq::process {
namespace {

std::uint64_t read(clockid_t clock) {
  timespec time{};
  if (::clock_gettime(clock, &time) != 0) std::abort();
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(time.tv_nsec);
}

}  // namespace

Moment now() { return {read(CLOCK_BOOTTIME), read(CLOCK_REALTIME)}; }

}  // namespace aeromq::process
