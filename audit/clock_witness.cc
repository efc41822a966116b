#include "audit/clock_witness.h"

namespace aeromq::audit {
namespace {

std::string duration_text(std::uint64_t ns) {
  constexpr std::uint64_t kMinute = 60;
  constexpr std::uint64_t kHour = 60 * kMinute;
  constexpr std::uint64_t kDay = 24 * kHour;
  const auto seconds = ns / (1000 * kNanosPerMs);
  const auto number = [](std::uint64_t value) { return std::to_string(value); };
  std::string text;
  if (seconds >= kDay) text += number(seconds / kDay) + " d ";
  if (seconds >= kHour) text += number(seconds % kDay / kHour) + " h ";
  if (seconds >= kMinute) text += number(seconds % kHour / kMinute) + " min ";
  return text + number(seconds % kMinute) + " s";
}

}  // namespace

std::optional<std::string> wall_clock_behind(std::uint64_t before_ns, std::uint64_t now_ns) {
  if (before_ns <= now_ns || before_ns - now_ns < kClockToleranceNs) return std::nullopt;
  return duration_text(before_ns - now_ns);
}

std::optional<std::string> ClockWitness::see(const Moment& now) {
  std::optional<std::string> found;
  if (now.boot_ns < boot_ns_)
    found = "the boot clock went back by " + duration_text(boot_ns_ - now.boot_ns);
  if (const auto back = wall_clock_behind(wall_ns_, now.wall_ns))
    found = "the wall clock went back by " + *back;
  wall_ns_ = now.wall_ns;
  boot_ns_ = now.boot_ns;
  return found;
}

}  // namespace aeromq::audit
