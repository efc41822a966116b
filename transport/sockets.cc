#include "transport/sockets.h"

#include <net/if.h>
#include <poll.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "transport/endpoint.h"
#include "transport/host.h"
#include "transport/resolver.h"

namespace aeromq::transport::detail {
namespace {

// ZMQ_ZAP_ENFORCE_DOMAIN: a draft define that Debian's zmq.h hides and its libzmq accepts.
constexpr int kZapEnforceDomain = 93;
constexpr int kTcpMaxRetransmitMs = 3000;
constexpr int kBacklog = 1024;      ///< of connections that nobody has accepted yet
constexpr int kSendBuffer = 65536;  ///< small: what the system buffers outlives a stopped reader
constexpr std::size_t kMostPolled = 16;
constexpr int kResolveMs = 5000;  ///< for a name to be bound, which is done once, at a start

Error bad_endpoint(std::string what) {
  return make_error(ErrorCode::invalid_input, std::move(what), "endpoint");
}

/// With the option a socket takes IPv6 places, and without it IPv4 ones as ever.
void allow_ipv6(zmq::socket_t& socket, const std::string& place) {
  set_option(socket, ZMQ_IPV6, place.starts_with("tcp://[") ? 1 : 0);
}

/// One of a socket's integer options; nothing once its context has ended.
std::optional<int> option_of(void* socket, int option) {
  int value = 0;
  std::size_t size = sizeof value;
  if (zmq_getsockopt(socket, option, &value, &size) != 0) return std::nullopt;
  return value;
}

/// True if a message waits, or if the socket cannot say any more: then its reader must look.
bool is_readable(void* socket) {
  const auto events = option_of(socket, ZMQ_EVENTS);
  return !events || (*events & ZMQ_POLLIN) != 0;
}

}  // namespace

zmq::context_t make_context() {
  zmq::context_t context;
  context.set(zmq::ctxopt::blocky, false);
  return context;
}

void set_option(zmq::socket_t& socket, int option, int value) {
  if (zmq_setsockopt(socket.handle(), option, &value, sizeof value) != 0) throw zmq::error_t();
}

void set_option(zmq::socket_t& socket, int option, const std::string& value) {
  if (zmq_setsockopt(socket.handle(), option, value.data(), value.size()) != 0)
    throw zmq::error_t();
}

void set_max_frame(zmq::socket_t& socket, int octets) {
  const std::int64_t value = octets;
  if (zmq_setsockopt(socket.handle(), ZMQ_MAXMSGSIZE, &value, sizeof value) != 0)
    throw zmq::error_t();
}

void set_common(zmq::socket_t& socket, int heartbeat_ms, int hwm) {
  set_max_frame(socket, kMaxFrame);
  set_option(socket, ZMQ_LINGER, 0);
  set_option(socket, ZMQ_SNDHWM, hwm);
  set_option(socket, ZMQ_RCVHWM, hwm);
  set_option(socket, ZMQ_SNDBUF, kSendBuffer);
  set_option(socket, ZMQ_HANDSHAKE_IVL, kHandshakeMs);
  set_option(socket, ZMQ_HEARTBEAT_IVL, heartbeat_ms);
  set_option(socket, ZMQ_HEARTBEAT_TIMEOUT, 3 * heartbeat_ms);
  set_option(socket, ZMQ_HEARTBEAT_TTL, 3 * heartbeat_ms);
  set_option(socket, ZMQ_TCP_MAXRT, kTcpMaxRetransmitMs);
  set_option(socket, ZMQ_TCP_KEEPALIVE, 1);
}

void set_server(zmq::socket_t& socket, const std::string& zap_domain,
                const std::optional<std::string>& secret_key) {
  set_option(socket, ZMQ_ZAP_DOMAIN, zap_domain);
  set_option(socket, kZapEnforceDomain, 1);
  set_option(socket, ZMQ_BACKLOG, kBacklog);
  if (!secret_key) return;
  set_option(socket, ZMQ_CURVE_SERVER, 1);
  set_option(socket, ZMQ_CURVE_SECRETKEY, *secret_key);
}

void set_client(zmq::socket_t& socket, const CurveClient& curve) {
  set_option(socket, ZMQ_CURVE_SERVERKEY, curve.server_key);
  set_option(socket, ZMQ_CURVE_PUBLICKEY, curve.own.public_key);
  set_option(socket, ZMQ_CURVE_SECRETKEY, curve.own.secret_key);
}

Result<std::vector<std::string>> places_of(const std::string& endpoint, int timeout_ms) {
  std::vector<std::string> places{endpoint};
  if (!endpoint.starts_with(kTcp)) return places;
  const auto parts = split_host_port(std::string_view(endpoint).substr(kTcp.size()));
  if (!parts || parts->host == "*" || is_address(parts->host)) return places;
  if (::if_nametoindex(parts->host.c_str()) != 0) return places;  // may be bound as such
  const auto addresses = resolve(parts->host, timeout_ms);
  if (!addresses) return fail(addresses.error());
  places.clear();
  for (const auto& address : *addresses)
    places.push_back("tcp://" + (is_ipv6(address) ? "[" + address + "]" : address) + ":" +
                     parts->port);
  return places;
}

void connect_socket(zmq::socket_t& socket, const std::string& place) {
  allow_ipv6(socket, place);
  if (zmq_connect(socket.handle(), place.c_str()) != 0) throw zmq::error_t();
}

Result<void> bind_socket(zmq::socket_t& socket, const std::string& endpoint) {
  if (endpoint.starts_with(kIpc))
    if (auto free = check_free(endpoint); !free) return free;
  auto places = places_of(endpoint, kResolveMs);
  if (!places) return fail(bad_endpoint(places.error().message));
  for (const auto& place : *places) {
    allow_ipv6(socket, place);
    if (zmq_bind(socket.handle(), place.c_str()) == 0) continue;
    const int error = zmq_errno();
    if (error == EADDRINUSE) return fail(bad_endpoint("the address is in use: " + endpoint));
    return fail(bad_endpoint("cannot bind " + place + ": " + zmq_strerror(error)));
  }
  return {};
}

Monitor::Monitor(zmq::context_t& context, zmq::socket_t& socket, int events)
    : watched_(socket), pair_(context, zmq::socket_type::pair) {
  // Unique while the socket lives. RCVHWM 0: a full monitor would block the I/O thread.
  std::array<char, 64> name{};
  std::snprintf(name.data(), name.size(), "inproc://monitor-%p", socket.handle());
  set_option(pair_, ZMQ_LINGER, 0);
  set_option(pair_, ZMQ_RCVHWM, 0);
  if (zmq_socket_monitor(socket.handle(), name.data(), events) != 0) throw zmq::error_t();
  pair_.connect(name.data());
}

Monitor::~Monitor() { (void)zmq_socket_monitor(watched_.handle(), nullptr, 0); }

std::optional<int> Monitor::next() {
  auto parts = receive_parts(pair_, 1);
  if (!parts || parts->empty() || parts->front().size() < sizeof(std::uint16_t))
    return std::nullopt;
  std::uint16_t event = 0;
  std::memcpy(&event, parts->front().data(), sizeof event);
  return event;
}

bool Monitor::is_due() {
  constexpr auto kLookEvery = std::chrono::milliseconds(1);
  const auto now = Clock::now();
  if (!woken_ && now < next_look_) return false;
  woken_ = false;
  next_look_ = now + kLookEvery;
  return true;
}

int Monitor::fd() { return pair_.get(zmq::sockopt::fd); }

int left_ms(Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return left > 0 ? static_cast<int>(left) : 0;
}

Clock::time_point share_of(Clock::time_point deadline, std::size_t tries) {
  const auto now = Clock::now();
  return deadline <= now ? deadline : now + (deadline - now) / static_cast<long>(tries);
}

Handshake await_handshake(Monitor& monitor, Clock::time_point deadline) {
  void* const sockets[] = {monitor.handle()};
  for (;;) {
    while (const auto event = monitor.next()) switch (*event) {
        case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
          return Handshake::done;
        case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
          return Handshake::refused;
        case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
        case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
        case ZMQ_EVENT_DISCONNECTED:
          return Handshake::broken;
        case ZMQ_EVENT_CLOSED:  // of a connect that failed; it is not tried again (-1)
          return Handshake::no_listener;
        default:
          break;
      }
    const int left = left_ms(deadline);
    if (left == 0) return Handshake::silent;
    wait_for(sockets, left, -1);
  }
}

int send_parts(zmq::socket_t& socket, std::span<const Part> parts) {
  bool looked = false;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const int flags = ZMQ_DONTWAIT | (i + 1 < parts.size() ? ZMQ_SNDMORE : 0);
    while (zmq_send(socket.handle(), parts[i].data, parts[i].size, flags) < 0) {
      const int error = zmq_errno();
      if (error == EINTR) continue;  // nothing was done
      if (i > 0) return 0;
      if (error != EAGAIN || looked) return error;
      // Pipe credit arrives as commands that zmq_send looks at only now and then: look, once.
      (void)socket.get(zmq::sockopt::events);
      looked = true;
    }
  }
  return 0;
}

