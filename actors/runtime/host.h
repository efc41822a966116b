// Carries out the Steps of one core: socket in, effects in member order, socket out. One process =
// one connection = one incarnation: when the broker's connection ends, so does the process.
#pragma once
#include <string>

#include "actors/runtime/silence.h"
#include "actors/runtime/turn.h"
#include "transport/peer.h"

namespace aeromq::runtime {

struct HostOptions {
  ActorRole role = ActorRole::gate;
  std::string broker;  ///< the broker's control endpoint
  std::string build;
};

/// A joined actor: HELLO said and WELCOME heard.
class Host {
 public:
  /// Error: not reached, or the broker refused (an actor of this role lives: NAME_TAKEN).
  static Result<Host> join(const HostOptions& options);

  /// Sends a link message (the dispatcher's `opened`).
  template <class T>
  bool say(const T& message) {
    return peer_.send(RequestId{}, message);
  }

  /// The broker's run that this actor joined.
  const BootId& boot() const { return peer_.boot(); }

  /// Runs until the connection, the boundary or a signal ends it. Returns the exit code.
  int run(const CoreCalls& core, Boundary& boundary);

 private:
  Host(transport::Peer peer, std::uint64_t heartbeat_ms)
      : peer_(std::move(peer)), heartbeat_ms_(heartbeat_ms) {}
  /// How long a full socket is waited for.
  int patience_ms() const;
  bool take_message(transport::Received received, Turn& turn);

  transport::Peer peer_;
  std::uint64_t heartbeat_ms_;
  bool goodbye_ = false;
};

}  // namespace aeromq::runtime
