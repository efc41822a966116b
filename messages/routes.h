// The closed table of every message type: its only sender, its only receiver, what it may follow.
// The broker forwards along this table and nothing else; docs/protocol.md lists the same rows.
#pragma once
#include <initializer_list>
#include <optional>
#include <span>

#include "messages/fields.h"
#include "messages/bytes.h"

namespace aeromq {

enum class ActorRole : std::uint8_t {
  broker,
  client,
  gate,
  explainer,
  keeper,
  writer,
  dispatcher,
  reader,
};
template <>
struct EnumNames<ActorRole> {
  static constexpr std::array<std::string_view, 8> value{
      "broker", "client", "authority-gate", "explainer",
      "confirmation-keeper", "audit-writer", "dispatcher", "audit-reader"};
};

/// Wire numbers: stable, never reused.
enum class MessageType : std::uint8_t {
  none = 0,
  // Link: between the broker and one peer, about the connection.
  hello = 1,
  welcome = 2,
  hello_refused = 3,
  ping = 4,
  pong = 5,
  goodbye = 6,
  renew = 7,
  renewed = 8,
  status_query = 9,
  status = 10,
  opened = 11,
  // Road: about one request.
  submit = 20,
  confirm = 21,
  abandon = 22,
  audit_query = 23,
  observe = 30,
  survey = 31,
  authorised_confirm = 32,
  audit_read = 33,
  refused_by_gate = 34,
  observed = 40,
  surveyed = 41,
  acted = 42,
  refused_by_dispatcher = 43,
  explained = 50,
  refused_by_explainer = 51,
  asked = 60,
  confirmed = 61,
  ended = 62,
  refused_by_keeper = 63,
  audit_answer = 70,
  refused_by_reader = 71,
  confirmation_asked = 80,
  dispatch = 81,
  result = 82,
  error = 83,
  audit_result = 84,
  void_confirmation = 90,
  report = 91,
  broker_error = 92,
  probe = 93,
  reported = 94,
};

/// A set of message types, for the `follows` column.
class TypeSet {
 public:
  constexpr TypeSet(std::initializer_list<MessageType> types) {
    for (auto type : types) words_[index(type) / 64] |= bit(type);
  }
  constexpr bool has(MessageType type) const {
    return (words_[index(type) / 64] & bit(type)) != 0;
  }
  constexpr bool empty() const { return words_[0] == 0 && words_[1] == 0; }

 private:
  static constexpr std::size_t index(MessageType type) { return static_cast<std::size_t>(type); }
  static constexpr std::uint64_t bit(MessageType type) { return std::uint64_t{1} << index(type) % 64; }
  std::uint64_t words_[2] = {0, 0};
};

struct Route {
  MessageType type;
  std::string_view name;
  ActorRole sender;
  ActorRole receiver;  ///< for link messages: broker, or the peer (client stands for any peer)
  TypeSet follows;     ///< what the request's last message must have been; empty: link message
};

/// Every route, in number order.
std::span<const Route> route_table();

/// The route of `type`, or nullptr: not in the table, so refused.
const Route* find_route(MessageType type);

/// The wire name of a type, "unknown" if it is not in the table.
std::string_view name_of(MessageType type);

/// Link messages concern the connection and carry no request id; all others carry one.
constexpr bool is_link(MessageType type) { return static_cast<int>(type) < 20; }

}  // namespace aeromq