std::optional<std::vector<Bytes>> receive_parts(zmq::socket_t& socket, std::size_t keep, From* from,
                                                std::size_t from_frame) {
  std::vector<Bytes> frames;
  zmq::message_t frame;
  for (std::size_t i = 0;; ++i) {
    while (zmq_msg_recv(frame.handle(), socket.handle(), ZMQ_DONTWAIT) < 0) {
      if (zmq_errno() == EINTR) continue;
      return std::nullopt;  // later frames of a message are there with the first one
    }
    if (from != nullptr && i == from_frame) {
      const char* user = zmq_msg_gets(frame.handle(), "User-Id");
      *from = {user == nullptr ? "" : user, zmq_msg_get(frame.handle(), ZMQ_SRCFD)};
    }
    if (i < keep) {
      const auto* data = static_cast<const std::uint8_t*>(frame.data());
      frames.emplace_back(data, data + frame.size());
    }
    if (!frame.more()) return frames;
  }
}

// zmq_poll asks every socket for its events twice, at two system calls each, and polls twice. Here
// each is asked once before the sleep, because a send on it may have taken its signal, and after
// the sleep only those whose signal came.
void wait_for(std::span<void* const> sockets, int timeout_ms, int extra_fd) {
  std::array<pollfd, kMostPolled> items{};
  if (sockets.size() >= items.size()) std::abort();
  nfds_t count = 0;
  for (auto* socket : sockets) {
    const auto fd = option_of(socket, ZMQ_FD);
    if (!fd || is_readable(socket)) return;
    items[count++] = {*fd, POLLIN, 0};
  }
  if (extra_fd >= 0) items[count++] = {extra_fd, POLLIN, 0};
  const auto deadline = Clock::now() + std::chrono::milliseconds(timeout_ms);
  for (;;) {
    // What signals is not always a message: then the sleep goes on.
    if (::poll(items.data(), count, timeout_ms < 0 ? -1 : left_ms(deadline)) <= 0) return;
    if (count > sockets.size() && items[count - 1].revents != 0) return;
    for (std::size_t i = 0; i < sockets.size(); ++i)
      if (items[i].revents != 0 && is_readable(sockets[i])) return;
  }
}

void Owner::check() {
#ifndef NDEBUG
  const auto self = std::this_thread::get_id();
  if (thread_ == std::thread::id{}) thread_ = self;
  if (thread_ != self) std::abort();
#endif
}

}  // namespace aeromq::transport::detail
