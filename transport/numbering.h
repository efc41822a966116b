// The numbers of one end of one connection: what the next message out is called, and whether a
// message in may be the next. A gap, a repeat or another run's boot id ends the connection, so
// nothing that was lost, doubled or replayed on the way is ever read. Pure.
#pragma once
#include "messages/envelope.h"

namespace aeromq::transport {

class Numbering {
 public:
  /// The header of the next message out. It counts only once sent() says that it was queued.
  Header next(MessageType type, const RequestId& request) const {
    return {type, boot_, sent_ + 1, request, {}};
  }
  void sent() { ++sent_; }

  /// True if `header` is exactly the next message of the same run of the other end; the first one
  /// sets the number that both ends go on from. After the first false nothing is accepted any more.
  bool accept(const Header& header);
  /// What came was no message at all.
  void end() { faulty_ = true; }

  /// The other end's run, from its first message; zeros before.
  const BootId& boot() const { return boot_; }

 private:
  BootId boot_;
  bool has_boot_ = false;
  bool faulty_ = false;
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
};

}  // namespace aeromq::transport
