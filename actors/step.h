// START HERE. Every actor is a pure function of (state, message, moment) to a Step, and one host
// (actors/runtime/host.h) carries Steps out in member order. Nothing in a core reads a clock, a
// file, a socket or a random source; a crash is "only the first k effects happened".
#pragma once
#include <concepts>
#include <optional>
#include <vector>

#include "messages/catalogue.h"
#include "messages/envelope.h"
#include "messages/kernel_call.h"
#include "messages/record.h"
#include "messages/time.h"

namespace aeromq {

/// What one message makes an actor do, as comparable data.
struct Step {
  std::vector<Record> records;  ///< audit writer only: durable BEFORE anything below (G1)
  std::vector<KernelCall> calls;  ///< dispatcher only: each made once; answers return as messages
  std::vector<Envelope> send;   ///< last; the route table knows each receiver
  friend bool operator==(const Step&, const Step&) = default;
};

/// Appends `more` to `step`, effect by effect.
inline void append(Step& step, Step more) {
  for (auto& record : more.records) step.records.push_back(std::move(record));
  for (auto& call : more.calls) step.calls.push_back(std::move(call));
  for (auto& envelope : more.send) step.send.push_back(std::move(envelope));
}

/// A core: `on` for every message type in `accepts()`, and the passing of time.
template <class A>
concept Actor = requires(A actor, const Envelope& envelope, const Moment& now) {
  { A::kRole } -> std::convertible_to<ActorRole>;
  { A::accepts() } -> std::convertible_to<std::span<const MessageType>>;
  { actor.on(envelope, now) } -> std::same_as<Step>;
  { actor.on_tick(now) } -> std::same_as<Step>;
};

}  // namespace aeromq
