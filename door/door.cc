#include "door/door.h"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "door/listening.h"
#include "process/clock.h"
#include "process/limits.h"
#include "process/log.h"
#include "process/ready.h"

namespace aeromq::door {
namespace {

constexpr int kLookMs = 20;
constexpr int kAcceptedAtOnce = 64;
constexpr std::uint64_t kTellMs = 10000;
constexpr std::uint64_t kReserve = 64;  // descriptors for all else
constexpr std::size_t kMostSilent = 1024;
constexpr std::size_t kMostFeed = 128;
constexpr std::size_t kMostFeedOfAddress = 64;
// A HELLO costs the thread that serves all connections some 0.2 ms: few at a time, so that those
// who are inside hardly wait for those who knock.
constexpr std::size_t kMostAsking = 64;
// What whoever went inside has for its handshake before another one can take its place.
constexpr std::uint64_t kGraceMs = 300;

std::uint64_t clock_ms() { return process::now().boot_ns / kNanosPerMs; }

}  // namespace

Room room_of(std::uint64_t descriptors, std::uint64_t inside, std::uint64_t wanted) {
  const auto budget = descriptors > kReserve ? descriptors - kReserve : 0;
  Room room;
  room.silent = std::min<std::uint64_t>(kMostSilent, budget * 5 / 16);
  room.waiting = std::min<std::uint64_t>(kMostSilent / 2, budget / 10);
  room.feed = std::min<std::uint64_t>(kMostFeed, budget / 16);
  room.clients = std::min(wanted, (budget - room.silent - room.waiting - 2 * room.feed) / 2);
  if (inside > 0) room.clients = std::min<std::uint64_t>(room.clients, inside);
  return room;
}

template <void (Door::*member)()>
Door::Event Door::hook(int fd, short what) {
  const auto call = [](evutil_socket_t, short, void* self) {
    (static_cast<Door*>(self)->*member)();
  };
  return Event(event_new(base_.get(), fd, what, call, this));
}

Result<std::unique_ptr<Door>> Door::open(const process::Settings& settings) {
  auto board = Board::open(process::board_file(settings));
  if (!board) return fail(board.error());
  std::unique_ptr<Door> door(new Door(std::move(*board)));
  door->board_.begin_anew();
  door->told_ = door->board_.turned();
  for (std::uint32_t place = 0; place < Board::kPlaces; ++place) door->places_.push_back(place);
  door->descriptors_ = process::raise_descriptor_limit();
  door->wanted_ = settings.door.connections;
  door->base_.reset(event_base_new());
  if (!door->base_)
    return fail(make_error(ErrorCode::invalid_input, "no event loop from the system", "door"));

  auto& [clients, feed] = door->entrances_;
  clients.endpoint = settings.broker.clients;
  clients.rules = {process::inner_clients_endpoint(settings), settings.door.hello_ms,
                   settings.door.unfinished_bytes, false};
  feed.endpoint = settings.broker.feed;
  feed.rules = {process::inner_feed_endpoint(settings), settings.door.hello_ms, 0, true};
  const auto room = room_of(door->descriptors_, 0, door->wanted_);
  CapNumbers numbers;
  numbers.silent = room.silent;
  numbers.waiting = room.waiting;
  numbers.unproven_per_address = settings.door.handshakes_per_address;
  numbers.unproven = 2 * settings.door.handshakes_per_address;
  numbers.per_address = settings.door.connections_per_address;
  numbers.all = room.clients;
  clients.caps.emplace(numbers);
  numbers.unproven_per_address = numbers.per_address = std::min(room.feed, kMostFeedOfAddress);
  numbers.unproven = numbers.all = room.feed;
  feed.caps.emplace(numbers);
  for (auto& entrance : door->entrances_) entrance.door = door.get();
  return door;
}

Door::~Door() { stop_listening(); }

Result<void> Door::run() {
  signals_.emplace();
  stop_ = hook<&Door::asked_to_stop>(signals_->fd(), EV_READ | EV_PERSIST);
  timer_ = hook<&Door::look>(-1, EV_PERSIST);
  event_add(stop_.get(), nullptr);
  const timeval every{0, kLookMs * 1000};
  event_add(timer_.get(), &every);
  now_ms_ = clock_ms();
  look_for_broker();
  event_base_dispatch(base_.get());
  if (fault_) return fail(*fault_);
  return {};
}

void Door::asked_to_stop() {
  if (signals_->next()) event_base_loopbreak(base_.get());
}

// ---- listening while the broker lives ----------------------------------------------------------

Result<void> Door::listen() {
  for (auto& entrance : entrances_) {
    auto listening = listen_at(entrance.endpoint);
    if (!listening) {
      stop_listening();
      return fail(listening.error());
    }
    entrance.listening = std::move(*listening);
    for (const int fd : entrance.listening) {
      const auto call = [](evutil_socket_t listener, short, void* at) {
        auto& one = *static_cast<Entrance*>(at);
        one.door->accept_from(one, listener);
      };
      entrance.accepting.emplace_back(
          event_new(base_.get(), fd, EV_READ | EV_PERSIST, call, &entrance));
      event_add(entrance.accepting.back().get(), nullptr);
    }
  }
  listening_ = listened_ = true;
  process::tell_ready();
  return {};
}

void Door::stop_listening() {
  for (auto& entrance : entrances_) {
    entrance.accepting.clear();
    door::stop_listening(entrance.endpoint, entrance.listening);
  }
  listening_ = false;
}

/// Whoever knocks while the broker is away is to find nobody, and not a door that leads nowhere.
void Door::look_for_broker() {
  if (now_ms_ < listen_again_ms_) return;
  const int probe = connect_inside(entrances_[0].rules.inner, {});
  if (probe < 0 && errno != EAGAIN) return;
  if (probe >= 0) ::close(probe);
  if (auto done = listen(); !done) {
    if (listened_) {  // it could be bound before: perhaps it can soon again
      constexpr std::uint64_t kListenAgainMs = 1000;
      listen_again_ms_ = now_ms_ + kListenAgainMs;
      process::log_warning("cannot_listen", {{"why", done.error().message}});
      return;
    }
    fault_ = done.error();
    event_base_loopbreak(base_.get());
    return;
  }
  const auto room = room_of(descriptors_, board_.broker_room(), wanted_);
  entrances_[0].caps->set_all(room.clients);
  broker_.reset();
  if (broker_fd_ >= 0) ::close(std::exchange(broker_fd_, -1));
  const auto pid = board_.broker_pid();
  broker_fd_ = pid > 0 ? static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)) : -1;
  if (broker_fd_ < 0) return;  // then the first connection that finds nobody tells
  broker_ = hook<&Door::broker_ended>(broker_fd_, EV_READ);
  event_add(broker_.get(), nullptr);
}

