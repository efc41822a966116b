// What one connection may say to the kernel, without its socket: a connection has at most one
// epoch, for its whole life, and one that has none can only read.
#pragma once
#include "kernel/register_kernel.h"

namespace aeromq::kernel {

class Conversation {
 public:
  /// `uid`: who is at the other end, as the socket says. `connection`: what the kernel is to name
  /// when it answers later.
  /// `pid`: for the log; 0: not known.
  explicit Conversation(unsigned uid, std::uint64_t connection = 0, int pid = 0)
      : uid_(uid), connection_(connection), pid_(pid) {}

  struct Reply {
    Bytes packet;                      ///< empty: there is nothing to send yet
    const char* sent_point = nullptr;  ///< the kill point behind its sending
  };
  /// Does what one packet asks, and says what to send back. After an error ended() is true.
  Reply take(RegisterKernel& kernel, ByteView packet);
  /// What to send for an answer, at once or later.
  Reply answered(const KernelAnswer& answer, const Act& act) const;
  bool ended() const { return ended_; }

 private:
  Reply open(RegisterKernel& kernel, ByteView body);
  Reply call(RegisterKernel& kernel, ByteView body);
  Reply fence(RegisterKernel& kernel, ByteView body);
  Reply lower(RegisterKernel& kernel, ByteView body);
  Reply end(const Error& error);

  unsigned uid_;
  std::uint64_t connection_;
  int pid_;
  Standing standing_;
  unsigned version_ = 1;  ///< what the other end understands
  bool ended_ = false;
};

}  // namespace aeromq::kernel
