// Who has no key: the door's port, and whatever a plain socket can do to it.
#include <poll.h>

#include <deque>
#include <random>

#include "chaos/hostile/attack.h"
#include "chaos/hostile/curve_peer.h"

namespace aeromq::chaos::hostile {
namespace {

constexpr int kDialMs = 500;
constexpr int kPauseMs = 1;
constexpr unsigned kSeed = 1;

void pause(int ms) { ::poll(nullptr, 0, ms); }

// A connection that begins with these words, if it is taken.
std::optional<RawSocket> open_with(const Arena& arena, Clock::time_point end, ByteView words,
                                   Load& load) {
  ++load.attempts;
  auto socket = RawSocket::dial(arena.clients.endpoint, arena.source, kDialMs);
  if (!socket || !socket->send(words, end)) {
    ++load.refused;
    return std::nullopt;
  }
  load.octets += words.size();
  return socket;
}

// As many as are let, held; one that is closed is opened anew.
Load half_open(const Arena& arena, Clock::time_point end) {
  constexpr std::size_t kMost = 3000;
  Load load;
  std::deque<RawSocket> held;
  while (Clock::now() < end) {
    if (held.size() < kMost) {
      if (auto socket = open_with(arena, end, {}, load)) {
        held.push_back(std::move(*socket));
        continue;
      }
    }
    std::erase_if(held, [](RawSocket& socket) { return socket.ended(); });
    pause(kPauseMs);
  }
  return load;
}

// Greeting and HELLO one octet at a time, on as many connections as are let.
Load slow(const Arena& arena, Clock::time_point end) {
  constexpr std::size_t kMost = 300;
  constexpr int kStepMs = 20;
  const auto text = CurvePeer::hello_of_stranger(arena.clients.server_key);
  struct Slow {
    RawSocket socket;
    std::size_t at = 0;
  };
  Load load;
  std::deque<Slow> held;
  while (Clock::now() < end) {
    while (held.size() < kMost && Clock::now() < end) {
      auto socket = RawSocket::dial(arena.clients.endpoint, arena.source, kDialMs);
      if (!socket) {
        ++load.refused;
        break;
      }
      held.push_back({std::move(*socket)});
    }
    std::erase_if(held, [&](Slow& one) {
      if (one.socket.ended()) return true;
      if (one.at == text.size()) return false;
      ++load.attempts;
      ++load.octets;
      return !one.socket.send(ByteView(text).subspan(one.at++, 1), Clock::now());
    });
    pause(kStepMs);
  }
  return load;
}

Load come_and_go(const Arena& arena, Clock::time_point end) {
  Load load;
  while (Clock::now() < end)
    if (auto socket = open_with(arena, end, {}, load)) socket->reset();
  return load;
}

// The server's key is no secret: each HELLO costs it a multiplication on the curve.
Load hellos(const Arena& arena, Clock::time_point end) {
  constexpr std::size_t kHeld = 100;
  const auto text = CurvePeer::hello_of_stranger(arena.clients.server_key);
  Load load;
  std::deque<RawSocket> held;
  while (Clock::now() < end) {
    if (auto socket = open_with(arena, end, text, load)) held.push_back(std::move(*socket));
    if (held.size() > kHeld) held.pop_front();
  }
  return load;
}

Load unknown_keys(const Arena& arena, Clock::time_point end) {
  Load load;
  while (Clock::now() < end) {
    ++load.attempts;
    if (!CurvePeer::connect(arena.clients, transport::make_key_pair(), arena.source))
      ++load.refused;
  }
  return load;
}

// Handshakes with something wrong in them: another mechanism, an older version, octets changed.
Load malformed(const Arena& arena, Clock::time_point end) {
  std::mt19937 random(kSeed);
  const auto good = CurvePeer::hello_of_stranger(arena.clients.server_key);
  const std::vector<Bytes> openings{greeting("NULL"),         greeting("PLAIN"),
                                    greeting("CURVE", 2, 0),  greeting("CURVE", 1, 0),
                                    Bytes(good.size(), 0xff), good};
  Load load;
  while (Clock::now() < end) {
    auto text = openings[random() % openings.size()];
    for (unsigned i = 0; i < random() % 4; ++i)
      text[random() % text.size()] = static_cast<std::uint8_t>(random());
    text.resize(1 + random() % text.size());
    if (auto socket = open_with(arena, end, text, load)) socket->ended();
  }
  return load;
}

constexpr std::array kAttacks{
    Attack{"half-open", "stranger", "connects and says nothing, 3000 times at once", half_open},
    Attack{"slow", "stranger", "300 handshakes, an octet at a time", slow},
    Attack{"come-and-go", "stranger", "connects and leaves with a reset", come_and_go},
    Attack{"hellos", "stranger", "a valid HELLO, and silence", hellos},
    Attack{"unknown-keys", "stranger", "whole handshakes with keys of nobody", unknown_keys},
    Attack{"malformed", "stranger", "handshakes with something wrong in them", malformed},
};

}  // namespace

std::span<const Attack> strangers_attacks() { return kAttacks; }

}  // namespace aeromq::chaos::hostile
