// What the broker's core makes its shell do: messages to connections, and news for the feed.
#pragma once
#include <string>
#include <vector>

#include "messages/catalogue.h"
#include "messages/envelope.h"

namespace aeromq::broker {

/// Which listener a connection came in by: actors and clients never share one.
enum class Side : std::uint8_t { control, client };

/// A connection as the core names it.
struct Link {
  Side side = Side::client;
  std::string connection;
  std::string address{};  ///< of the client, for people; only on the way in
  friend auto operator<=>(const Link&, const Link&) = default;
};

/// One message to one connection, to be queued now or not at all.
struct Outbound {
  Link to;
  Header header;
  Bytes body;
  friend bool operator==(const Outbound&, const Outbound&) = default;
};

struct Effects {
  std::vector<Outbound> send;  ///< in this order
  std::vector<StageEvent> feed;
  std::vector<std::string> bar;  ///< connections of clients to be closed
  friend bool operator==(const Effects&, const Effects&) = default;
};

}  // namespace aeromq::broker