void Door::broker_ended() {
  broker_.reset();
  if (broker_fd_ >= 0) ::close(std::exchange(broker_fd_, -1));
  if (!listening_) return;
  process::log_info("broker_gone", {{"then", "nobody is let in"}});
  stop_listening();
}

void Door::nobody_inside(Connection& connection) {
  if (&entrance_of(connection) == &entrances_[0]) broker_ended();
}

// ---- connections --------------------------------------------------------------------------------

void Door::accept_from(Entrance& entrance, int listener) {
  for (int i = 0; i < kAcceptedAtOnce; ++i) {
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      // Nothing waits, or it has gone, or there is no descriptor: look() asks again.
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
        for (auto& accepting : entrance.accepting) event_del(accepting.get());
      return;
    }
    auto address = address_of(fd);
    if (!address) {
      ::close(fd);
      continue;
    }
    const auto id = ++last_id_;
    const auto verdict = entrance.caps->arrives(id, address->counted);
    if (verdict.leaves) make_room(entrance, *verdict.leaves);
    auto connection = std::make_unique<Connection>(id, fd, std::move(*address), entrance.rules,
                                                   base_.get(), board_, *this, now_ms_);
    entrance.connections.emplace(id, std::move(connection));
  }
}

Door::Entrance& Door::entrance_of(const Connection& connection) {
  return entrances_[0].connections.contains(connection.id()) ? entrances_[0] : entrances_[1];
}

void Door::hello(Connection& connection) {
  auto& entrance = entrance_of(connection);
  const auto verdict = entrance.caps->waits(connection.id());
  if (verdict.leaves) let_go(entrance, *verdict.leaves, Turned::crowded);
  entrance.turns.add(connection.id(), connection.address().counted);
}

