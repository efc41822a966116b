// Drives the broker's core with scripted actors and clients, and keeps what it sent. Every effect
// is checked for what must hold always: dense seq per connection, our boot id, dense feed numbers,
// a principal for actors only, receivers that the route table names.
#pragma once
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <map>
#include <set>

#include "broker/broker.h"

namespace aeromq::broker {

using T = MessageType;
using Role = ActorRole;

inline constexpr std::array kAllActors{Role::gate,   Role::explainer,  Role::keeper,
                                       Role::writer, Role::dispatcher, Role::reader};

/// One client as a test holds it: its connection, and the session it was given last.
struct TestClient {
  std::string connection;
  std::string principal;
  SessionId session;
  std::uint64_t lease_ms = 0;
  std::uint32_t counter = 0;
  RequestId next(bool kernel_action = true) { return {session, ++counter, kernel_action}; }
};

/// A whole road as the types of its messages, in order.
using RoadScript = std::vector<T>;
inline const RoadScript kInspection{T::submit, T::observe, T::observed, T::result};
inline const RoadScript kMutation{T::submit,    T::survey,
                                  T::surveyed,  T::explained,
                                  T::asked,     T::confirmation_asked,
                                  T::confirm,   T::authorised_confirm,
                                  T::confirmed, T::dispatch,
                                  T::acted,     T::result};
inline const RoadScript kAudit{T::audit_query, T::audit_read, T::audit_answer, T::audit_result};
inline const RoadScript kAbandon{T::submit,    T::survey, T::surveyed,
                                 T::explained, T::asked,  T::confirmation_asked,
                                 T::abandon,   T::ended,  T::error};

class ScriptedBroker {
 public:
  explicit ScriptedBroker(BrokerOptions options = defaults());
  static BrokerOptions defaults();

  // ---- parts -------------------------------------------------------------------------------
  /// A fresh incarnation of `role` says HELLO on a connection of its own.
  std::string join(ActorRole role);
  /// The same, and the dispatcher opens the next epoch: then all six live.
  void join_all();
  void open_kernel(std::uint64_t epoch, std::uint64_t max_lease_ms = 600000);
  TestClient connect(const std::string& principal = "alice", std::uint64_t minor = 0);
  void renew(TestClient& client);
  const std::string& at(ActorRole role) const { return live_.at(role); }

  // ---- input -------------------------------------------------------------------------------
  void actor_says(const std::string& connection, T type, const RequestId& request, Bytes body = {});
  void client_says(const TestClient& client, T type, const RequestId& request, Bytes body = {});
  /// Any header at all; seq 0 = the next one.
  void say(const Link& from, const std::string& user, Header header, Bytes body);
  void raw(const Link& from, const std::string& user, std::vector<Bytes> frames);
  /// The next message of a road from whoever may send it, with a body that is unlike any other.
  void step(TestClient& client, const RequestId& request, T type);
  /// The first `count` messages of `script` (default: all) about a new id.
  RequestId drive(TestClient& client, const RoadScript& script, std::size_t count = SIZE_MAX);
  void drive_on(TestClient& client, const RequestId& request, const RoadScript& script,
                std::size_t from, std::size_t to = SIZE_MAX);
  /// The connection is gone; the broker learns it when a probe or ping cannot be sent.
  void cut(const Link& link);
  void cut(ActorRole role) { cut({Side::control, at(role)}); }
  void cut(const TestClient& client) { cut({Side::client, client.connection}); }
  /// The connection is gone and nothing has told the broker yet.
  void fail_silently(const Link& link) { cut_.insert(link); }
  /// The door says that this client's connection has ended; nobody else is probed.
  void ended(const TestClient& client);
  /// The door turned so many away.
  void turned_away(std::uint64_t more, const std::string& what);
  void tick_ms(std::uint64_t ms);
  void withdraw_keys_of(const std::string& principal) {
    take(core.on_keys_withdrawn({principal}, now));
  }
  /// Every living actor answers its newest ping, then time passes.
  void live_ms(std::uint64_t ms);
  /// The audit writer answers every report that waits; the record number is 1000 + nonce.
  void record_reports();

  // ---- what came out -----------------------------------------------------------------------
  std::vector<Outbound> to(const std::string& connection) const;
  std::vector<Outbound> to(const std::string& connection, T type) const;
  std::vector<Outbound> about(const RequestId& request) const;
  std::size_t count(const std::string& connection, T type) const {
    return to(connection, type).size();
  }
  std::vector<Report> reports(const RequestId& request) const;
  std::vector<ErrorAnswer> told(const TestClient& client, const RequestId& request) const;
  void forget() { sent.clear(); }

  static Bytes body_of(T type, const RequestId& request);

  BrokerOptions options;
  Moment now{1'000'000'000, 5'000'000'000};
  Broker core;
  std::vector<Outbound> sent;
  std::vector<StageEvent> feed;
  std::vector<std::string> barred;             ///< connections to be closed, each once
  std::function<void(const Outbound&)> watch;  ///< sees every message as it leaves

 private:
  void take(Effects effects);

  std::map<ActorRole, std::string> live_;
  std::map<std::string, std::string> users_;
  std::map<Link, std::uint64_t> seq_to_broker_;
  std::map<Link, std::uint64_t> seq_from_broker_;
  std::set<Link> cut_;
  int connections_ = 0;
  std::uint64_t feed_number_ = 0;
};

/// The body of a message, decoded; a failed decode fails the test.
template <class B>
B body_as(const Outbound& message) {
  auto decoded = decode<B>(message.body);
  EXPECT_TRUE(decoded.has_value()) << name_of(message.header.type);
  return decoded ? *decoded : B{};
}

}  // namespace aeromq::broker
