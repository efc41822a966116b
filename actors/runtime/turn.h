// One turn of an actor: the Steps of the messages that waited, carried out in member order. One
// sync makes all records durable, then everything that they permit leaves (G1). No socket, signal
// or clock in it: the host brings those, and the simulation brings its own.
#pragma once
#include <functional>

#include "actors/runtime/boundary.h"

namespace aeromq::runtime {

/// The handlers of one core, with its type erased.
struct CoreCalls {
  ActorRole role = ActorRole::gate;
  std::span<const MessageType> accepts;
  std::function<Step(const Envelope&, const Moment&)> on;
  std::function<Step(const Moment&)> on_tick;
  std::function<Step(const KernelAnswer&, const Moment&)> on_answer;  ///< dispatcher only
  std::function<Step(const Moment&)> on_boundary_lost;                ///< dispatcher only
};

template <Actor A>
CoreCalls calls_of(A& core) {
  CoreCalls calls;
  calls.role = A::kRole;
  calls.accepts = A::accepts();
  calls.on = [&core](const Envelope& envelope, const Moment& now) {
    return core.on(envelope, now);
  };
  calls.on_tick = [&core](const Moment& now) { return core.on_tick(now); };
  if constexpr (requires(const KernelAnswer& answer, const Moment& now) {
                  core.on_answer(answer, now);
                  core.on_kernel_lost(now);
                }) {
    calls.on_answer = [&core](const KernelAnswer& answer, const Moment& now) {
      return core.on_answer(answer, now);
    };
    calls.on_boundary_lost = [&core](const Moment& now) { return core.on_kernel_lost(now); };
  }
  return calls;
}

/// The names of every kill point of an actor: <role>.<message>.<received|decided|...|sent>.
std::vector<std::string> kill_point_names(ActorRole role, std::span<const MessageType> accepts);

enum class Carried : std::uint8_t {
  done,
  unsent,      ///< the connection has ended, or its other end reads no more: the process ends
  unrecorded,  ///< the log cannot be written: whoever waits was told, the process ends (G9)
};

class Turn {
 public:
  /// Queues one message to the broker; false = the connection is of no more use.
  using Send = std::function<bool(MessageType, const RequestId&, const Bytes&)>;

  /// `core` must outlive the turn.
  explicit Turn(const CoreCalls& core) : core_(core) {}

  /// Steps the core by one message. A type that the core does not accept changes nothing.
  void take(MessageType type, const RequestId& request, std::string principal, Bytes body,
            const Moment& now);
  void take(const KernelAnswer& answer, const Moment& now);
  void tick(const Moment& now);
  /// The kernel connection is gone.
  void boundary_lost(const Moment& now);

  bool empty() const { return items_.empty(); }
  std::size_t size() const { return items_.size(); }

  /// Carries everything out, once; the turn is empty afterwards.
  Carried carry_out(Boundary& boundary, const Send& send);

 private:
  struct Item {
    std::string point;  // kill point prefix
    Step step;
    RequestId request;
    MessageType type = MessageType::none;
    Bytes body;
  };
  void say_unrecorded(const std::vector<Item>& items, const Error& error, const Send& send) const;

  const CoreCalls& core_;
  std::vector<Item> items_;
};

}  // namespace aeromq::runtime
