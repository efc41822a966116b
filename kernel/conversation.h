// What one connection may say to the kernel, without its socket: a connection has at most one
// epoch, for its whole life, and one that has none can only read.
#pragma once
#include "kernel/embedded.h"

namespace aeromq::kernel {

class Conversation {
 public:
  /// `uid`: who is at the other end, as the socket says.
  explicit Conversation(unsigned uid) : uid_(uid) {}

  struct Reply {
    Bytes packet;
    const char* sent_point = nullptr;  ///< the kill point behind its sending
  };
  /// Does what one packet asks, and says what to send back. After an error ended() is true.
  Reply take(Embedded& kernel, ByteView packet);
  bool ended() const { return ended_; }

 private:
  Reply open(Embedded& kernel, ByteView body);
  Reply call(Embedded& kernel, ByteView body);
  Reply fence(Embedded& kernel, ByteView body);
  Reply end(const Error& error);

  unsigned uid_;
  Standing standing_;
  bool ended_ = false;
};

}  // namespace aeromq::kernel
