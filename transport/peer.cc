#include "transport/peer.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>

#include "transport/endpoint.h"
#include "transport/numbering.h"
#include "transport/sockets.h"

namespace aeromq::transport {
namespace {

constexpr int kPauseMs = 20;  ///< between two looks for a first listener

Error not_reached(const std::string& what, const std::string& endpoint) {
  return make_error(ErrorCode::not_reached, what + " (" + endpoint + ")");
}

Result<void> check(const PeerOptions& options) {
  if (auto good = check_endpoint(options.endpoint, options.curve.has_value()); !good) return good;
  if (!options.curve) return {};
  const auto& curve = *options.curve;
  if (!is_key(curve.server_key) || !is_key(curve.own.public_key) || !is_key(curve.own.secret_key))
    return fail(make_error(ErrorCode::invalid_input, "not a CURVE key", "key"));
  return {};
}

}  // namespace

struct Peer::Impl {
  struct Tried;
  /// To one place, once.
  static Tried connect(const PeerOptions& options, const std::string& place,
                       detail::Clock::time_point until);

  Impl()
      : context(detail::make_context()),
        socket(context, zmq::socket_type::dealer),
        monitor(context, socket, detail::kConnectorEvents) {}
  ~Impl() {
    if (both >= 0) ::close(both);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  zmq::context_t context;  // of its own: closing a Peer with a linger waits for that Peer alone
  zmq::socket_t socket;
  detail::Monitor monitor;
  detail::Owner owner;
  int both = -1;  ///< epoll of socket and monitor
  bool alive = true;
  Numbering numbers;

  void make_fd() {
    both = ::epoll_create1(EPOLL_CLOEXEC);
    if (both < 0) throw zmq::error_t();
    for (const int fd : {socket.get(zmq::sockopt::fd), monitor.fd()}) {
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.fd = fd;
      if (::epoll_ctl(both, EPOLL_CTL_ADD, fd, &event) != 0) throw zmq::error_t();
    }
  }

  void drain_monitor() {
    if (!monitor.is_due()) return;
    while (const auto event = monitor.next())
      if (*event == ZMQ_EVENT_DISCONNECTED || *event == ZMQ_EVENT_CLOSED) alive = false;
  }

  /// True if a message may be taken now; false once the connection or the time is over.
  bool await_room(detail::Clock::time_point deadline) {
    while (detail::left_ms(deadline) > 0) {
      zmq_pollitem_t items[] = {{socket.handle(), 0, ZMQ_POLLOUT, 0},
                                {monitor.handle(), 0, ZMQ_POLLIN, 0}};
      (void)zmq_poll(items, 2, detail::left_ms(deadline));
      if ((items[0].revents & ZMQ_POLLOUT) != 0) return true;
      monitor.woken();
      drain_monitor();
      if (!alive) return false;
    }
    return false;
  }

  /// With IMMEDIATE the socket takes messages once the pipe has arrived, just after the handshake.
  bool await_pipe(detail::Clock::time_point deadline) {
    zmq_pollitem_t item{socket.handle(), 0, ZMQ_POLLOUT, 0};
    while (zmq_poll(&item, 1, detail::left_ms(deadline)) < 0 && zmq_errno() == EINTR) continue;
    return (item.revents & ZMQ_POLLOUT) != 0;
  }
};

struct Peer::Impl::Tried {
  std::unique_ptr<Impl> impl;  ///< or:
  std::string fault;
  bool no_listener = false;
};

Peer::Impl::Tried Peer::Impl::connect(const PeerOptions& options, const std::string& place,
                                      detail::Clock::time_point until) {
  try {
    auto impl = std::make_unique<Impl>();
    detail::set_common(impl->socket, options.heartbeat_ms, options.hwm);
    detail::set_option(impl->socket, ZMQ_IMMEDIATE, 1);
    detail::set_option(impl->socket, ZMQ_RECONNECT_IVL, -1);
    if (options.curve) detail::set_client(impl->socket, *options.curve);
    detail::connect_socket(impl->socket, place);
    const auto begun = detail::Clock::now();
    switch (detail::await_handshake(impl->monitor, until)) {
      case detail::Handshake::done:
        if (!impl->await_pipe(until)) return {nullptr, "the connection broke"};
        impl->make_fd();
        return {std::move(impl), ""};
      case detail::Handshake::refused:
        return {nullptr, "it refused this key"};
      case detail::Handshake::broken:
        // Our own end breaks it off after kHandshakeMs: that is silence, and says nothing of keys.
        if (detail::Clock::now() - begun >= std::chrono::milliseconds(detail::kHandshakeMs))
          return {nullptr, "the listener does not answer"};
        return {nullptr, "the handshake was broken off; is the server key right?"};
      case detail::Handshake::silent:
        return {nullptr, "the listener does not answer"};
      case detail::Handshake::no_listener:
        return {nullptr, "nobody listens", true};
    }
  } catch (const zmq::error_t& error) {
    return {nullptr, error.what()};
  }
  return {nullptr, "not connected"};
}

Peer::Peer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Peer::Peer(Peer&&) noexcept = default;
Peer& Peer::operator=(Peer&&) noexcept = default;
Peer::~Peer() = default;

Result<Peer> Peer::connect(const PeerOptions& options) {
  if (auto good = check(options); !good) return fail(good.error());
  const auto deadline =
      detail::Clock::now() + std::chrono::milliseconds(options.connect_timeout_ms);
  const auto places = detail::places_of(options.endpoint, options.connect_timeout_ms);
  if (!places) return fail(places.error());
  for (;;) {
    std::optional<Error> first;  // what the first address said tells the most
    bool nobody = true;
    for (std::size_t i = 0; i < places->size(); ++i) {
      const auto until = detail::share_of(deadline, places->size() - i);
      auto tried = Impl::connect(options, (*places)[i], until);
      if (tried.impl) return Peer(std::move(tried.impl));
      if (!first) first = not_reached(tried.fault, options.endpoint);
      nobody = nobody && tried.no_listener;
    }
    if (!nobody || !options.await_listener || detail::left_ms(deadline) == 0)
      return fail(*std::move(first));
    detail::wait_for({}, std::min(kPauseMs, detail::left_ms(deadline)), -1);
  }
}

bool Peer::send(MessageType type, const RequestId& request, ByteView body) {
  return send_patiently(type, request, body, 0);
}

bool Peer::send_patiently(MessageType type, const RequestId& request, ByteView body,
                          int patience_ms) {
  impl_->owner.check();
  if (!impl_->alive) return false;
  const auto header = encode_header(impl_->numbers.next(type, request));
  const detail::Part parts[] = {
      {kMagic.data(), kMagic.size()}, {header.data(), header.size()}, {body.data(), body.size()}};
  const auto deadline = detail::Clock::now() + std::chrono::milliseconds(patience_ms);
  while (const int error = detail::send_parts(impl_->socket, parts)) {
    // Gone, or the broker has not read for a whole HWM, and for as long as we may wait.
    if (error != EAGAIN || !impl_->await_room(deadline)) {
      impl_->alive = false;
      return false;
    }
  }
  impl_->numbers.sent();
  return true;
}

std::optional<Received> Peer::receive() {
  impl_->owner.check();
  auto parts = detail::receive_parts(impl_->socket, kFrames + 1);
  if (!parts) return std::nullopt;
  auto message = from_frames(std::move(*parts));
  if (!message) impl_->numbers.end();
  if (!message || !impl_->numbers.accept(message->header)) {
    impl_->alive = false;
    return std::nullopt;
  }
  return std::move(*message);
}

void Peer::wait(int timeout_ms, int extra_fd) {
  impl_->owner.check();
  void* const sockets[] = {impl_->socket.handle(), impl_->monitor.handle()};
  // A connection that has ended has no more monitor events to wait for.
  if (!alive()) return;
  detail::wait_for(sockets, timeout_ms, extra_fd);
  impl_->monitor.woken();
}

bool Peer::alive() {
  impl_->owner.check();
  impl_->drain_monitor();
  return impl_->alive;
}

const BootId& Peer::boot() const { return impl_->numbers.boot(); }
int Peer::fd() const { return impl_->both; }
void Peer::set_linger_ms(int ms) { detail::set_option(impl_->socket, ZMQ_LINGER, ms); }

}  // namespace aeromq::transport
