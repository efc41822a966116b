#include "transport/publisher.h"

#include "transport/endpoint.h"
#include "transport/sockets.h"
#include "transport/subscriber.h"
#include "transport/zap.h"

namespace aeromq::transport {

struct Publisher::Impl {
  explicit Impl(zmq::context_t& context) : socket(context, zmq::socket_type::xpub) {}
  zmq::socket_t socket;
  detail::Owner owner;
  std::uint64_t wanted = 0;
};

Publisher::Publisher(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Publisher::Publisher(Publisher&&) noexcept = default;
Publisher& Publisher::operator=(Publisher&&) noexcept = default;
Publisher::~Publisher() = default;

Result<Publisher> Publisher::bind(Context& context, const std::string& endpoint,
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
    detail::set_option(impl->socket, ZMQ_XPUB_VERBOSER, 1);  // each question, not each new topic
    if (auto bound = detail::bind_socket(impl->socket, endpoint); !bound)
      return fail(bound.error());
    return Publisher(std::move(impl));
  } catch (const zmq::error_t& error) {
    return fail(make_error(ErrorCode::invalid_input, error.what(), "endpoint"));
  }
}

void Publisher::send(const std::vector<Bytes>& frames) {
  impl_->owner.check();
  constexpr std::size_t kMostParts = 8;
  std::array<detail::Part, kMostParts> parts{};
  if (frames.empty() || frames.size() >= kMostParts) std::abort();
  for (std::size_t i = 0; i < frames.size(); ++i) parts[i] = {frames[i].data(), frames[i].size()};
  (void)detail::send_parts(impl_->socket, {parts.data(), frames.size()});
}

std::optional<Publisher::Asked> Publisher::next_asked() {
  impl_->owner.check();
  constexpr std::size_t kKept = 8;  // of the frames that a hostile subscriber may send instead
  detail::From from;
  const auto parts = detail::receive_parts(impl_->socket, kKept, &from, 0);
  if (!parts) return std::nullopt;
  Asked asked;
  asked.fd = from.fd;
  for (const auto& part : *parts) asked.octets += part.size();
  const bool question = parts->size() == 1 && !parts->front().empty();
  if (question && parts->front()[0] == 1) ++impl_->wanted;
  if (question && parts->front()[0] == 0 && impl_->wanted > 0) --impl_->wanted;
  return asked;
}

bool Publisher::has_audience() const { return impl_->wanted > 0; }

void wait_for_feed(const Publisher& to, Subscriber* from, int timeout_ms, int extra_fd) {
  std::vector<void*> sockets{to.impl_->socket.handle()};
  if (from != nullptr) sockets.push_back(from->handle());
  detail::wait_for(sockets, timeout_ms, extra_fd);
}

}  // namespace aeromq::transport
