// The observer feed's reading end: a SUB socket that sees every event it has room for. Events can
// be lost, so they carry sequence numbers; it reconnects, since nothing here is ever executed.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "transport/peer.h"

namespace aeromq::transport {

/// Not thread-safe: one thread owns a Subscriber.
class Subscriber {
 public:
  /// Connects, waits for the handshake and asks for every event. Errors as of Peer::connect.
  static Result<Subscriber> connect(const PeerOptions& options);
  Subscriber(Subscriber&&) noexcept;
  Subscriber& operator=(Subscriber&&) noexcept;
  ~Subscriber();

  /// Asks for events whose first frame begins with `topic`, beside those it has anyway.
  void subscribe(const std::string& topic);
  /// The frames of the next event (at most kFrames + 1 are kept), if one waits.
  std::optional<std::vector<Bytes>> receive();
  /// Waits until an event, a change of the connection, or the time; `extra_fd` as in Peer::wait.
  void wait(int timeout_ms, int extra_fd = -1);
  /// False while there is no connection; it may come back.
  bool connected();
  /// The raw socket, as Listener::handle().
  void* handle() const;

 private:
  struct Impl;
  explicit Subscriber(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace aeromq::transport
