// The binding end: a ROUTER socket, bound only by the broker (and, for its nodes, by a kernel).
// Nothing is ever queued for a connection that is gone: sending to it says so.
#pragma once
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "messages/envelope.h"
#include "transport/keys.h"

namespace aeromq::transport {

/// One accepted connection; never reused within a run (the routing id libzmq made).
using Connection = std::string;

struct Incoming {
  Connection connection;
  std::string user_id;        ///< ZAP User-Id, from the authenticated key or uid; empty = drop
  std::vector<Bytes> frames;  ///< without the routing id; at most kFrames + 1 are kept
  int fd = -1;  ///< of the connection; it may have ended, and its number be another's by now
};

enum class Sent {
  queued,
  unreachable,  ///< the connection is gone; nothing was sent
  full,         ///< the peer does not read; nothing was sent
};

struct ListenerOptions {
  std::string zap_domain;                 ///< names the rules of Zap; never empty
  std::optional<std::string> secret_key;  ///< CURVE server; required on tcp
  int heartbeat_ms = 500;
  int hwm = 1000;         ///< per connection, both directions
  int max_frame = 65536;  ///< octets; a connection that sends a longer one ends
};

class Context;  // the process's zmq context with its ZAP handler (zap.h)

/// Not thread-safe: one thread owns a Listener.
class Listener {
 public:
  /// Error INVALID_INPUT: bad endpoint, ipc path too long (107), tcp without CURVE, address in use.
  static Result<Listener> bind(Context& context, const std::string& endpoint,
                               const ListenerOptions& options);
  Listener(Listener&&) noexcept;
  Listener& operator=(Listener&&) noexcept;
  ~Listener();

  std::optional<Incoming> receive();  ///< never blocks
  Sent send(const Connection& connection, const std::vector<Bytes>& frames);
  /// True if a connection ended since the last call (socket monitor): a hint to probe, no proof.
  bool saw_disconnect();
  /// The raw socket for zmq::poll, as zmq::socket_ref would take it, and the monitor's.
  void* handle() const;
  void* monitor_handle() const;

 private:
  friend void wait_any(std::span<Listener* const> listeners, int timeout_ms, int extra_fd);
  struct Impl;
  explicit Listener(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Sleeps until one of at most 7 `listeners` has a message or lost a connection, `extra_fd` (>= 0)
/// is readable, or the time is over. Negative timeout = no limit. EINTR returns early.
void wait_any(std::span<Listener* const> listeners, int timeout_ms, int extra_fd = -1);

}  // namespace aeromq::transport
