// The dispatcher's end of the embedded kernel: one connection, one epoch. When it breaks it is dead
// for ever; it never opens again and never sends a call twice.
#pragma once
#include <deque>

#include "kernel/adapter.h"
#include "kernel/packet_socket.h"
#include "kernel/protocol.h"

namespace aeromq::kernel {

/// Not thread-safe: one thread owns it.
class EmbeddedLink {
 public:
  /// Connects and opens an epoch; waits up to `timeout_ms` for the kernel's word. Errors:
  /// KERNEL_UNAVAILABLE (nobody listens, no answer in time), or what the kernel says.
  static Result<EmbeddedLink> open(const std::string& socket, std::uint8_t dispatcher,
                                   int timeout_ms = 5000);
  /// Connects without opening: reads only; an act is refused STALE_EPOCH. For local tools.
  static Result<EmbeddedLink> look(const std::string& socket);

  const Opened& opened() const { return opened_; }
  int fd() const { return socket_.fd(); }
  bool send(const KernelCall& call);
  std::optional<KernelAnswer> receive();
  bool alive();

  /// For local tools: one question and its answer. Error KERNEL_LOST or KERNEL_UNAVAILABLE.
  Result<KernelAnswer> ask(const KernelCall& call, int timeout_ms = 5000);
  Result<Fenced> fence(const Fence& order, int timeout_ms = 5000);
  Result<Lowered> lower(const LowerAcknowledged& order, int timeout_ms = 5000);

 private:
  explicit EmbeddedLink(PacketSocket socket) : socket_(std::move(socket)) {}
  /// Waits for the next packet of `want`; Error: the kernel's own, or nothing came.
  Result<Bytes> wait_for(Tag want, int timeout_ms);
  void drain();

  PacketSocket socket_;
  Opened opened_;
  std::deque<Bytes> waiting_;
  bool dead_ = false;
};

static_assert(KernelAdapter<EmbeddedLink>);

}  // namespace aeromq::kernel
