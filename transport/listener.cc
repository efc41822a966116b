#include "transport/listener.h"

#include "transport/endpoint.h"
#include "transport/sockets.h"
#include "transport/zap.h"

namespace aeromq::transport {

struct Listener::Impl {
  explicit Impl(zmq::context_t& context)
      : socket(context, zmq::socket_type::router),
        monitor(context, socket, ZMQ_EVENT_DISCONNECTED) {}
  zmq::socket_t socket;
  detail::Monitor monitor;
  detail::Owner owner;
  bool ended = false;  ///< a connection ended since the last saw_disconnect()

  void drain_monitor() {
    if (!monitor.is_due()) return;
    while (monitor.next()) ended = true;
  }
};

Listener::Listener(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Listener::Listener(Listener&&) noexcept = default;
Listener& Listener::operator=(Listener&&) noexcept = default;
Listener::~Listener() = default;

Result<Listener> Listener::bind(Context& context, const std::string& endpoint,
                                const ListenerOptions& options) {
  if (auto good = check_endpoint(endpoint, options.secret_key.has_value()); !good)
    return fail(good.error());
  if (options.zap_domain.empty())
    return fail(make_error(ErrorCode::invalid_input, "a ZAP domain is required", "zap_domain"));
  if (options.secret_key && !is_key(*options.secret_key))
    return fail(make_error(ErrorCode::invalid_input, "not a CURVE key", "key"));
  try {
    auto impl = std::make_unique<Impl>(*static_cast<zmq::context_t*>(context.handle()));
    detail::set_common(impl->socket, options.heartbeat_ms, options.hwm);
    detail::set_max_frame(impl->socket, options.max_frame);
    detail::set_server(impl->socket, options.zap_domain, options.secret_key);
    detail::set_option(impl->socket, ZMQ_ROUTER_MANDATORY, 1);
    detail::set_option(impl->socket, ZMQ_ROUTER_HANDOVER, 0);
    if (auto bound = detail::bind_socket(impl->socket, endpoint); !bound)
      return fail(bound.error());
    return Listener(std::move(impl));
  } catch (const zmq::error_t& error) {
    return fail(make_error(ErrorCode::invalid_input, error.what(), "endpoint"));
  }
}

std::optional<Incoming> Listener::receive() {
  impl_->owner.check();
  Incoming incoming;
  detail::From from;
  // Routing id, then one frame more than a message has: enough to see that it is too long.
  auto parts = detail::receive_parts(impl_->socket, kFrames + 2, &from);
  if (!parts) {
    impl_->drain_monitor();
    return std::nullopt;
  }
  incoming.connection = as_text(parts->front());
  incoming.user_id = std::move(from.user_id);
  incoming.fd = from.fd;
  parts->erase(parts->begin());
  incoming.frames = std::move(*parts);
  return incoming;
}

Sent Listener::send(const Connection& connection, const std::vector<Bytes>& frames) {
  impl_->owner.check();
  constexpr std::size_t kMostParts = 8;
  std::array<detail::Part, kMostParts> parts{};
  if (frames.empty() || frames.size() >= kMostParts) std::abort();
  parts[0] = {connection.data(), connection.size()};
  for (std::size_t i = 0; i < frames.size(); ++i)
    parts[i + 1] = {frames[i].data(), frames[i].size()};
  const int error = detail::send_parts(impl_->socket, {parts.data(), frames.size() + 1});
  if (error == 0) return Sent::queued;
  return error == EAGAIN ? Sent::full : Sent::unreachable;
}

bool Listener::saw_disconnect() {
  impl_->owner.check();
  impl_->drain_monitor();
  return std::exchange(impl_->ended, false);
}

void* Listener::handle() const { return impl_->socket.handle(); }
void* Listener::monitor_handle() const { return impl_->monitor.handle(); }

void wait_any(std::span<Listener* const> listeners, int timeout_ms, int extra_fd) {
  std::vector<void*> sockets;
  for (const auto* listener : listeners) {
    sockets.push_back(listener->handle());
    sockets.push_back(listener->monitor_handle());
  }
  detail::wait_for(sockets, timeout_ms, extra_fd);
  for (const auto* listener : listeners) listener->impl_->monitor.woken();
}

}  // namespace aeromq::transport
