// Who has a key, and a stack of protocols of his own: what libzmq would never send.
#include <random>

#include "chaos/hostile/attack.h"
#include "chaos/hostile/curve_peer.h"

namespace aeromq::chaos::hostile {
namespace {

constexpr std::size_t kFrame = 16000;

// One message that never ends: libzmq keeps its frames until the last one has come.
Load endless(const Arena& arena, Clock::time_point end) {
  const Bytes filler(kFrame);
  return pester(arena, arena.clients, "DEALER", end,
                [&](CurvePeer& peer) { return peer.sealed(filler, true); });
}

// Commands that mean nothing to a ROUTER, and PINGs, each of which must be answered.
Load commands(const Arena& arena, Clock::time_point end) {
  const std::array<Bytes, 4> words{{{4, 'P', 'I', 'N', 'G', 0, 10, 1, 2, 3},
                                    {9, 'S', 'U', 'B', 'S', 'C', 'R', 'I', 'B', 'E', 'x'},
                                    {6, 'C', 'A', 'N', 'C', 'E', 'L', 'x'},
                                    {3, 'X', 'Y', 'Z'}}};
  std::mt19937 random(1);
  return pester(arena, arena.clients, "DEALER", end, [&](CurvePeer& peer) {
    return peer.sealed(words[random() % words.size()], false, true);
  });
}

// Whole messages of random frames: no magic, no header, too many, too long.
Load nonsense(const Arena& arena, Clock::time_point end) {
  constexpr std::size_t kMostFrames = 6;
  constexpr std::size_t kMostOctets = 700;
  std::mt19937 random(1);
  return pester(arena, arena.clients, "DEALER", end, [&](CurvePeer& peer) {
    Bytes message;
    const auto frames = 1 + random() % kMostFrames;
    for (std::size_t i = 0; i < frames; ++i) {
      Bytes body(random() % kMostOctets);
      for (auto& octet : body) octet = static_cast<std::uint8_t>(random());
      append(message, peer.sealed(body, i + 1 < frames));
    }
    return message;
  });
}

constexpr std::array kAttacks{
    Attack{"endless", "observer", "one message that never ends", endless},
    Attack{"commands", "observer", "commands of ZMTP without number", commands},
    Attack{"nonsense", "observer", "messages of frames that mean nothing", nonsense},
};

}  // namespace

std::span<const Attack> frames_attacks() { return kAttacks; }

}  // namespace aeromq::chaos::hostile
