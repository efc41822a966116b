// What a person's verbs say to the agent on this host: one encoded struct a packet over a unix
// socket that only the agent's own user and root may use.
#pragma once
#include "kernel/postgresql/agent_protocol.h"

namespace aeromq::postgresql {

enum class OrderKind : std::uint8_t { status, outcome, start, stop, bind };
}  // namespace aeromq::postgresql
template <>
struct aeromq::EnumNames<aeromq::postgresql::OrderKind> {
  static constexpr std::array<std::string_view, 5> value{"status", "outcome", "start", "stop",
                                                         "bind"};
};
namespace aeromq::postgresql {

/// One question or order. Who gives it is the socket's word, never a field.
struct Order {
  OrderKind kind = OrderKind::status;
  RequestId request;  ///< outcome
  HistoryId history;  ///< bind
  std::string reason;
  std::string accepted;  ///< start: the sentence that a refusal named
  static constexpr auto fields() {
    return std::tuple{Field{"kind", &Order::kind}, Field{"request", &Order::request},
                      Field{"history", &Order::history}, Field{"reason", &Order::reason, 1000},
                      Field{"accepted", &Order::accepted, 512, 2}};
  }
  friend bool operator==(const Order&, const Order&) = default;
};

struct OrderAnswer {
  std::string done;                 ///< what was done, if it was
  std::vector<Error> refused;       ///< at most one
  std::vector<AgentStatus> status;  ///< status: exactly one
  std::vector<AgentClaim> claim;    ///< outcome: exactly one
  std::string sentence;             ///< refused: what must be accepted, in these words
  static constexpr auto fields() {
    using O = OrderAnswer;
    return std::tuple{Field{"done", &O::done, 1024}, Field{"refused", &O::refused, 1},
                      Field{"status", &O::status, 1}, Field{"claim", &O::claim, 1},
                      Field{"sentence", &O::sentence, 512, 2}};
  }
  friend bool operator==(const OrderAnswer&, const OrderAnswer&) = default;
};

/// Beside the journal: the one folder that the agent surely may write.
inline std::string local_socket_path(const std::string& journal) { return journal + ".sock"; }

}  // namespace aeromq::postgresql
