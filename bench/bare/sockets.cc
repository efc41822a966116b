#include "bench/bare/sockets.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "transport/sockets.h"

namespace aeromq::bench {
namespace {

constexpr const char* kMagic = "BARE\0\1";
constexpr std::size_t kMagicSize = 6;
constexpr const char* kPublicVariable = "BENCH_BARE_PUBLIC";
constexpr const char* kSecretVariable = "BENCH_BARE_SECRET";

// The product's own option set, so that the two sides cannot drift apart.
void set_common(zmq::socket_t& socket) {
  constexpr int kHeartbeatMs = 500;
  constexpr int kHwm = 1000;
  transport::detail::set_common(socket, kHeartbeatMs, kHwm);
}

}  // namespace

void die(const std::string& what) {
  std::perror(what.c_str());
  std::exit(1);
}

Keys Keys::fresh() {
  std::array<char, 41> open{};
  std::array<char, 41> secret{};
  if (zmq_curve_keypair(open.data(), secret.data()) != 0) die("zmq_curve_keypair");
  return {open.data(), secret.data()};
}

Keys Keys::from_environment() {
  const char* open = std::getenv(kPublicVariable);
  const char* secret = std::getenv(kSecretVariable);
  if (open == nullptr || secret == nullptr) die("no keys in the environment");
  return {open, secret};
}

void Keys::to_environment() const {
  ::setenv(kPublicVariable, server_public.c_str(), 1);
  ::setenv(kSecretVariable, server_secret.c_str(), 1);
}

zmq::socket_t bind_router(zmq::context_t& context, const std::string& endpoint, const Keys* curve) {
  zmq::socket_t router(context, zmq::socket_type::router);
  set_common(router);
  router.set(zmq::sockopt::router_mandatory, 1);
  if (curve != nullptr) {
    router.set(zmq::sockopt::curve_server, 1);
    router.set(zmq::sockopt::curve_secretkey, curve->server_secret);
  }
  router.bind(endpoint);
  return router;
}

zmq::socket_t connect_dealer(zmq::context_t& context, const std::string& endpoint,
                             const Keys* curve) {
  zmq::socket_t dealer(context, zmq::socket_type::dealer);
  set_common(dealer);
  if (curve != nullptr) {
    const auto own = Keys::fresh();
    dealer.set(zmq::sockopt::curve_serverkey, curve->server_public);
    dealer.set(zmq::sockopt::curve_publickey, own.server_public);
    dealer.set(zmq::sockopt::curve_secretkey, own.server_secret);
  }
  dealer.connect(endpoint);
  return dealer;
}

zmq::socket_t join(zmq::context_t& context, const Places& places, Role role) {
  auto socket = connect_dealer(context, places.control(), nullptr);
  Header hello;
  hello.stage = static_cast<std::uint8_t>(role);
  send(socket, make_frames(hello, 0));
  return socket;
}

std::optional<Frames> receive(zmq::socket_t& dealer) {
  Frames frames;
  for (auto& frame : frames)
    if (!dealer.recv(frame, zmq::recv_flags::dontwait)) return std::nullopt;
  if (frames.back().more()) die("a message with too many frames");
  return frames;
}

std::optional<Routed> receive_routed(zmq::socket_t& router) {
  Routed routed;
  if (!router.recv(routed.connection, zmq::recv_flags::dontwait)) return std::nullopt;
  for (auto& frame : routed.frames)
    if (!router.recv(frame, zmq::recv_flags::dontwait)) die("a message with too few frames");
  return routed;
}

void send(zmq::socket_t& dealer, Frames frames) {
  using enum zmq::send_flags;
  for (std::size_t i = 0; i < frames.size(); ++i)
    if (!dealer.send(frames[i], i + 1 < frames.size() ? sndmore : none)) die("send");
}

void send_routed(zmq::socket_t& router, const void* id, std::size_t size, Frames frames) {
  router.send(zmq::const_buffer(id, size), zmq::send_flags::sndmore);
  send(router, std::move(frames));
}

Header header_of(const Frames& frames) {
  Header header;
  if (frames[1].size() != sizeof header) die("a header of another size");
  std::memcpy(&header, frames[1].data(), sizeof header);
  return header;
}

void set_header(Frames& frames, const Header& header) {
  std::memcpy(frames[1].data(), &header, sizeof header);
}

Frames make_frames(const Header& header, std::size_t body) {
  Frames frames{zmq::message_t(kMagic, kMagicSize), zmq::message_t(&header, sizeof header),
                zmq::message_t(body)};
  std::memset(frames[2].data(), 'b', body);
  return frames;
}

void wait_for(zmq::socket_t& socket, int fd) {
  std::array<zmq_pollitem_t, 2> items{
      {{socket.handle(), 0, ZMQ_POLLIN, 0}, {nullptr, fd, ZMQ_POLLIN, 0}}};
  if (zmq_poll(items.data(), fd < 0 ? 1 : 2, -1) < 0 && errno != EINTR) die("zmq_poll");
}

}  // namespace aeromq::bench
