// HELLO, WELCOME, RENEW: who is let in, and what a session id names.
#include "scripted_broker.h"

namespace aeromq::broker {
namespace {

TEST(BrokerSessions, WelcomeNamesHistoryDispatcherEpochAndLeaseEnd) {
  ScriptedBroker b;
  b.join_all();
  b.tick_ms(2000);  // the kernel's clock has gone on since it was told
  const auto client = b.connect("alice");
  const auto welcome = body_as<Welcome>(b.to(client.connection, T::welcome).at(0));
  EXPECT_EQ(welcome.principal, "alice");
  EXPECT_EQ(welcome.cluster, "orders");
  EXPECT_EQ(welcome.max_in_flight, b.options.limits.open_of_connection);
  EXPECT_EQ(welcome.heartbeat_ms, b.options.heartbeat_ms);
  EXPECT_EQ(client.session.history.octets, (std::array<std::uint8_t, 4>{1, 2, 3, 4}));
  EXPECT_EQ(client.session.dispatcher, 7);
  EXPECT_EQ(client.session.epoch, 1U);
  EXPECT_EQ(client.session.lease_end_s, (50'000 + 2000 + b.options.lease_ms) / 1000);
  EXPECT_EQ(client.lease_ms, b.options.lease_ms);
}

TEST(BrokerSessions, TheMinorIsTheHighestThatBothUnderstand) {
  ScriptedBroker b;
  b.join_all();
  for (const std::uint64_t understood :
       {std::uint64_t{0}, std::uint64_t{kMinor}, std::uint64_t{9}}) {
    const TestClient client{"minor " + std::to_string(understood), "alice", {}, 0, 0};
    Hello hello;
    hello.role = Role::client;
    hello.minor = understood;
    b.client_says(client, T::hello, {}, encode(hello));
    const auto welcome = body_as<Welcome>(b.to(client.connection, T::welcome).at(0));
    EXPECT_EQ(welcome.minor, std::min<std::uint64_t>(understood, kMinor));
  }
}

TEST(BrokerSessions, TheKernelCapsTheLease) {
  ScriptedBroker b;
  for (const auto role : kAllActors) b.join(role);
  b.open_kernel(1, 130'000);
  EXPECT_EQ(b.connect().session.lease_end_s, (50'000U + 130'000U) / 1000);
}

TEST(BrokerSessions, WithoutAnOpenDispatcherTheEpochIsZeroAndReachesNoKernel) {
  ScriptedBroker b;
  for (const auto role : kAllActors) b.join(role);  // joined, but no kernel connection yet
  auto client = b.connect();
  EXPECT_EQ(client.session.epoch, 0U);
  EXPECT_TRUE(client.session.history.empty());
  EXPECT_EQ(client.lease_ms, 0U);
  const auto early = b.drive(client, kMutation, 1);
  b.record_reports();
  ASSERT_EQ(b.told(client, early).size(), 1U);
  EXPECT_EQ(b.told(client, early)[0].error.code, "ACTOR_UNAVAILABLE");

  b.open_kernel(3);
  const auto old = b.drive(client, kMutation, 1);
  b.record_reports();
  ASSERT_EQ(b.told(client, old).size(), 1U);
  EXPECT_EQ(b.told(client, old)[0].error.code, "SESSION_ENDED");
  EXPECT_EQ(b.count(b.at(Role::gate), T::submit), 0U);
  b.renew(client);
  b.drive(client, kMutation, 1);
  EXPECT_EQ(b.count(b.at(Role::gate), T::submit), 1U);
}

TEST(BrokerSessions, NumbersAreNeverGivenTwice) {
  ScriptedBroker b;
  b.join_all();
  std::set<SessionId> seen;
  for (int i = 0; i < 20; ++i) {
    auto client = b.connect("p" + std::to_string(i % 3));
    EXPECT_TRUE(seen.insert(client.session).second);
    b.renew(client);
    EXPECT_TRUE(seen.insert(client.session).second);
    b.cut(client);
  }
}

TEST(BrokerSessions, RenewGivesAFreshLeaseAndEndsTheOldIdsForNewRequests) {
  ScriptedBroker b;
  b.join_all();
  auto client = b.connect();
  const auto pending = b.drive(client, kMutation, 6);
  const auto old = client;
  b.live_ms(60'000);
  b.renew(client);
  EXPECT_GT(client.session.lease_end_s, old.session.lease_end_s);
  EXPECT_GT(client.lease_ms, b.options.lease_ms - 1000);
  const RequestId stale{old.session, 99, true};
  b.client_says(client, T::submit, stale, {1});
  b.record_reports();
  ASSERT_EQ(b.told(client, stale).size(), 1U);
  EXPECT_EQ(b.told(client, stale)[0].error.code, "UNKNOWN_SESSION");
  EXPECT_EQ(b.told(client, stale)[0].error.outcome, Outcome::unknown);
  // What was asked under the old session can still be confirmed.
  b.step(client, pending, T::confirm);
  EXPECT_EQ(b.count(b.at(Role::gate), T::confirm), 1U);
}

TEST(BrokerSessions, ALeaseTooShortForAConfirmationIsRefusedForKernelActionsOnly) {
  ScriptedBroker b;
  b.join_all();
  auto client = b.connect();
  b.live_ms(b.options.lease_ms - b.options.token_ttl_ms + 2000);
  const auto action = b.drive(client, kMutation, 1);
  b.record_reports();
  ASSERT_EQ(b.told(client, action).size(), 1U);
  EXPECT_EQ(b.told(client, action)[0].error.code, "LEASE_TOO_SHORT");
  EXPECT_EQ(b.told(client, action)[0].error.outcome, Outcome::not_executed);
  b.drive(client, kInspection, 1);
  EXPECT_EQ(b.count(b.at(Role::gate), T::submit), 1U);
}

TEST(BrokerSessions, AnActorsHelloIsWelcomedAndASecondOfItsRoleRefused) {
  ScriptedBroker b;
  for (const auto role : kAllActors) {
    const auto first = b.join(role);
    ASSERT_EQ(b.count(first, T::welcome), 1U);
    const auto second = b.join(role);
    ASSERT_EQ(b.count(second, T::hello_refused), 1U);
    EXPECT_EQ(body_as<HelloRefused>(b.to(second, T::hello_refused)[0]).error.code, "NAME_TAKEN");
    EXPECT_EQ(b.core.registry().find(role)->connection, first);
    // The refused one has no place: what it says is dropped, the living one is untouched.
    b.actor_says(second, T::observe, {}, {1});
    EXPECT_EQ(b.core.registry().find(role)->connection, first);
  }
}

TEST(BrokerSessions, NobodyJoinsAsBrokerOrClientOnTheActorSideNorAsActorOnTheClientSide) {
  ScriptedBroker b;
  for (const auto role : {Role::broker, Role::client}) {
    const auto connection = b.join(role);
    EXPECT_EQ(b.count(connection, T::welcome), 0U);
    EXPECT_EQ(b.count(connection, T::hello_refused), 1U);
  }
  for (const auto role : kAllActors) {
    TestClient client{"sneaky#" + std::string(text_of(role)), "alice", {}, 0, 0};
    Hello hello;
    hello.role = role;
    b.client_says(client, T::hello, {}, encode(hello));
    EXPECT_TRUE(b.to(client.connection).empty());
    EXPECT_EQ(b.core.registry().find(role), nullptr);
  }
}

TEST(BrokerSessions, StatusTellsEveryRoleAliveOrNot) {
  ScriptedBroker b;
  b.join_all();
  auto client = b.connect();
  b.drive(client, kMutation, 6);
  b.cut(Role::reader);
  b.tick_ms(700);
  b.client_says(client, T::status_query, {}, encode(StatusQuery{}));
  const auto status = body_as<Status>(b.to(client.connection, T::status).at(0));
  ASSERT_EQ(status.parts.size(), kAllActors.size());
  for (const auto& part : status.parts) EXPECT_EQ(part.alive, part.role != Role::reader);
  EXPECT_EQ(status.epoch, 1U);
  EXPECT_EQ(status.dispatcher, 7U);
  EXPECT_EQ(status.open_requests, 1U);
  EXPECT_EQ(status.pending_confirmations, 1U);
  EXPECT_EQ(status.clients, 1U);
  EXPECT_EQ(status.up_ms, 700U);
}

// A client that could not be given the sentence may look, and is refused what needs it.
TEST(BrokerSessions, AnOlderMinorIsAskedForNoConfirmation) {
  for (const std::uint64_t minor : {1, 2, 3})
    for (const auto& row : command_table()) {
      ScriptedBroker b;
      b.join_all();
      auto client = b.connect("alice", minor);
      b.forget();
      const auto request = client.next(row.kernel_action());
      Submit submit;
      submit.command = text_of(row.name);
      b.client_says(client, T::submit, request, encode(submit));
      const bool refused = minor < 3 && row.confirmation != ConfirmationKind::never;
      EXPECT_EQ(b.count(b.at(Role::gate), T::submit), refused ? 0U : 1U) << submit.command;
      b.record_reports();
      const auto told = b.told(client, request);
      ASSERT_EQ(told.size(), refused ? 1U : 0U) << submit.command;
      if (refused) {
        EXPECT_EQ(told[0].error.code, "VERSION_NOT_SUPPORTED");
      }
    }
}

TEST(BrokerSessions, WhoseKeyIsWithdrawnIsBarredAtOnce) {
  ScriptedBroker b;
  b.join_all();
  auto alice = b.connect("alice");
  auto bob = b.connect("bob");
  b.forget();
  b.withdraw_keys_of("alice");
  const auto reports = b.to(b.at(Role::writer), T::report);
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(body_as<Report>(reports[0]).failure, "key withdrawn");
  b.drive(alice, kInspection, 1);
  EXPECT_EQ(b.count(b.at(Role::gate), T::submit), 0U);
  b.drive(bob, kInspection, 1);
  EXPECT_EQ(b.count(b.at(Role::gate), T::submit), 1U);
}

}  // namespace
}  // namespace aeromq::broker
