// The packets between a dispatcher and its kernel.
#include "chaos/network/wire.h"

namespace aeromq::chaos::network {
namespace {

class PacketWire final : public Wire {
 public:
  PacketWire(kernel::PacketSocket near, kernel::PacketSocket far)
      : ends_{std::move(near), std::move(far)} {}

  void watch(std::vector<pollfd>& fds) const override {
    for (const auto& end : ends_) fds.push_back({end.fd(), POLLIN, 0});
  }

  std::optional<std::pair<Direction, Frames>> receive() override {
    for (const auto direction : {Direction::up, Direction::down})
      if (auto packet = ends_[direction == Direction::up ? 0 : 1].receive())
        return {{direction, {std::move(*packet)}}};
    return std::nullopt;
  }

  void send(Direction direction, const Frames& message) override {
    const auto way = static_cast<std::size_t>(direction);
    if (silent_[way]) return;
    // A packet of no octets reads as the end of the connection.
    using enum kernel::PacketSocket::Sending;
    if (message[0].empty() || ends_[1 - way].send(message[0]) != sent) ended_ = true;
  }
  void silence(Direction direction) override {
    silent_[static_cast<std::size_t>(direction)] = true;
  }
  bool ended() override { return ended_ || ends_[0].broken() || ends_[1].broken(); }

 private:
  kernel::PacketSocket ends_[2];
  bool silent_[2] = {false, false};
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<Wire> make_packet_wire(kernel::PacketSocket near, kernel::PacketSocket far) {
  return std::make_unique<PacketWire>(std::move(near), std::move(far));
}

}  // namespace aeromq::chaos::network
