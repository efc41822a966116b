// How much is taken from one principal, one connection and from all of them: every number in one
// place, the defaults of the settings' [limits]. What goes beyond is refused BUSY, not executed and
// never queued; docs/decisions/0018 says why these numbers.
#pragma once
#include <cstdint>
#include <string>

namespace aeromq {

/// `at_once` may come together; `per_second` more are given at the end of every second, all at the
/// same moment: what comes together is recorded with one sync.
struct Rate {
  std::uint64_t at_once = 0;
  std::uint64_t per_second = 0;
  friend bool operator==(const Rate&, const Rate&) = default;
};

struct Limits {
  // Of one principal, however many connections it has.
  Rate looks{60, 20};      ///< requests of class 0: inspections, diagnostics, audit queries
  Rate changes{80, 5};     ///< requests of class 1: what the kernel may be asked to do
  Rate refusals{20, 1};    ///< recorded one by one; the others in one record for many
  Rate status{40, 10};     ///< STATUS_QUERY
  Rate sessions{256, 20};  ///< HELLO and RENEW: each takes a session number
  std::uint64_t connections = 64;
  std::uint64_t open_requests = 256;
  std::uint64_t open_audit_queries = 4;  ///< each may read the whole log
  std::uint64_t pending = 64;            ///< confirmations that wait for their person

  // Of one connection.
  std::uint64_t open_of_connection = 256;   ///< told in WELCOME as max_in_flight
  std::uint64_t pending_of_connection = 8;  ///< requests of class 1 that are open
  Rate refused_of_connection{300, 100};     ///< refusals it is told; who asks for more is barred

  // Of all principals together. A principal that has less than `share` is let in all the same, so
  // that others cannot take everybody's place.
  std::uint64_t all_connections = 1024;
  std::uint64_t all_open_requests = 1024;
  std::uint64_t share = 16;

  /// A session is renewed when this much of its lease is used up, or its epoch has ended.
  std::uint64_t renew_after_percent = 25;
  friend bool operator==(const Limits&, const Limits&) = default;
};

/// Calls take(name, number, least, most) for every number, in order: `least` and `most` bound what
/// a setting of this name may be. `limits` may be const.
template <class L, class Take>
void each_limit(L& limits, Take take) {
  constexpr std::uint64_t kMost = 1'000'000;
  const auto rate = [&](const std::string& name, auto& value) {
    take(name + "_at_once", value.at_once, 1, kMost);
    take(name + "_per_second", value.per_second, 1, kMost);
  };
  rate("looks", limits.looks);
  rate("changes", limits.changes);
  rate("refusals", limits.refusals);
  rate("status", limits.status);
  rate("sessions", limits.sessions);
  take("connections", limits.connections, 1, kMost);
  take("open_requests", limits.open_requests, 1, kMost);
  take("open_audit_queries", limits.open_audit_queries, 1, kMost);
  take("pending", limits.pending, 1, kMost);
  take("open_of_connection", limits.open_of_connection, 1, kMost);
  take("pending_of_connection", limits.pending_of_connection, 1, kMost);
  rate("refused_of_connection", limits.refused_of_connection);
  take("all_connections", limits.all_connections, 1, kMost);
  take("all_open_requests", limits.all_open_requests, 1, kMost);
  take("share", limits.share, 1, kMost);
  take("renew_after_percent", limits.renew_after_percent, 0, 90);
}

/// Session numbers of one run of the broker: 24 bits of the session id.
constexpr std::uint64_t kMostSessions = (1U << 24) - 1;
/// From here on `status` warns: a person restarts the broker at a time of their choosing.
constexpr std::uint64_t kManySessions = kMostSessions / 4 * 3;

}  // namespace aeromq
