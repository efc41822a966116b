#include "chaos/network/proxy.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "messages/catalogue.h"
#include "messages/envelope.h"
#include "process/clock.h"
#include "transport/endpoint.h"

namespace aeromq::chaos::network {
namespace {

// A ZeroMQ socket's descriptor tells of changes only, so it is looked at now and then as well.
constexpr int kMostPauseMs = 10;

std::uint64_t now_ms() { return process::now().boot_ns / kNanosPerMs; }

std::optional<Header> header_of(const Frames& frames) {
  if (frames.size() != kFrames) return std::nullopt;
  auto header = decode_header(frames[1]);
  return header ? std::optional(std::move(*header)) : std::nullopt;
}

bool is_heartbeat(const Frames& frames) {
  const auto header = header_of(frames);
  return header && (header->type == MessageType::ping || header->type == MessageType::pong);
}

std::string actor_in(const Frames& frames) {
  const auto hello =
      frames.size() == kFrames ? decode<Hello>(frames[2]) : Result<Hello>(fail(Error{}));
  return "control." + (hello ? std::string(text_of(hello->role)) : "stranger");
}

std::string path_of(const std::string& endpoint) { return endpoint.substr(transport::kIpc.size()); }

}  // namespace

Proxy::Proxy(Watcher& watcher)
    : watcher_(watcher), wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  thread_ = std::thread([this] { run(); });
}

Proxy::~Proxy() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake();
  thread_.join();
  ::close(wake_fd_);
}

void Proxy::wake() const {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_fd_, &one, sizeof one);
}

void Proxy::carry_control(const std::string& here, const std::string& there) {
  const std::lock_guard lock(mutex_);
  entrances_.push_back({Socket::listen(here), "", there, false});
  wake();
}

void Proxy::carry_kernel(const std::string& here, const std::string& there) {
  auto listener = kernel::PacketSocket::listen(here, false);
  if (!listener) throw std::runtime_error(listener.error().message);
  const std::lock_guard lock(mutex_);
  kernel_listener_ = std::move(*listener);
  kernel_there_ = there;
  wake();
}

bool Proxy::open_door(Door door, const std::string& who, const client::ClientSettings& to_broker,
                      const std::string& broker_secret_key, const std::string& here) {
  if (door == Door::outside) {
    const std::lock_guard lock(mutex_);
    entrances_.push_back(
        {Socket::listen(here), "stream." + who, path_of(to_broker.endpoint), true});
  } else {
    auto wire = make_curve_wire(to_broker, broker_secret_key, std::string(transport::kIpc) + here);
    if (!wire) return false;
    const std::lock_guard lock(mutex_);
    add(Kind::client, std::move(wire), "client." + who, Spoil::envelope);
  }
  wake();
  return true;
}

void Proxy::begin(const Plan& plan) {
  const std::lock_guard lock(mutex_);
  plan_ = plan;
}

void Proxy::heal() {
  {
    const std::lock_guard lock(mutex_);
    plan_.reset();
    for (auto& [name, memory] : links_) memory.flaps = 0;
    for (auto& one : conversations_)
      for (const auto direction : {Direction::up, Direction::down})
        carry_out(one, direction, one.lanes[static_cast<std::size_t>(direction)].heal());
  }
  wake();
}

void Proxy::cut(const std::string& link) {
  {
    const std::lock_guard lock(mutex_);
    for (auto& one : conversations_)
      if (one.memory != nullptr && one.memory->name == link) one.over = true;
  }
  wake();
}

void Proxy::name(Conversation& one, const std::string& link) {
  one.memory = &links_[link];
  one.memory->name = link;
  one.memory->new_incarnation();
  watcher_.began(link);
}

void Proxy::add(Kind kind, std::unique_ptr<Wire> wire, const std::string& link, Spoil spoil) {
  auto& one = conversations_.emplace_back(
      Conversation{kind,
                   std::move(wire),
                   nullptr,
                   {Lane(Direction::up, spoil), Lane(Direction::down, spoil)},
                   false});
  if (!link.empty()) name(one, link);
}

