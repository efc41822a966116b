// One direction of one proxied connection, as a pure state machine: messages in, messages out, and
// what happened to them. It knows no socket and reads no clock.
#pragma once
#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "chaos/network/decisions.h"
#include "messages/bytes.h"

namespace aeromq::chaos::network {

/// One message of whatever link: its frames.
using Frames = std::vector<Bytes>;

/// What the faults of this link may do to octets. Where real networks cannot alter a message
/// unnoticed (inside CURVE, on a unix socket), only what its form shows is spoiled.
enum class Spoil : std::uint8_t { envelope, anything };

/// What one link keeps from connection to connection of the same peer.
struct LinkMemory {
  std::string name;
  std::uint64_t seen[2] = {0, 0};  ///< messages decided about, by direction
  std::deque<Frames> earlier[2];   ///< of earlier incarnations, bounded
  std::deque<Frames> current[2];   ///< of the living one
  unsigned flaps = 0;              ///< connections that still have to end early
  void new_incarnation();
  /// The fate of the next message in `direction`. Heartbeats are many and all alike, so that they
  /// are counted by themselves and only one in sixteen meets the plan.
  Decision next(const Plan& plan, Direction direction, bool heartbeat);

 private:
  std::uint64_t heartbeats_[2] = {0, 0};
};

/// What to do now.
struct Outcome {
  std::vector<Frames> deliver;  ///< in this order
  Fault fired = Fault::none;    ///< it happened, not: it was planned
  bool end = false;             ///< the connection ends, after `deliver`
};

class Lane {
 public:
  Lane(Direction direction, Spoil spoil) : direction_(direction), spoil_(spoil) {}

  /// One message came, and this is decided about it.
  Outcome take(const Decision& decision, LinkMemory& memory, Frames message, std::uint64_t now_ms);
  /// What was held long enough, or the end of a half-open connection.
  Outcome release(std::uint64_t now_ms);
  /// No more faults: all that is held leaves now, and a half-open connection ends.
  Outcome heal();
  /// When release() has something to do, if ever.
  std::optional<std::uint64_t> due_ms() const;
  bool silent() const { return silent_until_.has_value(); }

 private:
  struct Held {
    Frames message;
    std::uint64_t after = 0;  ///< so many later ones overtake it
    std::uint64_t until_ms = 0;
  };
  void pass(Frames message, Outcome& out);
  void spoil(Frames& message, const Decision& decision, Outcome& out) const;

  Direction direction_;
  Spoil spoil_;
  std::deque<Held> held_;
  std::optional<std::uint64_t> silent_until_;
};

}  // namespace aeromq::chaos::network
