// One proxied connection as the faults see it: whole messages in and out of both ends. Three kinds:
// a ZMTP stream (control road, or a client's CURVE stream from outside), the inside of a client's
// CURVE connection, and the packets between dispatcher and kernel.
#pragma once
#include <poll.h>

#include <memory>
#include <string>

#include "chaos/network/lane.h"
#include "client/settings.h"
#include "kernel/packet_socket.h"

namespace aeromq::chaos::network {

class Wire {
 public:
  virtual ~Wire() = default;
  virtual void watch(std::vector<pollfd>& fds) const = 0;
  /// The next message that an end has sent, if one waits.
  virtual std::optional<std::pair<Direction, Frames>> receive() = 0;
  virtual void send(Direction direction, const Frames& message) = 0;
  /// Nothing at all passes in this direction any more, transport's own heartbeats included.
  virtual void silence(Direction direction) = 0;
  /// True once either end has gone; closing the wire ends the other.
  virtual bool ended() = 0;
};

/// An open file descriptor of a stream or listening socket.
class Socket {
 public:
  Socket() = default;
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Socket();
  int fd() const { return fd_; }

  static Socket listen(const std::string& path);   ///< unix stream; throws std::runtime_error
  static Socket connect(const std::string& path);  ///< fd -1: nobody listens
  Socket accept() const;                           ///< fd -1: nobody waits

 private:
  int fd_ = -1;
};

std::unique_ptr<Wire> make_stream_wire(Socket near, Socket far);
std::unique_ptr<Wire> make_packet_wire(kernel::PacketSocket near, kernel::PacketSocket far);

/// Connects to the broker with the client's own keys and binds `endpoint` with the broker's key
/// pair for exactly one client. Empty: the broker was not reached.
std::unique_ptr<Wire> make_curve_wire(const client::ClientSettings& client,
                                      const std::string& broker_secret_key,
                                      const std::string& endpoint);

}  // namespace aeromq::chaos::network
