// Who has a key and keeps to the protocol, without measure.
#include <poll.h>

#include <deque>
#include <functional>

#include "chaos/hostile/attack.h"
#include "chaos/hostile/wire_client.h"
#include "transport/sockets.h"

namespace aeromq::chaos::hostile {
namespace {

constexpr std::size_t kLongReason = 1000;
constexpr std::size_t kDrained = 1000;
constexpr int kPauseMs = 1;

/// One message; its type, body and id are the attack's.
using Shot = std::function<bool(WireClient&)>;

struct Flood {
  std::size_t connections = 4;
  std::uint64_t window = 256;  ///< unanswered at most on a connection; 0 = reads nothing at all
};

// A connection that was ended is made anew.
Load flood(const Arena& arena, Clock::time_point end, const transport::KeyPair& keys,
           const Flood& how, const Shot& shoot) {
  struct Gun {
    WireClient client;
    std::uint64_t answered = 0;
    Clock::time_point last = Clock::now();
  };
  constexpr auto kDeaf = std::chrono::seconds(2);
  auto context = transport::detail::make_context();
  WireOptions options;
  options.source = arena.source;
  options.receive_hwm = how.window == 0 ? 1 : options.receive_hwm;
  options.patience_ms = 1000;
  Load load;
  std::deque<Gun> guns;
  while (Clock::now() < end) {
    if (guns.size() < how.connections) {
      auto client = WireClient::connect(context, arena.clients, keys, options);
      if (client)
        guns.push_back({std::move(*client)});
      else
        ++load.refused;
    }
    bool idle = true;
    for (auto& gun : guns) {
      if (how.window > 0) gun.answered += gun.client.drain(kDrained);
      for (std::size_t burst = 0; burst < kDrained; ++burst) {
        if (how.window > 0 && gun.client.sent() - 1 >= gun.answered + how.window) break;
        if (!shoot(gun.client)) break;
        ++load.attempts;
        gun.last = Clock::now();
        idle = false;
      }
    }
    std::erase_if(guns, [&](const Gun& gun) { return Clock::now() - gun.last > kDeaf; });
    if (idle) ::poll(nullptr, 0, kPauseMs);
  }
  return load;
}

Shot submit(Bytes body, bool kernel_action) {
  return [body = std::move(body), kernel_action](WireClient& client) {
    return client.send(MessageType::submit, body, client.next_id(kernel_action));
  };
}

bool repeat(WireClient& client) {
  static const auto body = look_body();
  const RequestId same{client.welcome().session, 1, false};
  return client.send(MessageType::submit, body, same);
}

bool stray_confirm(WireClient& client) {
  static const auto body = encode(Confirm{});
  return client.send(MessageType::confirm, body, client.next_id(true));
}

// Every type that there is, also those that are not a client's to send.
bool every_type(WireClient& client) {
  static const Bytes body{0x80};
  const auto routes = route_table();
  const auto& route = routes[client.sent() % routes.size()];
  return client.send(route.type, body, client.next_id((client.sent() & 1U) != 0));
}

Shot bare(MessageType type) {
  return [type](WireClient& client) { return client.send(type, Bytes{0x80}); };
}

Load looks(const Arena& arena, Clock::time_point end) {
  return flood(arena, end, arena.observer, {16, 256}, submit(look_body(), false));
}
Load looks_unread(const Arena& arena, Clock::time_point end) {
  return flood(arena, end, arena.observer, {3, 0}, submit(look_body(), false));
}
Load forbidden(const Arena& arena, Clock::time_point end) {
  return flood(arena, end, arena.observer, {8, 256}, submit(demotion_body("a", kLongReason), true));
}
Load forbidden_unread(const Arena& arena, Clock::time_point end) {
  return flood(arena, end, arena.observer, {3, 0}, submit(demotion_body("a", kLongReason), true));
}
Load repeats(const Arena& arena, Clock::time_point end) {
  return flood(arena, end, arena.observer, {8, 256}, repeat);
}
Load strays(const Arena& arena, Clock::time_point end) {
  return flood(arena, end, arena.observer, {8, 256}, stray_confirm);
}
Load all_types(const Arena& arena, Clock::time_point end) {
  return flood(arena, end, arena.observer, {4, 256}, every_type);
}
Load renewals(const Arena& arena, Clock::time_point end) {
  return flood(arena, end, arena.observer, {2, 700}, bare(MessageType::renew));
}
Load statuses(const Arena& arena, Clock::time_point end) {
  return flood(arena, end, arena.observer, {2, 700}, bare(MessageType::status_query));
}
Load confirmations(const Arena& arena, Clock::time_point end) {
  return flood(arena, end, arena.operator_, {5, 250},
               submit(demotion_body("a", kLongReason), true));
}
Load demotions_refused(const Arena& arena, Clock::time_point end) {
  return flood(arena, end, arena.operator_, {4, 250},
               submit(demotion_body("nobody", kLongReason), true));
}

// All the connections that one key may have; greeted, or mute for ever.
Load crowd(const Arena& arena, Clock::time_point end, bool mute) {
  constexpr std::size_t kMost = 600;
  auto context = transport::detail::make_context();
  WireOptions options;
  options.source = arena.source;
  options.patience_ms = 400;
  Load load;
  std::deque<WireClient> held;
  while (Clock::now() < end) {
    if (held.size() == kMost) {
      ::poll(nullptr, 0, kPauseMs);
      continue;
    }
    auto client = WireClient::connect(context, arena.clients, arena.observer, options, mute);
    ++load.attempts;
    if (client)
      held.push_back(std::move(*client));
    else
      ++load.refused;
  }
  return load;
}
Load sessions(const Arena& arena, Clock::time_point end) { return crowd(arena, end, false); }
Load mute(const Arena& arena, Clock::time_point end) { return crowd(arena, end, true); }

constexpr std::array kAttacks{
    Attack{"looks", "observer", "4096 looks open at once, all answers read", looks},
    Attack{"looks-unread", "observer", "looks without end, no answer read", looks_unread},
    Attack{"forbidden", "observer", "an operator's commands, with long reasons", forbidden},
    Attack{"forbidden-unread", "observer", "the same, no answer read", forbidden_unread},
    Attack{"repeats", "observer", "the same request id again and again", repeats},
    Attack{"strays", "observer", "confirmations of what was never asked", strays},
    Attack{"all-types", "observer", "every type of message, also those of actors", all_types},
    Attack{"renewals", "observer", "a new session with every message", renewals},
    Attack{"statuses", "observer", "STATUS_QUERY without end", statuses},
    Attack{"sessions", "observer", "as many connections as are let, greeted", sessions},
    Attack{"mute", "observer", "as many connections as are let, without HELLO", mute},
    Attack{"confirmations", "operator", "confirmations that nobody decides", confirmations},
    Attack{"demotions", "operator", "demotions that the kernel refuses", demotions_refused},
};

}  // namespace

std::span<const Attack> messages_attacks() { return kAttacks; }

}  // namespace aeromq::chaos::hostile
