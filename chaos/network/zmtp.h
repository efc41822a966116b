// ZMTP 3.x as a stream of octets, taken apart and put together again (RFC 23): what a proxy between
// two libzmq sockets needs to see whole messages. Pure. The greeting and commands (READY, PING,
// CURVE's handshake) pass as they are.
#pragma once
#include <deque>
#include <optional>
#include <variant>

#include "chaos/network/lane.h"

namespace aeromq::chaos::network {

/// Octets that pass untouched, or one message.
using ZmtpUnit = std::variant<Bytes, Frames>;

class ZmtpReader {
 public:
  void feed(ByteView octets);
  /// The next whole unit, if one is there.
  std::optional<ZmtpUnit> next();
  /// A frame longer than anything of ours: the stream cannot be followed any more.
  bool broken() const { return broken_; }

 private:
  std::optional<Bytes> take(std::size_t count);
  Bytes waiting_;
  std::size_t at_ = 0;
  std::size_t greeting_left_ = 64;
  Frames frames_;
  bool broken_ = false;
};

/// The octets of one message.
Bytes zmtp_message(const Frames& frames);

}  // namespace aeromq::chaos::network
