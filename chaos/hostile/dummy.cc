#include "chaos/hostile/dummy.h"

#include <fmt/core.h>

#include <cstdio>

#include "messages/catalogue.h"
#include "process/entropy.h"
#include "process/signals.h"
#include "transport/frames.h"
#include "transport/sockets.h"

namespace aeromq::chaos::hostile {
namespace {

constexpr int kHeartbeatMs = 500;
constexpr int kHwm = 1000;
constexpr int kSleepMs = 50;
constexpr int kBurst = 256;

std::string at(unsigned port) { return "tcp://127.0.0.1:" + std::to_string(port); }
std::string node_door(const std::string& folder) { return "ipc://" + folder + "/dummy-nodes.ipc"; }

zmq::socket_t bound(zmq::context_t& context, zmq::socket_type type, const std::string& endpoint,
                    const transport::KeyPair& server) {
  zmq::socket_t socket(context, type);
  transport::detail::set_common(socket, kHeartbeatMs, kHwm);
  transport::detail::set_option(socket, ZMQ_CURVE_SERVER, 1);
  transport::detail::set_option(socket, ZMQ_CURVE_SECRETKEY, server.secret_key);
  socket.bind(endpoint);
  return socket;
}

class Dummy {
 public:
  Dummy(zmq::context_t& context, const std::string& folder, unsigned port,
        const transport::KeyPair& server)
      : clients_(bound(context, zmq::socket_type::router, at(port), server)),
        feed_(bound(context, zmq::socket_type::pub, at(port + 1), server)),
        nodes_(bound(context, zmq::socket_type::router, node_door(folder), server)) {}

  void serve(process::StopSignal& stop) {
    const std::array<void*, 2> sockets{clients_.handle(), nodes_.handle()};
    while (!stop.next()) {
      bool worked = false;
      for (auto* socket : {&clients_, &nodes_})
        for (int i = 0; i < kBurst && answer(*socket); ++i) worked = true;
      if (!worked) transport::detail::wait_for(sockets, kSleepMs, stop.fd());
    }
  }

 private:
  bool answer(zmq::socket_t& socket) {
    auto frames = transport::detail::receive_parts(socket, kFrames + 1);
    if (!frames) return false;
    if (frames->size() != kFrames + 1) return true;
    const auto asked = decode_header((*frames)[2]);
    if (!asked) return true;
    auto [type, body] = words_for(asked->type);
    const auto header = encode_header({type, boot_, ++seq_, asked->request, {}});
    const auto& to = frames->front();
    const std::array<transport::detail::Part, 4> parts{{{to.data(), to.size()},
                                                        {kMagic.data(), kMagic.size()},
                                                        {header.data(), header.size()},
                                                        {body.data(), body.size()}}};
    transport::detail::send_parts(socket, parts);
    return true;
  }

  std::pair<MessageType, Bytes> words_for(MessageType asked) {
    if (asked == MessageType::hello) {
      Welcome welcome;
      welcome.minor = kMinor;
      return {MessageType::welcome, encode(welcome)};
    }
    ErrorAnswer busy;
    busy.error = make_error(ErrorCode::busy, "this is a dummy");
    return {MessageType::error, encode(busy)};
  }

  zmq::socket_t clients_;
  zmq::socket_t feed_;
  zmq::socket_t nodes_;
  BootId boot_ = process::fresh<BootId>();
  std::uint64_t seq_ = 0;
};

}  // namespace

Arena dummy_arena(const Arena& like, const std::string& folder, unsigned port,
                  const transport::KeyPair& server) {
  auto arena = like;
  arena.clients = {at(port), server.public_key};
  arena.feed = {at(port + 1), server.public_key};
  arena.nodes = {node_door(folder), server.public_key};
  return arena;
}

int serve_dummy(const std::string& folder, unsigned port, const transport::KeyPair& server) {
  process::StopSignal stop;
  auto context = transport::detail::make_context();
  Dummy dummy(context, folder, port, server);
  fmt::print("ready\n");
  std::fflush(stdout);
  dummy.serve(stop);
  return 0;
}

}  // namespace aeromq::chaos::hostile
