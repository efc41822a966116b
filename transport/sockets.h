// What every socket of this folder shares: the option set, endpoint checks, the monitor, sending
// and receiving of whole messages. Internal: only .cc files of this folder include it, and the
// chaos harness where it stands at both ends of a connection. Functions here may throw
// zmq::error_t; the classes above turn it into a Result.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <vector>
#include <zmq.hpp>

#include "messages/envelope.h"
#include "messages/result.h"
#include "transport/keys.h"

namespace aeromq::transport::detail {

using Clock = std::chrono::steady_clock;

constexpr int kMaxFrame = 65536;  ///< MAXMSGSIZE, octets; libzmq counts it per frame
constexpr int kHandshakeMs = 2000;

/// A context that never blocks at its end on sockets that were closed with LINGER 0.
zmq::context_t make_context();

void set_option(zmq::socket_t& socket, int option, int value);
void set_option(zmq::socket_t& socket, int option, const std::string& value);
void set_max_frame(zmq::socket_t& socket, int octets);

/// Limits, heartbeat, LINGER 0, tcp liveness: the same at both ends.
void set_common(zmq::socket_t& socket, int heartbeat_ms, int hwm);
/// The binding end: ZAP domain, enforced, and the CURVE server key if there is one.
void set_server(zmq::socket_t& socket, const std::string& zap_domain,
                const std::optional<std::string>& secret_key);
void set_client(zmq::socket_t& socket, const CurveClient& curve);

/// Where an endpoint leads: a tcp endpoint with a name once for each of its addresses, any other
/// as it is. libzmq itself would ask for the name in the thread that serves all its sockets, would
/// take the first address alone, and binds no name at all. Error: the name is not resolved.
Result<std::vector<std::string>> places_of(const std::string& endpoint, int timeout_ms);

/// zmq_connect() to one place. Throws.
void connect_socket(zmq::socket_t& socket, const std::string& place);

/// Binds every place of the endpoint, after a check that an ipc path is absent or a dead socket:
/// libzmq would steal a live one and delete a regular file. Error INVALID_INPUT, field `endpoint`.
Result<void> bind_socket(zmq::socket_t& socket, const std::string& endpoint);

/// All events but one. libzmq 4.3.4 tells of a CURVE message that cannot be opened (forged,
/// doubled, spoiled on the way) before it acts on it, and the telling overwrites the errno that it
/// would act on: instead of closing, the connection falls silent, and when its other end goes, the
/// next heartbeat aborts the process. Without a listener for that event the connection just ends.
constexpr int kConnectorEvents = ZMQ_EVENT_ALL & ~ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL;

/// The events of one socket, read by the thread that owns the socket, which must outlive this.
class Monitor {
 public:
  Monitor(zmq::context_t& context, zmq::socket_t& socket, int events);
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;
  /// Stops the events first: libzmq's I/O thread would block for ever on an event with no reader.
  ~Monitor();
  std::optional<int> next();  ///< never blocks
  /// True if next() is worth a call: after woken(), else about once per millisecond. A look at a
  /// monitor that has nothing costs two system calls, on a busy road more than the message beside
  /// it.
  bool is_due();
  void woken() { woken_ = true; }  ///< after every sleep on the monitor
  void* handle() { return pair_.handle(); }
  int fd();

 private:
  zmq::socket_t& watched_;
  zmq::socket_t pair_;
  bool woken_ = true;
  Clock::time_point next_look_;
};

enum class Handshake { done, refused, no_listener, broken, silent };

/// What became of the first connection attempt, at `deadline` the latest.
Handshake await_handshake(Monitor& monitor, Clock::time_point deadline);

/// Milliseconds until `deadline`, never negative.
int left_ms(Clock::time_point deadline);
/// When the first of so many tries must end for each to have an equal part of the time.
Clock::time_point share_of(Clock::time_point deadline, std::size_t tries);

struct Part {
  const void* data;
  std::size_t size;
};

/// Sends all parts as one message, never blocks. Returns 0, or the errno of the FIRST part, of
/// which nothing was sent. Once the first part is taken the rest cannot be refused any more: a
/// connection that ends in between drops the message, so 0 says queued and nothing more.
int send_parts(zmq::socket_t& socket, std::span<const Part> parts);

/// Who sent a message, as libzmq knows it.
struct From {
  std::string user_id;
  int fd = -1;
};

/// One whole message or nothing, never blocks. Frames beyond `keep` are read and dropped one by
/// one. `from`, if asked for, is taken from frame `from_frame`: zmq_poll strips metadata from a
/// ROUTER's first frame (fixed in 4.3.5).
std::optional<std::vector<Bytes>> receive_parts(zmq::socket_t& socket, std::size_t keep,
                                                From* from = nullptr, std::size_t from_frame = 1);

/// Sleeps until a socket or `extra_fd` is readable or the time is over; EINTR returns early.
void wait_for(std::span<void* const> sockets, int timeout_ms, int extra_fd);

/// One socket, one thread: aborts in debug builds when a second thread uses the owner's socket.
class Owner {
 public:
  void check();

 private:
  std::thread::id thread_;
};

}  // namespace aeromq::transport::detail
