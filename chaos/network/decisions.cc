#include "chaos/network/decisions.h"

namespace aeromq::chaos::network {
namespace {

constexpr std::uint64_t kThousand = 1000;
constexpr std::uint64_t kQuiet = 4;  ///< one link in so many is left alone

// The finalizer of splitmix64.
std::uint64_t scramble(std::uint64_t value) {
  value ^= value >> 30;
  value *= 0xbf58476d1ce4e5b9ULL;
  value ^= value >> 27;
  value *= 0x94d049bb133111ebULL;
  return value ^ (value >> 31);
}

// The most that a run does of one class. What ends a whole connection is rarer than what spoils
// one message, so that runs get beyond their first steps.
constexpr std::array<std::uint16_t, kFaults> kMost{0, 16, 16, 16, 10, 10, 16, 6, 8, 4};

}  // namespace

std::uint64_t Choices::next() {
  state_ += 0x9e3779b97f4a7c15ULL;
  return scramble(state_);
}

std::uint64_t mix(std::uint64_t seed, std::string_view text, std::uint64_t number) {
  std::uint64_t value = scramble(seed + 0x9e3779b97f4a7c15ULL);
  for (const char letter : text) value = scramble(value ^ static_cast<unsigned char>(letter));
  return scramble(value + scramble(number + 1));
}

Plan make_plan(std::uint64_t seed) {
  Plan plan;
  plan.seed = seed;
  Choices choices(mix(seed, "plan", 0));
  for (std::size_t i = 1; i < kFaults; ++i) {
    const bool on = choices.below(2) == 0;
    const auto intensity = 1 + choices.below(kMost[i]);
    if (on) plan.per_mille[i] = static_cast<std::uint16_t>(intensity);
  }
  // A run without any fault would prove nothing.
  const auto always = 1 + choices.below(kFaults - 1);
  plan.per_mille[always] = kMost[always];
  return plan;
}

Decision decide(const Plan& plan, std::string_view link, Direction direction,
                std::uint64_t number) {
  if (mix(plan.seed, link, 0) % kQuiet == 0) return {};
  const auto name = std::string(link) + "/" + std::string(text_of(direction));
  const auto bits = mix(plan.seed, name, number);
  auto left = bits % kThousand;
  for (std::size_t i = 1; i < kFaults; ++i) {
    if (left < plan.per_mille[i]) return {static_cast<Fault>(i), scramble(bits)};
    left -= plan.per_mille[i];
  }
  return {};
}

}  // namespace aeromq::chaos::network
