// Which actor of each role lives, by connection and incarnation. A living actor is never replaced.
#pragma once
#include <deque>
#include <map>
#include <optional>

#include "broker/effects.h"
#include "messages/time.h"

namespace aeromq::broker {

struct LiveActor {
  ActorRole role = ActorRole::broker;
  std::string connection;
  std::string name;
  Incarnation incarnation;
  std::uint64_t pid = 0;
  Moment since;
  Moment heard;
  std::uint64_t seq_in = 0;
  std::uint64_t seq_out = 0;
};

/// The roles that an actor can have; each lives at most once.
inline constexpr std::array kActorRoles{ActorRole::gate,   ActorRole::explainer,  ActorRole::keeper,
                                 ActorRole::writer, ActorRole::dispatcher, ActorRole::reader};

/// For logs and records: the role and the first octets of the incarnation.
std::string name_of_actor(const LiveActor& actor);

/// What the open dispatcher told: sessions can name it until it is lost.
struct OpenKernel {
  Opened opened;
  Moment at;
  /// The kernel's clock now, as far as the broker can tell; the kernel alone judges leases.
  std::uint64_t kernel_ms(const Moment& now) const {
    return opened.kernel_ms + (now.boot_ns - at.boot_ns) / kNanosPerMs;
  }
};

class Registry {
 public:
  LiveActor* find(ActorRole role);
  const LiveActor* find(ActorRole role) const;
  LiveActor* find_by_connection(const std::string& connection);
  /// False: an actor of this role lives, the newcomer is refused. Both directions of the connection
  /// are numbered from a base that no other has, so that a message of an earlier one never fits.
  bool join(LiveActor actor);
  void remove(ActorRole role);
  /// Was this the connection of an actor that is lost? It never joins again.
  bool was_lost(const std::string& connection) const;
  const std::map<ActorRole, LiveActor>& all() const { return actors_; }

  std::optional<OpenKernel> kernel;  ///< set while a dispatcher is open

 private:
  static constexpr std::size_t kMaxLost = 256;  // connections end soon after: their actors exit
  std::map<ActorRole, LiveActor> actors_;
  std::uint64_t joins_ = 0;
  std::deque<std::string> lost_;  // connections, newest last
};

}  // namespace aeromq::broker
