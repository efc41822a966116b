#include "transport/subscriber.h"

#include "transport/endpoint.h"
#include "transport/sockets.h"

namespace aeromq::transport {
namespace {
constexpr int kReconnectMs = 100;

Error not_reached(const std::string& what, const std::string& endpoint) {
  return make_error(ErrorCode::not_reached, what + " (" + endpoint + ")");
}
}  // namespace

struct Subscriber::Impl {
  Impl()
      : context(detail::make_context()),
        socket(context, zmq::socket_type::sub),
        monitor(context, socket, detail::kConnectorEvents) {}
  zmq::context_t context;
  zmq::socket_t socket;
  detail::Monitor monitor;
  detail::Owner owner;
  bool connected = true;

  /// To one place.
  static Result<std::unique_ptr<Impl>> connect(const PeerOptions& options, const std::string& place,
                                               detail::Clock::time_point until);

  void drain_monitor() {
    while (const auto event = monitor.next()) {
      if (*event == ZMQ_EVENT_DISCONNECTED) connected = false;
      if (*event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) connected = true;
    }
  }
};

Result<std::unique_ptr<Subscriber::Impl>> Subscriber::Impl::connect(
    const PeerOptions& options, const std::string& place, detail::Clock::time_point until) {
  const auto& endpoint = options.endpoint;
  try {
    auto impl = std::make_unique<Impl>();
    detail::set_common(impl->socket, options.heartbeat_ms, options.hwm);
    detail::set_option(impl->socket, ZMQ_RECONNECT_IVL, kReconnectMs);
    detail::set_option(impl->socket, ZMQ_SUBSCRIBE, std::string());
    if (options.curve) detail::set_client(impl->socket, *options.curve);
    detail::connect_socket(impl->socket, place);
    for (;;) switch (detail::await_handshake(impl->monitor, until)) {
        case detail::Handshake::done:
          return impl;
        case detail::Handshake::refused:
          return fail(not_reached("the broker refused this key", endpoint));
        case detail::Handshake::broken:
        case detail::Handshake::silent:
          return fail(not_reached("the feed does not answer", endpoint));
        case detail::Handshake::no_listener:
          if (detail::left_ms(until) == 0) return fail(not_reached("nobody listens", endpoint));
          break;  // libzmq tries again by itself
      }
  } catch (const zmq::error_t& error) {
    return fail(not_reached(error.what(), endpoint));
  }
}

Subscriber::Subscriber(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Subscriber::Subscriber(Subscriber&&) noexcept = default;
Subscriber& Subscriber::operator=(Subscriber&&) noexcept = default;
Subscriber::~Subscriber() = default;

Result<Subscriber> Subscriber::connect(const PeerOptions& options) {
  const auto& endpoint = options.endpoint;
  if (auto good = check_endpoint(endpoint, options.curve.has_value()); !good)
    return fail(good.error());
  const auto deadline =
      detail::Clock::now() + std::chrono::milliseconds(options.connect_timeout_ms);
  const auto places = detail::places_of(endpoint, options.connect_timeout_ms);
  if (!places) return fail(places.error());
  std::optional<Error> first;
  for (std::size_t i = 0; i < places->size(); ++i) {
    auto tried =
        Impl::connect(options, (*places)[i], detail::share_of(deadline, places->size() - i));
    if (tried) return Subscriber(std::move(*tried));
    if (!first) first = tried.error();
  }
  return fail(*std::move(first));
}

void Subscriber::subscribe(const std::string& topic) {
  impl_->owner.check();
  detail::set_option(impl_->socket, ZMQ_SUBSCRIBE, topic);
}

std::optional<std::vector<Bytes>> Subscriber::receive() {
  impl_->owner.check();
  return detail::receive_parts(impl_->socket, kFrames + 1);
}

void Subscriber::wait(int timeout_ms, int extra_fd) {
  impl_->owner.check();
  impl_->drain_monitor();
  void* const sockets[] = {impl_->socket.handle(), impl_->monitor.handle()};
  detail::wait_for(sockets, timeout_ms, extra_fd);
}

void* Subscriber::handle() const { return impl_->socket.handle(); }

bool Subscriber::connected() {
  impl_->owner.check();
  impl_->drain_monitor();
  return impl_->connected;
}

}  // namespace aeromq::transport