bool Door::make_place(Entrance& entrance, Connection& connection) {
  if (connection.ref()) return true;
  auto verdict = entrance.caps->who_goes_for(connection.id());
  const auto is_young = [&] {
    const auto at = entrance.connections.find(verdict.leaves.value_or(0));
    return at != entrance.connections.end() && at->second->spent_ms() < kGraceMs;
  };
  if (is_young()) return false;
  if (verdict.leaves) {  // unless it was heard since it was looked at last
    for (auto& [id, other] : entrance.connections) other->look_proven();
    verdict = entrance.caps->who_goes_for(connection.id());
    if (is_young()) return false;
  }
  if (places_.empty() || !verdict.stays) {
    connection.turn_away(Turned::crowded);
    return true;
  }
  if (verdict.leaves) let_go(entrance, *verdict.leaves, Turned::crowded);
  entrance.caps->goes_inside(connection.id());
  const auto place = places_.front();
  places_.pop_front();
  connection.take_place(board_.begin(place, connection.address().shown));
  return true;
}

void Door::answered(Connection& connection) { --entrance_of(connection).asking; }

void Door::send_inside(Entrance& entrance) {
  std::set<std::string> full;
  while (entrance.asking < kMostAsking) {
    const auto id = entrance.turns.next(full);
    if (!id) return;
    const auto at = entrance.connections.find(*id);
    if (at == entrance.connections.end()) continue;
    auto& connection = *at->second;
    const auto& address = connection.address().counted;
    if (!connection.is_over() && !make_place(entrance, connection)) {
      entrance.turns.add_first(*id, address);
      full.insert(address);
      continue;
    }
    connection.come_in();
    if (connection.is_over()) {
      let_go(entrance, *id, std::nullopt);
    } else if (connection.is_asking()) {
      ++entrance.asking;
    } else {
      entrance.turns.add_first(*id, address);  // not now: look() tries again
      return;
    }
  }
}

/// What it sent may lie here unread: then it is no longer one of the silent.
void Door::make_room(Entrance& entrance, Caps::Id id) {
  const auto at = entrance.connections.find(id);
  if (at != entrance.connections.end() && at->second->has_opened() && !at->second->is_over())
    return;
  let_go(entrance, id, Turned::crowded);
}

void Door::proven(Connection& connection) { entrance_of(connection).caps->proves(connection.id()); }

void Door::settle(Connection& connection) {
  auto& entrance = entrance_of(connection);
  if (connection.is_over()) let_go(entrance, connection.id(), std::nullopt);
  send_inside(entrance);
}

void Door::let_go(Entrance& entrance, Caps::Id id, std::optional<Turned> why) {
  const auto at = entrance.connections.find(id);
  if (at == entrance.connections.end()) return;
  auto& connection = *at->second;
  if (!why) why = connection.why();
  if (why) board_.turned_away(*why, connection.address().shown);
  if (connection.is_asking()) --entrance.asking;
  if (connection.ref()) places_.push_back(connection.ref()->place);
  entrance.caps->left(id);
  entrance.connections.erase(at);
}

void Door::look() {
  now_ms_ = clock_ms();
  if (!listening_) look_for_broker();
  for (auto& entrance : entrances_) {
    for (auto& accepting : entrance.accepting) event_add(accepting.get(), nullptr);
    for (auto next = entrance.connections.begin(); next != entrance.connections.end();) {
      auto& connection = *(next++)->second;
      connection.look(now_ms_);
      if (connection.is_over()) let_go(entrance, connection.id(), std::nullopt);
    }
    send_inside(entrance);
  }
  tell_turned();
}

void Door::tell_turned() {
  if (now_ms_ < told_ms_ + kTellMs) return;
  const auto now = board_.turned();
  if (now == told_) return;
  std::string counts;
  for (std::size_t i = 0; i < now.size(); ++i) {
    const auto more = now[i] - told_[i];
    if (more > 0)
      counts +=
          (counts.empty() ? "" : ", ") + std::to_string(more) + " " + std::string(kTurnedText[i]);
  }
  process::log_warning("connections_refused", {{"counts", counts}, {"last", board_.last_turned()}});
  told_ = now;
  told_ms_ = now_ms_;
}

}  // namespace aeromq::door
