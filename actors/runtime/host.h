// Carries out the Steps of one core: socket in, effects in member order, socket out. One process =
// one connection = one incarnation: when the broker's connection ends, so does the process.
#pragma once
#include <functional>
#include <string>

#include "actors/runtime/boundary.h"
#include "transport/peer.h"

namespace aeromq::runtime {

struct HostOptions {
  ActorRole role = ActorRole::gate;
  std::string broker;  ///< the broker's control endpoint
  std::string build;
};

/// The handlers of one core, with its type erased.
struct CoreCalls {
  std::span<const MessageType> accepts;
  std::function<Step(const Envelope&, const Moment&)> on;
  std::function<Step(const Moment&)> on_tick;
  std::function<Step(const KernelAnswer&, const Moment&)> on_answer;  ///< dispatcher only
  std::function<Step(const Moment&)> on_boundary_lost;                ///< dispatcher only
};

template <Actor A>
CoreCalls calls_of(A& core) {
  CoreCalls calls;
  calls.accepts = A::accepts();
  calls.on = [&core](const Envelope& envelope, const Moment& now) { return core.on(envelope, now); };
  calls.on_tick = [&core](const Moment& now) { return core.on_tick(now); };
  if constexpr (requires(const KernelAnswer& answer, const Moment& now) {
                  core.on_answer(answer, now);
                  core.on_kernel_lost(now);
                }) {
    calls.on_answer = [&core](const KernelAnswer& a, const Moment& now) { return core.on_answer(a, now); };
    calls.on_boundary_lost = [&core](const Moment& now) { return core.on_kernel_lost(now); };
  }
  return calls;
}

/// The names of every kill point of an actor: <role>.<message>.<received|decided|...|sent>.
std::vector<std::string> kill_point_names(ActorRole role, std::span<const MessageType> accepts);

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
  struct Item {
    std::string point;  // kill point prefix
    Step step;
    RequestId request;
    MessageType type = MessageType::none;
    std::string principal;
    Bytes body;
  };
  Host(HostOptions options, transport::Peer peer);
  bool take_message(const CoreCalls& core, transport::Received received, std::vector<Item>& batch);
  bool carry_out(std::vector<Item>& batch, Boundary& boundary);
  void say_unrecorded(const std::vector<Item>& batch, const Error& error);

  HostOptions options_;
  transport::Peer peer_;
  bool goodbye_ = false;
  bool poisoned_ = false;
};

}  // namespace aeromq::runtime
