#include "broker/allowances.h"

#include <algorithm>
#include <array>

namespace aeromq::broker {
namespace {

constexpr std::uint64_t kSecondNs = 1000 * kNanosPerMs;
constexpr std::size_t kMostTold = 64;  // Status::limits_met

constexpr std::array<std::string_view, 11> kNames{"looks",
                                                  "changes",
                                                  "refusals recorded one by one",
                                                  "status",
                                                  "sessions",
                                                  "renewals of a session that is good",
                                                  "connections",
                                                  "open requests",
                                                  "open audit queries",
                                                  "pending confirmations",
                                                  "refusals of one connection"};

}  // namespace

std::string_view name_of(Limit limit) { return kNames[static_cast<std::size_t>(limit)]; }

std::uint64_t Bucket::take(const Rate& rate, const Moment& now) {
  if (!begun_) {
    begun_ = true;
    left_ = rate.at_once;
    second_ns_ = now.boot_ns;
  }
  const auto seconds = (now.boot_ns - second_ns_) / kSecondNs;
  second_ns_ += seconds * kSecondNs;
  left_ = std::min(rate.at_once, left_ + seconds * rate.per_second);
  if (left_ > 0) {
    --left_;
    return 0;
  }
  return (second_ns_ + kSecondNs - now.boot_ns) / kNanosPerMs + 1;
}

const Rate& Allowances::rate_of(Limit limit) const {
  switch (limit) {
    case Limit::looks:
      return limits_.looks;
    case Limit::changes:
      return limits_.changes;
    case Limit::status:
      return limits_.status;
    case Limit::sessions:
      return limits_.sessions;
    default:
      return limits_.refusals;
  }
}

std::optional<Error> Allowances::take(Limit limit, const std::string& principal,
                                      const Moment& now) {
  const auto& rate = rate_of(limit);
  auto& state = states_[{principal, limit}];
  const auto wait_ms = state.bucket.take(rate, now);
  if (wait_ms == 0) return std::nullopt;
  note(limit, principal, now);
  return make_error(ErrorCode::busy, std::string(name_of(limit)) + " of " + principal + ": " +
                                         std::to_string(rate.at_once) + " at once and " +
                                         std::to_string(rate.per_second) +
                                         " a second are taken, the next in " +
                                         std::to_string(wait_ms) + " ms");
}

void Allowances::note(Limit limit, const std::string& principal, const Moment& now) {
  auto& state = states_[{principal, limit}];
  ++state.refused;
  state.last_boot_ns = now.boot_ns;
}

std::vector<LimitMet> Allowances::met(const Moment& now) const {
  std::vector<LimitMet> all;
  for (const auto& [key, state] : states_)
    if (state.refused > 0)
      all.push_back({key.first, std::string(name_of(key.second)), state.refused,
                     (now.boot_ns - state.last_boot_ns) / kNanosPerMs});
  std::ranges::stable_sort(all, {}, &LimitMet::ago_ms);
  if (all.size() > kMostTold) all.resize(kMostTold);
  return all;
}

}  // namespace aeromq::broker
