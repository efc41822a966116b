#include "actors/runtime/host.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <utility>

#include "process/clock.h"
#include "process/entropy.h"
#include "process/exit_codes.h"
#include "process/log.h"
#include "process/ready.h"
#include "process/signals.h"

namespace aeromq::runtime {
namespace {

constexpr int kTickMs = 100;
constexpr std::size_t kMaxBatch = 512;  // messages stepped before their one sync
constexpr int kHelloTimeoutMs = 3000;
constexpr int kLastWordsMs = 500;  // for the messages that say why the process ends

// One descriptor that is readable when any of several is.
class AnyReadable {
 public:
  explicit AnyReadable(std::initializer_list<int> fds) : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    for (const int fd : fds) {
      if (fd < 0) continue;
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.fd = fd;
      epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
    }
  }
  AnyReadable(const AnyReadable&) = delete;
  AnyReadable& operator=(const AnyReadable&) = delete;
  ~AnyReadable() { close(epoll_); }
  int fd() const { return epoll_; }

 private:
  int epoll_;
};

}  // namespace

Result<Host> Host::join(const HostOptions& options) {
  transport::PeerOptions peer_options;
  peer_options.endpoint = options.broker;
  auto peer = transport::Peer::connect(peer_options);
  if (!peer) return fail(peer.error());
  Hello hello;
  hello.role = options.role;
  hello.name = std::string(text_of(options.role));
  hello.incarnation = process::fresh<Incarnation>();
  hello.minor = kMinor;
  hello.pid = static_cast<std::uint64_t>(getpid());
  hello.build = options.build;
  if (!peer->send(RequestId{}, hello)) return fail(make_error(ErrorCode::not_reached, "hello"));
  const auto deadline = after_ms(process::now(), kHelloTimeoutMs);
  while (peer->alive() && process::now().boot_ns < deadline.boot_ns) {
    auto received = peer->receive();
    if (!received) {
      peer->wait(kTickMs);
      continue;
    }
    if (received->header.type == MessageType::welcome) {
      const auto welcome = decode<Welcome>(received->body);
      if (!welcome) return fail(welcome.error());
      return Host(std::move(*peer), welcome->heartbeat_ms);
    }
    if (received->header.type == MessageType::hello_refused) {
      const auto refused = decode<HelloRefused>(received->body);
      return fail(refused ? refused->error : refused.error());
    }
  }
  return fail(make_error(ErrorCode::not_reached, "the broker did not answer the hello"));
}

int Host::patience_ms() const { return static_cast<int>(Silence(heartbeat_ms_, {}).limit_ms()); }

// False = nothing more is to be read.
bool Host::take_message(transport::Received received, Turn& turn) {
  const auto type = received.header.type;
  if (type == MessageType::ping) {
    const auto ping = decode<Ping>(received.body);
    return ping &&
           peer_.send_patiently(MessageType::pong, {}, encode(Pong{ping->nonce}), patience_ms());
  }
  if (type == MessageType::goodbye) {
    goodbye_ = true;
    return false;
  }
  turn.take(type, received.header.request, std::move(received.header.principal),
            std::move(received.body), process::now());
  return true;
}

int Host::run(const CoreCalls& core, Boundary& boundary) {
  process::StopSignal signals;
  const AnyReadable ready({signals.fd(), boundary.fd()});
  process::tell_ready();
  Turn turn(core);
  Silence silence(heartbeat_ms_, process::now());
  // A burst of answers is waited for, and nothing more is read until it has left. The broker never
  // waits for an actor, so one that reads nothing for this long is as good as silent.
  const Turn::Send send = [&](MessageType type, const RequestId& request, const Bytes& body) {
    return peer_.send_patiently(type, request, body, patience_ms());
  };
  auto next_tick = process::now();
  unsigned hangups = 0;
  while (peer_.alive() && !goodbye_) {
    if (signals.next()) return process::kExitOk;
    if (std::exchange(hangups, signals.hangups()) != signals.hangups()) boundary.hangup();
    while (turn.size() < kMaxBatch) {
      auto received = peer_.receive();
      if (!received) break;
      silence.heard(process::now());
      if (!take_message(std::move(*received), turn)) break;
    }
    if (silence.too_long(process::now())) {
      process::log_error("broker_silent");
      return process::kExitFault;
    }
    for (const auto& answer : boundary.answers()) turn.take(answer, process::now());
    if (const auto now = process::now(); now.boot_ns >= next_tick.boot_ns) {
      next_tick = after_ms(now, kTickMs);
      turn.tick(now);
      if (!boundary.idle(now)) {  // the audit writer's alone: who waits is told why (hole 14)
        turn.carry_out(boundary, send);
        peer_.set_linger_ms(kLastWordsMs);
        return process::kExitPoisoned;
      }
    }
    const bool worked = !turn.empty();
    const auto carried = turn.carry_out(boundary, send);
    if (carried == Carried::unrecorded) {
      peer_.set_linger_ms(kLastWordsMs);
      return process::kExitPoisoned;
    }
    if (carried == Carried::unsent) return process::kExitFault;
    if (!boundary.alive()) {
      turn.boundary_lost(process::now());
      turn.carry_out(boundary, send);
      peer_.set_linger_ms(kLastWordsMs);
      return boundary.exit_code();
    }
    if (!worked) peer_.wait(kTickMs, ready.fd());
  }
  return process::kExitFault;
}

}  // namespace aeromq::runtime
