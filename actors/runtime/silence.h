// Whether the broker has given this actor up without its hearing of it. The broker pings whoever it
// counts as alive; a goodbye can be lost with the queue that it stood in (a stopped actor's is
// full), so an actor that is pinged no more ends by itself, and its supervisor starts a new one.
#pragma once
#include <algorithm>

#include "messages/time.h"

namespace aeromq::runtime {

class Silence {
 public:
  /// Heartbeats that may be missed in a row,
  static constexpr std::uint64_t kMostMissed = 10;
  /// but no less time than this: a busy broker pings later than its settings say.
  static constexpr std::uint64_t kLeastMs = 2000;

  Silence(std::uint64_t heartbeat_ms, const Moment& now)
      : limit_ns_(std::max(heartbeat_ms * kMostMissed, kLeastMs) * kNanosPerMs),
        heard_ns_(now.boot_ns) {}

  std::uint64_t limit_ms() const { return limit_ns_ / kNanosPerMs; }
  void heard(const Moment& now) { heard_ns_ = now.boot_ns; }
  /// Judge only after everything that waits was read: time passes for a stopped process too.
  bool too_long(const Moment& now) const { return now.boot_ns > heard_ns_ + limit_ns_; }

 private:
  std::uint64_t limit_ns_;
  std::uint64_t heard_ns_;
};

}  // namespace aeromq::runtime