void Proxy::accept() {
  for (auto at = entrances_.begin(); at != entrances_.end();) {
    bool used = false;
    for (;;) {
      auto near = at->listener.accept();
      if (near.fd() < 0) break;
      auto far = Socket::connect(at->there);
      used = true;
      if (far.fd() < 0) continue;  // nobody there: the peer sees its connection end
      const bool is_client = !at->link.empty();
      add(is_client ? Kind::client : Kind::control,
          make_stream_wire(std::move(near), std::move(far)), at->link,
          is_client ? Spoil::anything : Spoil::envelope);
    }
    at = at->once && used ? entrances_.erase(at) : std::next(at);
  }
  while (kernel_listener_) {
    auto near = kernel_listener_->accept();
    if (!near) break;
    auto far = kernel::PacketSocket::connect(kernel_there_);
    if (far)
      add(Kind::kernel, make_packet_wire(std::move(*near), std::move(*far)), "kernel",
          Spoil::envelope);
  }
}

void Proxy::carry_out(Conversation& one, Direction direction, const Outcome& outcome) {
  if (outcome.fired != Fault::none) watcher_.fault(one.memory->name, direction, outcome.fired);
  for (const auto& message : outcome.deliver) one.wire->send(direction, message);
  if (one.lanes[static_cast<std::size_t>(direction)].silent()) one.wire->silence(direction);
  if (outcome.end) one.over = true;
}

void Proxy::take(Conversation& one, Direction direction, Frames frames, std::uint64_t now) {
  if (one.memory == nullptr) name(one, actor_in(frames));
  watcher_.message(one.memory->name, direction, frames);
  const bool heartbeat = one.kind == Kind::control && is_heartbeat(frames);
  const auto decision = plan_ ? one.memory->next(*plan_, direction, heartbeat) : Decision{};
  carry_out(one, direction,
            one.lanes[static_cast<std::size_t>(direction)].take(decision, *one.memory,
                                                                std::move(frames), now));
}

void Proxy::turn(std::uint64_t now) {
  for (auto at = conversations_.begin(); at != conversations_.end();) {
    while (!at->over) {
      auto received = at->wire->receive();
      if (!received) break;
      take(*at, received->first, std::move(received->second), now);
    }
    for (const auto direction : {Direction::up, Direction::down})
      carry_out(*at, direction, at->lanes[static_cast<std::size_t>(direction)].release(now));
    if (!at->over && !at->wire->ended()) {
      ++at;
      continue;
    }
    if (at->memory != nullptr) watcher_.ended(at->memory->name);
    at = conversations_.erase(at);
  }
}

int Proxy::pause_ms(std::uint64_t now) const {
  auto pause = static_cast<std::uint64_t>(kMostPauseMs);
  for (const auto& one : conversations_)
    for (const auto& lane : one.lanes)
      if (const auto due = lane.due_ms()) pause = std::min(pause, *due > now ? *due - now : 0);
  return static_cast<int>(pause);
}

void Proxy::run() {
  std::vector<pollfd> fds;
  for (;;) {
    fds.assign(1, {wake_fd_, POLLIN, 0});
    int pause = 0;
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
      accept();
      turn(now_ms());
      for (const auto& entrance : entrances_) fds.push_back({entrance.listener.fd(), POLLIN, 0});
      if (kernel_listener_) fds.push_back({kernel_listener_->fd(), POLLIN, 0});
      for (const auto& one : conversations_) one.wire->watch(fds);
      pause = pause_ms(now_ms());
    }
    (void)::poll(fds.data(), fds.size(), pause);
    std::uint64_t woken = 0;
    [[maybe_unused]] const auto got = ::read(wake_fd_, &woken, sizeof woken);
  }
}

}  // namespace aeromq::chaos::network
