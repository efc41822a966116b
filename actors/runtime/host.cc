#include "actors/runtime/host.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>

#include "process/clock.h"
#include "process/entropy.h"
#include "process/exit_codes.h"
#include "process/kill_point.h"
#include "process/log.h"
#include "process/ready.h"
#include "process/signals.h"

namespace aeromq::runtime {
namespace {

constexpr int kTickMs = 100;
constexpr std::size_t kMaxBatch = 512;       // messages stepped before their one sync
constexpr int kHelloTimeoutMs = 3000;
constexpr int kLastWordsMs = 500;            // for the messages that say why the process ends

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

// Kill points have no name, and cost nothing, without the chaos build.
std::string point_of([[maybe_unused]] ActorRole role, [[maybe_unused]] std::string_view what) {
#ifdef AEROMQ_CHAOS
  return std::string(text_of(role)) + "." + std::string(what) + ".";
#else
  return {};
#endif
}

void hit(const std::string& point, std::string_view step) {
  if (!point.empty()) process::kill_point(point + std::string(step));
}

// What is told when a record could not be made durable: the kernel's real outcome if it is known.
Outcome outcome_unrecorded(MessageType type, const Bytes& body) {
  // A refusal may be about a repeat, of which nothing is claimed.
  if (type == MessageType::refused_by_dispatcher || type == MessageType::refused_by_keeper) {
    const auto refused = decode<Refused>(body);
    return refused ? refused->error.outcome : Outcome::unknown;
  }
  if (type != MessageType::acted) return Outcome::not_executed;
  const auto acted = decode<Acted>(body);
  if (!acted || acted->lost) return Outcome::unknown;
  switch (acted->answer.status) {
    case ActStatus::executed:
      return Outcome::executed;
    case ActStatus::rejected:
    case ActStatus::refused:
      return Outcome::not_executed;
    case ActStatus::duplicate:
      return Outcome::unknown;
  }
  return Outcome::unknown;
}

}  // namespace

std::vector<std::string> kill_point_names(ActorRole role, std::span<const MessageType> accepts) {
  std::vector<std::string> names;
  const auto add = [&](std::string_view what, std::initializer_list<std::string_view> steps) {
    for (const auto step : steps)
      names.push_back(std::string(text_of(role)) + "." + std::string(what) + "." + std::string(step));
  };
  for (const auto type : accepts) {
    if (role == ActorRole::writer)
      add(name_of(type), {"received", "decided", "durable", "sent"});
    else if (role == ActorRole::dispatcher)
      add(name_of(type), {"received", "decided", "called"});
    else
      add(name_of(type), {"received", "decided", "sent"});
  }
  if (role == ActorRole::dispatcher)
    for (const auto kind : EnumNames<CallKind>::value)
      add("answer-" + std::string(kind), {"received", "decided", "sent"});
  return names;
}

Host::Host(HostOptions options, transport::Peer peer)
    : options_(std::move(options)), peer_(std::move(peer)) {}

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
    if (received->header.type == MessageType::welcome) return Host(options, std::move(*peer));
    if (received->header.type == MessageType::hello_refused) {
      const auto refused = decode<HelloRefused>(received->body);
      return fail(refused ? refused->error : refused.error());
    }
  }
  return fail(make_error(ErrorCode::not_reached, "the broker did not answer the hello"));
}

bool Host::take_message(const CoreCalls& core, transport::Received received,
                        std::vector<Item>& batch) {
  const auto type = received.header.type;
  if (type == MessageType::ping) {
    const auto ping = decode<Ping>(received.body);
    return ping && peer_.send(RequestId{}, Pong{ping->nonce});
  }
  if (type == MessageType::goodbye) {
    goodbye_ = true;
    return false;
  }
  if (std::ranges::find(core.accepts, type) == core.accepts.end()) return true;
  Item item;
  item.point = point_of(options_.role, name_of(type));
  item.request = received.header.request;
  item.type = type;
  item.principal = std::move(received.header.principal);
  hit(item.point, "received");
  Envelope envelope{type, item.request, item.principal, std::move(received.body)};
  item.step = core.on(envelope, process::now());
  item.body = std::move(envelope.body);
  hit(item.point, "decided");
  batch.push_back(std::move(item));
  return true;
}

// In member order, for the batch as a whole: one sync makes all records durable, then everything
// that they permit leaves.
bool Host::carry_out(std::vector<Item>& batch, Boundary& boundary) {
  std::vector<Record> records;
  for (auto& item : batch)
    for (auto& record : item.step.records) records.push_back(std::move(record));
  if (!records.empty()) {
    if (auto durable = boundary.persist(records); !durable) {
      process::log_error("audit log cannot be written", {{"why", durable.error().message}});
      say_unrecorded(batch, durable.error());
      poisoned_ = true;
      return false;
    }
  }
  for (auto& item : batch) {
    if (options_.role == ActorRole::writer) hit(item.point, "durable");
    for (const auto& call : item.step.calls) boundary.call(call);
    if (!item.step.calls.empty()) hit(item.point, "called");
    for (const auto& envelope : item.step.send)
      if (!peer_.send(envelope.type, envelope.request, envelope.body)) return false;
    if (item.step.calls.empty()) hit(item.point, "sent");
  }
  batch.clear();
  return true;
}

// Nothing of the batch may go on (G1); whoever waits is told why, with the kernel's real outcome
// where it is known, and the process ends.
void Host::say_unrecorded(const std::vector<Item>& batch, const Error& error) {
  for (const auto& item : batch) {
    if (item.request.empty() || item.type == MessageType::report) continue;
    ErrorAnswer answer;
    answer.error = make_error(ErrorCode::audit_unavailable, error.message,
                              outcome_unrecorded(item.type, item.body));
    peer_.send(MessageType::error, item.request, encode(answer));
  }
  peer_.set_linger_ms(kLastWordsMs);
}

int Host::run(const CoreCalls& core, Boundary& boundary) {
  process::StopSignal signals;
  const AnyReadable ready({signals.fd(), boundary.fd()});
  process::tell_ready();
  std::vector<Item> batch;
  auto next_tick = process::now();
  while (peer_.alive() && !goodbye_) {
    if (signals.next()) return process::kExitOk;
    while (batch.size() < kMaxBatch) {
      auto received = peer_.receive();
      if (!received) break;
      if (!take_message(core, std::move(*received), batch)) break;
    }
    for (auto& answer : boundary.answers()) {
      Item item;
      item.point = point_of(options_.role, "answer-" + std::string(text_of(answer.kind)));
      hit(item.point, "received");
      item.step = core.on_answer(answer, process::now());
      hit(item.point, "decided");
      batch.push_back(std::move(item));
    }
    if (const auto now = process::now(); now.boot_ns >= next_tick.boot_ns) {
      next_tick = after_ms(now, kTickMs);
      Item tick;
      tick.step = core.on_tick(now);
      if (tick.step != Step{}) batch.push_back(std::move(tick));
      if (!boundary.idle(now)) return process::kExitPoisoned;  // the audit writer's alone
    }
    const bool worked = !batch.empty();
    if (!carry_out(batch, boundary))
      return poisoned_ ? process::kExitPoisoned : process::kExitFault;
    if (!boundary.alive()) {
      Item last;
      last.step = core.on_boundary_lost(process::now());
      batch.push_back(std::move(last));
      carry_out(batch, boundary);
      peer_.set_linger_ms(kLastWordsMs);
      return boundary.exit_code();
    }
    if (!worked) peer_.wait(kTickMs, ready.fd());
  }
  return process::kExitFault;
}

}  // namespace aeromq::runtime
