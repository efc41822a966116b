// What the dispatcher needs of a kernel, whichever one it is. One adapter = one connection = one
// epoch; it must never reconnect, retry or remember a call: broken is dead for ever.
#pragma once
#include <concepts>
#include <optional>

#include "messages/catalogue.h"
#include "messages/kernel_call.h"

namespace aeromq::kernel {

/// The promises behind the syntax, all of them checked by tests/kernel/conformance.h:
/// - opened(): the epoch that this connection alone holds. It is durable, and greater than every
///   epoch that this dispatcher id was ever given; acts of the older ones are refused from now on.
/// - send(): one call, handed over once, never blocks. False = the connection is of no more use;
///   whether the call was handled is then for outcome() to say.
/// - receive(): an answer that has come. Each call has at most one, with the call's id. Answers
///   to reads may overtake an act; one `act` is in flight at a time.
/// - alive(): false once the connection has ended, for good. Answers received before stay readable.
/// - fd(): turns readable when receive() or alive() may have news; -1 never.
template <class A>
concept KernelAdapter = requires(A adapter, const A& constant, const KernelCall& call) {
  { constant.opened() } -> std::convertible_to<const Opened&>;
  { constant.fd() } -> std::same_as<int>;
  { adapter.send(call) } -> std::same_as<bool>;
  { adapter.receive() } -> std::same_as<std::optional<KernelAnswer>>;
  { adapter.alive() } -> std::same_as<bool>;
};

}  // namespace aeromq::kernel
