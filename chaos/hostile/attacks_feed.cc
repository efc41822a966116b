// Who has a key, at the observer feed.
#include <poll.h>

#include <deque>

#include "chaos/hostile/attack.h"
#include "chaos/hostile/curve_peer.h"
#include "process/entropy.h"

namespace aeromq::chaos::hostile {
namespace {

constexpr std::size_t kTopic = 59000;

Bytes word(std::string_view name, ByteView topic) {
  Bytes octets;
  octets.push_back(static_cast<std::uint8_t>(name.size()));
  octets.insert(octets.end(), name.begin(), name.end());
  octets.insert(octets.end(), topic.begin(), topic.end());
  return octets;
}

// Each octet of a topic is a node of a trie where libzmq keeps it.
Load topics(const Arena& arena, Clock::time_point end, bool cancel) {
  constexpr std::size_t kFresh = 8;
  Bytes topic(kTopic);
  return pester(arena, arena.feed, "SUB", end, [&](CurvePeer& peer) {
    process::fill_random(std::span(topic).first(kFresh));
    auto octets = peer.sealed(word("SUBSCRIBE", topic), false, true);
    if (cancel) append(octets, peer.sealed(word("CANCEL", topic), false, true));
    return octets;
  });
}
Load topic_flood(const Arena& arena, Clock::time_point end) { return topics(arena, end, false); }
Load topic_churn(const Arena& arena, Clock::time_point end) { return topics(arena, end, true); }

// Subscribers that never read.
Load deaf(const Arena& arena, Clock::time_point end) {
  constexpr std::size_t kMost = 100;
  constexpr int kPauseMs = 20;
  Load load;
  std::deque<CurvePeer> held;
  while (Clock::now() < end) {
    if (held.size() < kMost) {
      ++load.attempts;
      auto peer = CurvePeer::connect(arena.feed, arena.observer, arena.source, "SUB");
      if (peer && peer->socket().send(peer->sealed(word("SUBSCRIBE", {}), false, true), end)) {
        held.push_back(std::move(*peer));
        continue;
      }
      ++load.refused;
    }
    ::poll(nullptr, 0, kPauseMs);
  }
  return load;
}

constexpr std::array kAttacks{
    Attack{"topics", "observer", "topics of 59000 octets at the feed", topic_flood},
    Attack{"topic-churn", "observer", "the same, each taken back at once", topic_churn},
    Attack{"deaf", "observer", "100 subscribers that never read", deaf},
};

}  // namespace

std::span<const Attack> feed_attacks() { return kAttacks; }

}  // namespace aeromq::chaos::hostile
