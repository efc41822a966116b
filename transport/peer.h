// The connecting end of a road: one DEALER socket = one connection = one incarnation. It never
// reconnects: when the connection ends, so does the Peer (zeromq: IMMEDIATE=1, RECONNECT_IVL=-1).
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "transport/frames.h"
#include "transport/keys.h"

namespace aeromq::transport {

struct PeerOptions {
  std::string endpoint;              ///< ipc://... or tcp://host:port
  std::optional<CurveClient> curve;  ///< required on tcp; clients always
  int connect_timeout_ms = 3000;     ///< the first connect may wait for a listener this long
  bool await_listener = true;        ///< false: if nobody listens now, that is the answer
  int heartbeat_ms = 500;            ///< ZMTP heartbeat; the connection dies after 3 of them
  int hwm = 1000;                    ///< messages queued each way; a burst above it ends the Peer
};

/// Not thread-safe: one thread owns a Peer.
class Peer {
 public:
  /// Connects and waits until the ZMTP handshake (CURVE and ZAP included) is done.
  /// Error NOT_REACHED: no listener in time, refused key (at once), no whole handshake.
  /// Error INVALID_INPUT, field `endpoint` or `key`: nothing was tried.
  static Result<Peer> connect(const PeerOptions& options);
  Peer(Peer&&) noexcept;
  Peer& operator=(Peer&&) noexcept;
  ~Peer();  ///< closes at once (LINGER 0)

  /// Queues one message, never blocks; the Peer counts `seq` and stamps `boot()`. False = not
  /// queued and the connection is of no more use. True says *queued*, nothing more.
  bool send(MessageType type, const RequestId& request, ByteView body);
  template <class T>
  bool send(const RequestId& request, const T& body) {
    return send(T::kType, request, encode(body));
  }

  /// The same, but a full socket is waited for, up to `patience_ms`: whoever sends so reads nothing
  /// new meanwhile, which holds back those who fill it. Only for an end whose other end never waits
  /// for this one.
  bool send_patiently(MessageType type, const RequestId& request, ByteView body, int patience_ms);

  /// The next message if one waits. Checks magic, header, and the peer's contiguous seq; a fault
  /// there ends the connection (alive() turns false). Takes the boot id from the first message.
  std::optional<Received> receive();

  /// Waits until a message, the end of the connection, or the time. Also returns when `extra_fd`
  /// (>= 0) is readable. Negative timeout = no limit. EINTR returns early.
  void wait(int timeout_ms, int extra_fd = -1);

  /// False once the connection has ended; messages already received can still be read.
  bool alive();
  const BootId& boot() const;
  /// A file descriptor that turns readable when wait() may have something (edge-triggered,
  /// ZMQ_FD): for shells that poll several sources; always drain receive() and alive() after it,
  /// and before sleeping on it also after a send(), which may have taken the edge.
  int fd() const;
  /// Lets queued messages leave for up to `ms` when the Peer closes, which then blocks as long
  /// (default 0).
  void set_linger_ms(int ms);

 private:
  struct Impl;
  explicit Peer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace aeromq::transport
