// The inside of one client's CURVE connection: towards the client with the broker's keys, towards
// the broker with the client's. Of the harness this file alone speaks ZeroMQ itself, with the
// options that transport/ sets.
#include "chaos/network/wire.h"
#include "transport/sockets.h"

namespace aeromq::chaos::network {
namespace {

namespace detail = transport::detail;

constexpr int kHeartbeatMs = 100;
constexpr int kHwm = 1000;
constexpr int kConnectMs = 1000;
constexpr std::size_t kMostFrames = 8;

class CurveWire final : public Wire {
 public:
  CurveWire() = default;

  bool connect(const client::ClientSettings& client) {
    detail::set_common(far_, kHeartbeatMs, kHwm);
    detail::set_option(far_, ZMQ_IMMEDIATE, 1);
    detail::set_option(far_, ZMQ_RECONNECT_IVL, -1);
    detail::set_client(far_, {client.server_key, {client.public_key, client.secret_key}});
    far_.connect(client.endpoint);
    const auto deadline = detail::Clock::now() + std::chrono::milliseconds(kConnectMs);
    if (detail::await_handshake(far_monitor_, deadline) != detail::Handshake::done) return false;
    zmq_pollitem_t item{far_.handle(), 0, ZMQ_POLLOUT, 0};
    return zmq_poll(&item, 1, detail::left_ms(deadline)) == 1;
  }

  void bind(const std::string& endpoint, const std::string& secret_key) {
    detail::set_common(near_, kHeartbeatMs, kHwm);
    detail::set_option(near_, ZMQ_CURVE_SERVER, 1);
    detail::set_option(near_, ZMQ_CURVE_SECRETKEY, secret_key);
    near_.bind(endpoint);
  }

  void watch(std::vector<pollfd>& fds) const override {
    for (const auto* socket : {&near_, &far_})
      fds.push_back({socket->get(zmq::sockopt::fd), POLLIN, 0});
  }

  std::optional<std::pair<Direction, Frames>> receive() override {
    if (auto up = detail::receive_parts(near_, kMostFrames))
      return {{Direction::up, std::move(*up)}};
    if (auto down = detail::receive_parts(far_, kMostFrames))
      return {{Direction::down, std::move(*down)}};
    return std::nullopt;
  }

  void send(Direction direction, const Frames& message) override {
    if (silent_[static_cast<std::size_t>(direction)]) return;
    std::vector<detail::Part> parts;
    for (const auto& frame : message) parts.push_back({frame.data(), frame.size()});
    if (detail::send_parts(direction == Direction::up ? far_ : near_, parts) != 0) ended_ = true;
  }
  void silence(Direction direction) override {
    silent_[static_cast<std::size_t>(direction)] = true;
  }

  bool ended() override {
    for (auto* monitor : {&near_monitor_, &far_monitor_})
      while (const auto event = monitor->next())
        if (*event == ZMQ_EVENT_DISCONNECTED) ended_ = true;
    return ended_;
  }

 private:
  zmq::context_t context_ = detail::make_context();
  zmq::socket_t near_{context_, zmq::socket_type::dealer};
  zmq::socket_t far_{context_, zmq::socket_type::dealer};
  detail::Monitor near_monitor_{context_, near_, detail::kConnectorEvents};
  detail::Monitor far_monitor_{context_, far_, detail::kConnectorEvents};
  bool silent_[2] = {false, false};
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<Wire> make_curve_wire(const client::ClientSettings& client,
                                      const std::string& broker_secret_key,
                                      const std::string& endpoint) {
  auto wire = std::make_unique<CurveWire>();
  if (!wire->connect(client)) return nullptr;
  wire->bind(endpoint, broker_secret_key);
  return wire;
}

}  // namespace aeromq::chaos::network
