// A plain socket to one door: what is sent is what somebody wrote here, octet by octet.
#pragma once
#include <optional>

#include "chaos/hostile/arena.h"
#include "messages/bytes.h"

namespace aeromq::chaos::hostile {

class RawSocket {
 public:
  RawSocket() = default;
  RawSocket(RawSocket&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  RawSocket& operator=(RawSocket&& other) noexcept;
  ~RawSocket() { close(); }

  /// Connects from `source` (tcp only) within `timeout_ms`; nothing if nobody takes it.
  static std::optional<RawSocket> dial(const std::string& endpoint, const std::string& source,
                                       int timeout_ms);
  /// All of it, or false: the other end closed, or took nothing until `end`.
  bool send(ByteView octets, Clock::time_point end);
  /// Exactly so many octets; nothing if they do not come until `end`.
  std::optional<Bytes> receive(std::size_t count, Clock::time_point end);
  /// True once the other end has closed; reads away what it sent.
  bool ended();
  /// Closes with a reset instead of the usual goodbye.
  void reset();
  void close();

 private:
  explicit RawSocket(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace aeromq::chaos::hostile
