// Forwards along the tables of road.h: which connection, it reads from the header alone.
#include <deque>
#include <iostream>
#include <map>

#include "bench/bare/roles.h"

namespace aeromq::bench {
namespace {

class Broker {
 public:
  Broker(const Places& places, const Keys& keys)
      : control_(bind_router(context_, places.control(), nullptr)),
        clients_(bind_router(context_, places.clients(), &keys)) {}

  [[noreturn]] void run() {
    for (;;) {
      bool worked = false;
      while (auto routed = receive_routed(control_)) {
        worked = true;
        from_actor(std::move(*routed));
      }
      for (int i = 0; i < kClientBatch; ++i) {
        auto routed = receive_routed(clients_);
        if (!routed) break;
        worked = true;
        from_client(std::move(*routed));
      }
      if (!worked) wait();
    }
  }

 private:
  static constexpr int kClientBatch = 256;
  static constexpr std::size_t kActors = kRoleNames.size() - 1;

  void from_actor(Routed routed) {
    auto header = header_of(routed.frames);
    if (header.kind == Kind::hello) {
      actors_[static_cast<Role>(header.stage)] = routed.connection.to_string();
      if (actors_.size() == kActors) std::cout << "ready" << std::endl;
      return;
    }
    if (header.kind == Kind::confirm &&
        stops(Kind::confirm)[header.stage - 1U] == Role::dispatcher) {
      acting_ = false;
      if (!waiting_.empty()) {
        acting_ = true;
        to(Role::dispatcher, std::move(waiting_.front()));
        waiting_.pop_front();
      }
    }
    forward(header, std::move(routed.frames));
  }

  void from_client(Routed routed) {
    auto header = header_of(routed.frames);
    if (routed.connection.size() != kRoutingId) die("a routing id of another size");
    std::memcpy(header.client.data(), routed.connection.data(), kRoutingId);
    forward(header, std::move(routed.frames));
  }

  void forward(Header header, Frames frames) {
    const auto road = stops(header.kind);
    if (header.stage >= road.size()) die("beyond the end of the road");
    const auto next = road[header.stage++];
    set_header(frames, header);
    if (next == Role::client) {
      send_routed(clients_, header.client.data(), kRoutingId, std::move(frames));
      return;
    }
    if (next == Role::dispatcher && header.kind == Kind::confirm) {
      if (acting_) {  // the credit of one: an act waits here, never behind another
        waiting_.push_back(std::move(frames));
        return;
      }
      acting_ = true;
    }
    to(next, std::move(frames));
  }

  void to(Role role, Frames frames) {
    const auto& connection = actors_.at(role);
    send_routed(control_, connection.data(), connection.size(), std::move(frames));
  }

  void wait() {
    std::array<zmq_pollitem_t, 2> items{
        {{control_.handle(), 0, ZMQ_POLLIN, 0}, {clients_.handle(), 0, ZMQ_POLLIN, 0}}};
    if (zmq_poll(items.data(), 2, -1) < 0 && errno != EINTR) die("zmq_poll");
  }

  zmq::context_t context_;
  zmq::socket_t control_;
  zmq::socket_t clients_;
  std::map<Role, std::string> actors_;
  std::deque<Frames> waiting_;
  bool acting_ = false;
};

}  // namespace

void run_broker(const Places& places, const Keys& keys) { Broker(places, keys).run(); }

}  // namespace aeromq::bench
