// Who has one node's key, at the kernel's door for nodes.
#include <deque>
#include <random>

#include "chaos/hostile/attack.h"
#include "chaos/hostile/wire_client.h"
#include "kernel/protocol.h"
#include "transport/sockets.h"

namespace aeromq::chaos::hostile {
namespace {

using kernel::NodeReport;

// Reports as fast as they are taken; `shape` makes each one.
Load report(const Arena& arena, Clock::time_point end,
            void (*shape)(NodeReport&, std::mt19937_64&)) {
  auto context = transport::detail::make_context();
  std::mt19937_64 random(1);
  Load load;
  while (Clock::now() < end) {
    auto client = WireClient::connect(context, arena.nodes, arena.node, {}, true);
    if (!client) {
      ++load.refused;
      continue;
    }
    auto heard = Clock::now();
    constexpr auto kDeaf = std::chrono::seconds(1);
    while (Clock::now() < end && Clock::now() - heard < kDeaf) {
      NodeReport words;
      words.role = NodeRole::replica;
      words.state = "running";
      words.timeline = 1;
      shape(words, random);
      const auto body = encode(words);
      if (client->send(NodeReport::kType, body)) {
        ++load.attempts;
        load.octets += body.size();
      }
      if (client->drain(100) > 0) heard = Clock::now();
    }
  }
  return load;
}

Load reports(const Arena& arena, Clock::time_point end) {
  return report(arena, end, [](NodeReport& words, std::mt19937_64& random) {
    constexpr std::uint64_t kNear = 4096;
    words.position = random() % kNear;
  });
}

Load absurd(const Arena& arena, Clock::time_point end) {
  return report(arena, end, [](NodeReport& words, std::mt19937_64& random) {
    const std::array<std::uint64_t, 4> kFar{~0ULL, ~0ULL >> 1U, 1ULL << 48U, 1ULL << 40U};
    words.position = kFar[random() % kFar.size()];
    words.timeline = random() % 2 == 0 ? 1 : kFar[random() % kFar.size()];
    words.fencing_epoch = random() % 2 == 0 ? 0 : kFar[random() % kFar.size()];
    words.role = random() % 2 == 0 ? NodeRole::replica : NodeRole::primary;
    words.state = random() % 2 == 0 ? "running" : "\x1b[2J";
  });
}

constexpr std::array kAttacks{
    Attack{"reports", "node", "reports without end", reports},
    Attack{"absurd", "node", "positions, timelines and epochs that cannot be", absurd},
};

}  // namespace

std::span<const Attack> nodes_attacks() { return kAttacks; }

}  // namespace aeromq::chaos::hostile
