#include "chaos/hostile/wire_client.h"

#include <poll.h>
#include <unistd.h>

#include "process/entropy.h"
#include "transport/frames.h"
#include "transport/sockets.h"

namespace aeromq::chaos::hostile {
namespace {

constexpr int kHeartbeatMs = 500;
constexpr int kHwm = 1000;

int left_ms(Clock::time_point end) {
  return static_cast<int>(std::max<std::int64_t>(
      0, std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count()));
}

bool ready(zmq::socket_t& socket, short events, int timeout_ms) {
  zmq::pollitem_t item{socket.handle(), 0, events, 0};
  return zmq::poll(&item, 1, std::chrono::milliseconds(timeout_ms)) > 0;
}

// libzmq's own words for "from this address".
std::string from(const std::string& source, const std::string& endpoint) {
  constexpr std::string_view kTcp = "tcp://";
  if (source.empty() || !endpoint.starts_with(kTcp)) return endpoint;
  return std::string(kTcp) + source + ":0;" + endpoint.substr(kTcp.size());
}

}  // namespace

std::optional<WireClient> WireClient::connect(zmq::context_t& context, const Door& door,
                                              const transport::KeyPair& keys,
                                              const WireOptions& options, bool mute) {
  zmq::socket_t socket(context, zmq::socket_type::dealer);
  transport::detail::set_common(socket, kHeartbeatMs, kHwm);
  transport::detail::set_option(socket, ZMQ_RCVHWM, options.receive_hwm);
  transport::detail::set_option(socket, ZMQ_RECONNECT_IVL, -1);
  transport::detail::set_option(socket, ZMQ_IMMEDIATE, 1);
  transport::detail::set_client(socket, {door.server_key, keys});
  socket.connect(from(options.source, door.endpoint));
  if (!ready(socket, ZMQ_POLLOUT, options.patience_ms)) return std::nullopt;
  WireClient client(std::move(socket));
  if (!mute && !client.greet(options.patience_ms)) return std::nullopt;
  return client;
}

bool WireClient::greet(int timeout_ms) {
  Hello hello;
  hello.name = "hostile";
  hello.incarnation = process::fresh<Incarnation>();
  hello.minor = kMinor;
  hello.pid = static_cast<std::uint64_t>(::getpid());
  if (!send(MessageType::hello, encode(hello))) return false;
  const auto answer = next(timeout_ms);
  if (!answer || answer->header.type != MessageType::welcome) return false;
  auto welcome = decode<Welcome>(answer->body);
  if (!welcome) return false;
  boot_ = answer->header.boot;
  welcome_ = std::move(*welcome);
  return true;
}

bool WireClient::send(MessageType type, ByteView body, const RequestId& request) {
  const auto header = encode_header({type, boot_, seq_ + 1, request, {}});
  const std::array<transport::detail::Part, 3> parts{
      {{kMagic.data(), kMagic.size()}, {header.data(), header.size()}, {body.data(), body.size()}}};
  if (transport::detail::send_parts(socket_, parts) != 0) return false;
  ++seq_;
  return true;
}

std::optional<WireClient::Received> WireClient::next(int timeout_ms) {
  const auto end = Clock::now() + std::chrono::milliseconds(timeout_ms);
  do {
    auto frames = transport::detail::receive_parts(socket_, kFrames);
    if (!frames) continue;
    auto received = transport::from_frames(std::move(*frames));
    if (received && received->header.type != MessageType::probe)
      return Received{received->header, std::move(received->body)};
  } while (ready(socket_, ZMQ_POLLIN, left_ms(end)) || Clock::now() < end);
  return std::nullopt;
}

std::size_t WireClient::drain(std::size_t most) {
  std::size_t answers = 0;
  for (std::size_t i = 0; i < most; ++i) {
    const auto frames = transport::detail::receive_parts(socket_, kFrames);
    if (!frames) break;
    const auto header = frames->size() > 1 ? decode_header((*frames)[1]) : Result<Header>(Header{});
    if (header && header->type != MessageType::probe) ++answers;
  }
  return answers;
}

RequestId WireClient::next_id(bool kernel_action) {
  return {welcome_.session, ++counter_, kernel_action};
}

Bytes look_body() {
  Submit submit;
  submit.command = text_of(CommandName::inspect_cluster_state);
  return encode(submit);
}

Bytes demotion_body(const std::string& node, std::size_t reason_octets) {
  Submit submit;
  submit.command = text_of(CommandName::request_demotion);
  submit.node = node;
  submit.reason = std::string(reason_octets, 'r');
  return encode(submit);
}

}  // namespace aeromq::chaos::hostile
