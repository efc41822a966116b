#include "door/connection.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "door/listening.h"
#include "process/entropy.h"

namespace aeromq::door {
namespace {

constexpr std::uint64_t kOpeningMs = 2000;
// Longer than the handshake limit of libzmq on either side, which is to be seen by both.
constexpr std::uint64_t kHandshakeMs = 4000;
// Of the first whole message, a HELLO.
constexpr std::uint64_t kUnheardOctets = 8192;
constexpr std::uint64_t kServersHandshakeMs = 1900;  // about libzmq's own
constexpr std::uint64_t kPausedMs = 1000;  // shorter than three heartbeats: the reason is ours
constexpr std::uint64_t kStuckMs = 10000;
// Octets that a subscriber may send: at once, and for each millisecond.
constexpr std::uint64_t kAskedAtOnce = 8192;
constexpr std::uint64_t kAskedPerMs = 1;
// How long an inner connection outlives a client that has not been heard yet: the broker finds who
// it was by its descriptor, which must not be another's by then.
constexpr std::uint64_t kUnheardMs = 1000;
// How long a client that is sent away may still send: closing at once would destroy the last word.
constexpr std::uint64_t kLeavingMs = 1000;
constexpr std::uint64_t kLeavingOctets = 1024 * 1024;

std::uint64_t unguessable() {
  std::uint64_t number = 0;
  process::fill_random({reinterpret_cast<std::uint8_t*>(&number), sizeof number});
  return number;
}

/// What there is to read, up to `most` octets, in memory that the next call uses again. Nothing:
/// not now. Empty: the end.
std::optional<ByteView> read_some(int fd, std::size_t most) {
  static std::array<std::uint8_t, 16 * 1024> room;
  const auto got = ::recv(fd, room.data(), std::min(most, room.size()), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return std::nullopt;
  return ByteView(room.data(), got < 0 ? 0 : static_cast<std::size_t>(got));
}

}  // namespace

template <void (Connection::*member)()>
Connection::Hook Connection::hook(int fd, short what) {
  const auto call = [](evutil_socket_t, short, void* self) {
    auto& connection = *static_cast<Connection*>(self);
    (connection.*member)();
    connection.host_.settle(connection);
  };
  return Hook(event_new(base_, fd, static_cast<short>(what | EV_PERSIST), call, this));
}

Connection::Connection(Caps::Id id, int client, Address address, const Rules& rules,
                       event_base* base, Board& board, Host& host, std::uint64_t now_ms)
    : id_(id),
      address_(std::move(address)),
      rules_(rules),
      base_(base),
      board_(board),
      host_(host),
      now_ms_(now_ms),
      since_ms_(now_ms) {
  in_.from = out_.to = client;
  in_.readable = hook<&Connection::client_readable>(client, EV_READ);
  event_add(in_.readable.get(), nullptr);
}

Connection::~Connection() {
  gone_.reset();
  for (auto* way : {&in_, &out_}) {
    way->readable.reset();
    way->writable.reset();
  }
  if (ref_) board_.end(*ref_);  // before the process inside can see that it ended
  for (const int fd : {in_.from, out_.from})
    if (fd >= 0) ::close(fd);
}

void Connection::turn_away(Turned why) {
  if (over_) return;
  over_ = true;
  why_ = why;
}

// ---- before it is let in ----------------------------------------------------------------------

void Connection::read_opening() {
  const auto octets = read_some(in_.from, kOpening - opening_.size());
  if (!octets) return;
  if (octets->empty()) {
    over_ = true;
    return;
  }
  if (opening_.empty()) {
    const auto& first = greeting();  // nothing was sent before: there is room
    (void)::send(out_.to, first.data(), first.size(), MSG_NOSIGNAL);
  }
  opening_.insert(opening_.end(), octets->begin(), octets->end());
  const auto judged = judge_opening(opening_);
  if (judged == Opening::bad) return turn_away(Turned::no_handshake);
  if (judged == Opening::more) return;
  event_del(in_.readable.get());
  gone_ = hook<&Connection::client_stirs>(in_.from, EV_READ);
  event_add(gone_.get(), nullptr);
  stage_ = Stage::waiting;
  since_ms_ = now_ms_;
  host_.hello(*this);
}

/// While it waits it can only leave: a client has nothing to say before WELCOME.
void Connection::client_stirs() {
  char octet = 0;
  const auto got = ::recv(in_.from, &octet, 1, MSG_PEEK);
  if (got > 0) return turn_away(Turned::no_handshake);
  over_ = over_ || got == 0 || errno != EAGAIN;
}

bool Connection::has_opened() {
  if (!over_ && stage_ == Stage::opening) read_opening();
  return stage_ != Stage::opening;
}

void Connection::come_in() {
  if (over_ || stage_ != Stage::waiting) return;
  const int inner = connect_inside(rules_.inner, name_of(*ref_, unguessable()));
  if (inner < 0) {
    if (errno == ENOENT || errno == ECONNREFUSED) host_.nobody_inside(*this);
    return;  // look() tries again
  }
  in_.to = out_.from = inner;
  in_.writable = hook<&Connection::inner_writable>(inner, EV_WRITE);
  out_.readable = hook<&Connection::inner_readable>(inner, EV_READ);
  out_.writable = hook<&Connection::client_writable>(out_.to, EV_WRITE);
  gone_.reset();
  stage_ = Stage::handshake;
  since_ms_ = asked_ms_ = now_ms_;
  event_add(out_.readable.get(), nullptr);
  event_add(in_.readable.get(), nullptr);
  pass(in_, std::exchange(opening_, {}));
}

// ---- octets both ways -------------------------------------------------------------------------

void Connection::client_readable() {
  if (over_) return;
  if (stage_ == Stage::opening) return read_opening();
  const auto octets = read_some(in_.from, SIZE_MAX);
  if (!octets) return;
  if (octets->empty()) return end_after(in_);
  if (stage_ == Stage::leaving) {
    unfinished_ += octets->size();
    if (unfinished_ > kLeavingOctets) event_del(in_.readable.get());
    return;
  }
  count_in(octets->size());
  pass(in_, *octets);
}

void Connection::count_in(std::size_t octets) {
  if (rules_.only_asks) {
    // A bucket, told by when it is full again.
    asked_ms_ = std::max(asked_ms_, now_ms_) + octets / kAskedPerMs;
    if (asked_ms_ > now_ms_ + kAskedAtOnce) pause();
    return;
  }
  const auto taken = board_.taken(*ref_);
  if (taken != taken_) unfinished_ = 0;
  taken_ = taken;
  unfinished_ += octets;
  // Perhaps the broker has whole ones that it had no time for yet: nothing more until it took one.
  const bool unheard = stage_ == Stage::open && taken == 0;
  if (unfinished_ > (unheard ? kUnheardOctets : rules_.unfinished)) pause();
}

void Connection::pause() {
  paused_ms_ = now_ms_;
  event_del(in_.readable.get());
}

bool Connection::may_go_on(std::uint32_t taken) const {
  return rules_.only_asks ? asked_ms_ <= now_ms_ + kAskedAtOnce / 2 : taken != taken_;
}

void Connection::inner_readable() {
  if (over_) return;
  auto octets = read_some(out_.from, SIZE_MAX);
  if (!octets) return;
  if (octets->empty()) {
    hear_answer();
    if (stage_ == Stage::handshake)
      why_ = now_ms_ > since_ms_ + kServersHandshakeMs ? Turned::too_slow : Turned::refused_key;
    return end_after(out_);
  }
  const auto dropped = std::min(drop_, octets->size());
  drop_ -= dropped;
  *octets = octets->subspan(dropped);
  if (stage_ == Stage::handshake) {
    if (!octets->empty()) hear_answer();
    const auto word = watch_.see(*octets);
    if (word == ServerWatch::Word::error) why_ = Turned::refused_key;
    if (word == ServerWatch::Word::ready) {
      stage_ = Stage::open;
      since_ms_ = now_ms_;
      unfinished_ = 0;
    }
  }
  pass(out_, *octets);
}

void Connection::hear_answer() {
  if (!is_asking()) return;
  answered_ = true;
  host_.answered(*this);
}

void Connection::pass(Way& way, ByteView octets) {
  if (octets.empty()) return;
  auto sent = ::send(way.to, octets.data(), octets.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0 && errno != EAGAIN && errno != EINTR) {
    over_ = true;
    return;
  }
  sent = std::max<ssize_t>(sent, 0);
  if (static_cast<std::size_t>(sent) == octets.size()) return;
  way.rest.assign(octets.begin() + sent, octets.end());
  way.stuck_ms = now_ms_;
  event_del(way.readable.get());
  event_add(way.writable.get(), nullptr);
}

void Connection::write_on(Way& way) {
  if (over_) return;
  const auto sent = ::send(way.to, way.rest.data(), way.rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0) {
    over_ = errno != EAGAIN && errno != EINTR;
    return;
  }
  way.rest.erase(way.rest.begin(), way.rest.begin() + sent);
  way.stuck_ms = now_ms_;
  if (!way.rest.empty()) return;
  event_del(way.writable.get());
  if (last_ == &way) {
    end_of_rest(way);
  } else if (last_ == nullptr && (&way != &in_ || paused_ms_ == 0)) {
    event_add(way.readable.get(), nullptr);
  }
}

/// One side has ended: what it said last is still passed on.
void Connection::end_after(Way& way) {
  if (stage_ == Stage::leaving) {
    over_ = true;
    return;
  }
  last_ = &way;
  for (auto* each : {&in_, &out_})
    if (each->readable) event_del(each->readable.get());
  if (way.rest.empty()) end_of_rest(way);
}

/// The inner side is over, and known to be; the client's is open for a moment more.
void Connection::leave() {
  stage_ = Stage::leaving;
  since_ms_ = now_ms_;
  unfinished_ = 0;
  board_.end(*ref_);  // before the process inside can see that it ended
  event_del(in_.readable.get());
  in_.writable.reset();
  out_.readable.reset();
  out_.writable.reset();
  in_.rest.clear();
  out_.rest.clear();
  if (in_.to >= 0) ::close(in_.to);
  in_.to = out_.from = -1;
}

/// Barred: nothing passes any more, and a moment later it is closed. Not at once: libzmq aborts a
/// client whose connection ends between two frames that it reads.
void Connection::silence() {
  why_ = Turned::barred;
  leave();
}

void Connection::end_of_rest(Way& way) {
  if (&way == &in_) {
    over_ = stage_ != Stage::open || rules_.only_asks || board_.taken(*ref_) > 0;
    since_ms_ = now_ms_;
    return;
  }
  ::shutdown(out_.to, SHUT_WR);
  leave();
  event_add(in_.readable.get(), nullptr);
}

// ---- time -------------------------------------------------------------------------------------

void Connection::look(std::uint64_t now_ms) {
  now_ms_ = now_ms;
  if (over_) return;
  const auto spent = now_ms - since_ms_;
  if (stage_ != Stage::leaving && ref_ && board_.is_barred(*ref_)) return silence();
  for (const auto* way : {&in_, &out_})
    if (!way->rest.empty() && now_ms > way->stuck_ms + kStuckMs) return turn_away(Turned::too_slow);
  switch (stage_) {
    case Stage::opening:
      if (spent > kOpeningMs) turn_away(Turned::too_slow);
      return;
    case Stage::waiting:
      if (spent > kHandshakeMs) turn_away(Turned::too_slow);
      return;
    case Stage::handshake:
      if (spent > kHandshakeMs) turn_away(Turned::too_slow);
      return;
    case Stage::open:
      return look_open();
    case Stage::leaving:
      over_ = spent > kLeavingMs;
      return;
  }
}

void Connection::look_proven() {
  if (proven_ || !ref_ || board_.taken(*ref_) == 0) return;
  proven_ = true;
  host_.proven(*this);
}

void Connection::look_open() {
  look_proven();
  const auto taken = board_.taken(*ref_);
  if (last_ == &in_) {
    if (in_.rest.empty()) over_ = taken > 0 || now_ms_ > since_ms_ + kUnheardMs;
    return;
  }
  if (!proven_ && !rules_.only_asks && now_ms_ > since_ms_ + rules_.hello_ms)
    return turn_away(Turned::too_slow);
  if (paused_ms_ == 0) return;
  if (may_go_on(taken)) {
    taken_ = taken;
    unfinished_ = paused_ms_ = 0;
    if (in_.rest.empty() && last_ == nullptr) event_add(in_.readable.get(), nullptr);
  } else if (now_ms_ > paused_ms_ + kPausedMs) {
    turn_away(rules_.only_asks ? Turned::asked_much : Turned::unfinished);
  }
}

}  // namespace aeromq::door
