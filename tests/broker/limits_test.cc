// What one principal, one connection and all together may ask, and what becomes of the rest: BUSY
// before any actor hears of it, refusals in one record, nobody else touched.
#include <gmock/gmock.h>

#include "scripted_broker.h"

namespace aeromq::broker {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::uint64_t kSecondMs = 1000;

/// The limits as they are without settings.
BrokerOptions as_delivered() {
  auto options = ScriptedBroker::defaults();
  options.limits = {};
  return options;
}

std::string code_of(const std::vector<ErrorAnswer>& told) {
  return told.empty() ? "" : told.back().error.code;
}

Status status_of(ScriptedBroker& b, const TestClient& client) {
  b.client_says(client, T::status_query, {}, encode(StatusQuery{}));
  return body_as<Status>(b.to(client.connection, T::status).back());
}

std::vector<CountedRefusals> counted(const ScriptedBroker& b) {
  std::vector<CountedRefusals> all;
  for (const auto& message : b.to(b.at(Role::writer), T::report))
    for (const auto& one : body_as<Report>(message).counted) all.push_back(one);
  return all;
}

// ---- the bucket ---------------------------------------------------------------------------------

TEST(BrokerLimits, ABucketIsFilledUpAtTheEndOfEachSecond) {
  const Rate rate{3, 2};
  Bucket bucket;
  Moment now{5'000'000'000, 0};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(bucket.take(rate, now), 0U);
  now = after_ms(now, 400);
  EXPECT_EQ(bucket.take(rate, now), 601U) << "until the second is over";
  now = after_ms(now, 599);
  EXPECT_NE(bucket.take(rate, now), 0U);
  now = after_ms(now, 1);
  EXPECT_EQ(bucket.take(rate, now), 0U);
  EXPECT_EQ(bucket.take(rate, now), 0U);
  EXPECT_NE(bucket.take(rate, now), 0U);
  now = after_ms(now, 3'600'000);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(bucket.take(rate, now), 0U) << "never more than at once";
  EXPECT_NE(bucket.take(rate, now), 0U);
}

// ---- requests -----------------------------------------------------------------------------------

TEST(BrokerLimits, MoreThanOnePrincipalMayAskIsBusyAndReachesNobody) {
  ScriptedBroker b(as_delivered());
  b.join_all();
  auto greedy = b.connect("greedy");
  auto other = b.connect("other");
  const auto most = b.options.limits.looks.at_once;
  for (std::uint64_t i = 0; i < most; ++i) b.drive(greedy, kInspection);
  EXPECT_EQ(b.count(greedy.connection, T::result), most);
  const auto excess = b.drive(greedy, kInspection, 1);
  b.record_reports();
  ASSERT_THAT(b.told(greedy, excess), SizeIs(1));
  const auto error = b.told(greedy, excess)[0].error;
  EXPECT_EQ(error.code, "BUSY");
  EXPECT_EQ(error.outcome, Outcome::not_executed);
  EXPECT_THAT(error.message, HasSubstr("looks of greedy: 60 at once and 20 a second"));
  EXPECT_EQ(b.count(b.at(Role::gate), T::submit), most);
  // Neither what another asks nor what is asked of another kind is touched.
  b.drive(other, kInspection);
  EXPECT_EQ(b.count(other.connection, T::result), 1U);
  b.drive(greedy, kMutation, 6);
  EXPECT_EQ(b.count(greedy.connection, T::confirmation_asked), 1U);
  b.live_ms(kSecondMs);
  b.drive(greedy, kInspection);
  EXPECT_EQ(b.count(greedy.connection, T::result), most + 1);
}

TEST(BrokerLimits, ARepeatIsTheFirstThingThatIsTold) {
  ScriptedBroker b(as_delivered());
  b.join_all();
  auto client = b.connect();
  const auto first = b.drive(client, kInspection);
  for (std::uint64_t i = 0; i < b.options.limits.looks.at_once; ++i) b.drive(client, kInspection);
  b.step(client, first, T::submit);
  b.record_reports();
  ASSERT_EQ(code_of(b.told(client, first)), "DUPLICATE_REQUEST");
  EXPECT_EQ(b.told(client, first)[0].error.outcome, Outcome::unknown);
}

TEST(BrokerLimits, ManyConnectionsOfOnePrincipalHaveNoMoreThanOne) {
  ScriptedBroker b(as_delivered());
  b.join_all();
  for (int i = 0; i < 10; ++i) {
    auto client = b.connect("greedy");
    for (int k = 0; k < 20; ++k) b.drive(client, kInspection, 1);
  }
  EXPECT_EQ(b.count(b.at(Role::gate), T::submit), b.options.limits.looks.at_once);
  EXPECT_EQ(b.core.open_requests(), b.options.limits.looks.at_once);
}

TEST(BrokerLimits, OneConnectionMayNotHoldAllOfItsPrincipalsConfirmations) {
  ScriptedBroker b(as_delivered());
  b.join_all();
  auto client = b.connect();
  const auto most = b.options.limits.pending_of_connection;
  RequestId last;
  for (std::uint64_t i = 0; i <= most; ++i) last = b.drive(client, kMutation, i < most ? 6 : 1);
  b.record_reports();
  EXPECT_EQ(code_of(b.told(client, last)), "BUSY");
  EXPECT_THAT(b.told(client, last)[0].error.message, HasSubstr("8 pending confirmations"));
  EXPECT_EQ(b.count(client.connection, T::confirmation_asked), most);
  auto second = b.connect();
  b.drive(second, kMutation, 6);
  EXPECT_EQ(b.count(second.connection, T::confirmation_asked), 1U);
}

TEST(BrokerLimits, APlaceIsFreeAgainWhenItsRequestIsClosed) {
  auto options = as_delivered();
  options.limits.changes = {1000, 1000};
  ScriptedBroker b(options);
  b.join_all();
  auto client = b.connect();
  for (std::uint64_t i = 0; i < 3 * options.limits.pending; ++i) b.drive(client, kAbandon);
  b.record_reports();
  EXPECT_THAT(b.to(client.connection, T::broker_error), IsEmpty());
}

TEST(BrokerLimits, OthersCannotTakeEverybodysPlace) {
  auto options = as_delivered();
  options.limits.all_open_requests = 40;
  options.limits.share = 2;
  ScriptedBroker b(options);
  b.join_all();
  auto greedy = b.connect("greedy");
  for (int i = 0; i < 50; ++i) b.drive(greedy, kInspection, 1);
  EXPECT_EQ(b.core.open_requests(), 40U);
  auto other = b.connect("other");
  for (int i = 0; i < 3; ++i) b.drive(other, kInspection, 1);
  EXPECT_EQ(b.core.open_requests(), 42U);
}

TEST(BrokerLimits, AuditQueriesHaveABoundOfTheirOwn) {
  ScriptedBroker b(as_delivered());
  b.join_all();
  auto client = b.connect("auditor");
  const auto most = b.options.limits.open_audit_queries;
  for (std::uint64_t i = 0; i <= most; ++i) b.drive(client, kAudit, 1);
  EXPECT_EQ(b.count(b.at(Role::gate), T::audit_query), most);
}

// ---- refusals -----------------------------------------------------------------------------------

TEST(BrokerLimits, RefusalsBeyondTheFirstAreToldAtOnceAndCountedInOneRecord) {
  ScriptedBroker b(as_delivered());
  b.join_all();
  auto client = b.connect("noisy");
  const auto most = b.options.limits.refusals.at_once;
  const auto repeated = b.drive(client, kInspection);
  for (std::uint64_t i = 0; i < most + 100; ++i) b.step(client, repeated, T::submit);
  EXPECT_EQ(b.count(b.at(Role::writer), T::report), most) << "recorded one by one";
  EXPECT_EQ(b.count(client.connection, T::broker_error), 100U) << "told at once";
  EXPECT_EQ(b.told(client, repeated)[0].record, 0U);
  b.record_reports();
  b.live_ms(RefusalCounts::kCountMs);
  ASSERT_THAT(counted(b), SizeIs(1));
  const auto record = counted(b).at(0);
  EXPECT_EQ(record.kind, "DUPLICATE_REQUEST");
  EXPECT_EQ(record.number, 100U);
  EXPECT_EQ(record.session, to_hex(client.session.octets()));
  EXPECT_EQ(record.first_request, repeated.text());
  EXPECT_TRUE(record.may_hold(repeated.text()));
  EXPECT_EQ(b.to(b.at(Role::writer), T::report).back().header.principal, "noisy");
  const auto met = status_of(b, b.connect("other")).limits_met;
  EXPECT_THAT(met, IsEmpty()) << "not told to whoever said HELLO with an older minor";
}

TEST(BrokerLimits, TheCountedRecordHoldsEachIdBetweenItsFirstAndItsLast) {
  RefusalCounts counts;
  const SessionId session{HistoryId{{1, 2, 3, 4}}, 1, 1, 100, 7};
  const auto busy = make_error(ErrorCode::busy);
  Moment now{1'000'000'000, 5};
  for (const std::uint32_t counter : {300U, 2U, 255U, 256U})
    counts.add("p", session, {session, counter, counter == 2}, busy, now);
  EXPECT_THAT(counts.due(now), IsEmpty());
  const auto all = counts.due(after_ms(now, RefusalCounts::kCountMs));
  ASSERT_THAT(all, SizeIs(1));
  for (const std::uint32_t counter : {2U, 3U, 255U, 256U, 300U})
    EXPECT_TRUE(all[0].counted.may_hold(RequestId{session, counter, counter == 2}.text()))
        << counter;
  for (const std::uint32_t counter : {1U, 301U})
    EXPECT_FALSE(all[0].counted.may_hold(RequestId{session, counter, false}.text())) << counter;
  auto other = session;
  other.number = 8;
  EXPECT_FALSE(all[0].counted.may_hold(RequestId{other, 100, false}.text()));
  EXPECT_TRUE(counts.empty());
}

TEST(BrokerLimits, HoweverManySessionsAreClaimedTheCountsOfOnePrincipalAreBounded) {
  RefusalCounts counts;
  const auto unknown = make_error(ErrorCode::unknown_session);
  const Moment now{1'000'000'000, 5};
  for (std::uint32_t number = 1; number <= 1000; ++number) {
    const SessionId claimed{HistoryId{{1, 2, 3, 4}}, 1, 1, 100, number};
    counts.add("p", {}, {claimed, 1, false}, unknown, now);
  }
  const auto all = counts.due(after_ms(now, RefusalCounts::kCountMs));
  EXPECT_LE(all.size(), RefusalCounts::kMostOfPrincipal + 1);
  std::uint64_t number = 0;
  for (const auto& one : all) {
    number += one.counted.number;
    EXPECT_TRUE(!one.counted.session.empty() || !one.counted.may_hold(one.counted.first_request));
  }
  EXPECT_EQ(number, 1000U);
}

TEST(BrokerLimits, WhoeverGoesOnAskingIsNotHeardAnyMore) {
  ScriptedBroker b(as_delivered());
  b.join_all();
  auto client = b.connect("flood");
  b.drive(client, kMutation, 6);
  const auto repeated = b.drive(client, kInspection);
  const auto most = b.options.limits.refused_of_connection.at_once;
  for (std::uint64_t i = 0; i < 2 * most; ++i) b.step(client, repeated, T::submit);
  EXPECT_LE(b.count(client.connection, T::broker_error), most);
  EXPECT_EQ(b.count(b.at(Role::keeper), T::void_confirmation), 1U);
  auto other = b.connect("flood");
  b.drive(other, kInspection);
  EXPECT_EQ(b.count(other.connection, T::result), 1U) << "another connection goes on";
}

// ---- the link -----------------------------------------------------------------------------------

TEST(BrokerLimits, ASessionThatIsGoodIsNotRenewed) {
  ScriptedBroker b(as_delivered());
  b.join_all();
  auto client = b.connect();
  const auto used = b.core.registry().kernel.has_value();
  ASSERT_TRUE(used);
  for (int i = 0; i < 100; ++i) b.client_says(client, T::renew, {}, encode(Renew{}));
  EXPECT_EQ(b.count(client.connection, T::renewed), 0U);
  const auto told = b.told(client, {});
  ASSERT_THAT(told, SizeIs(100));
  EXPECT_EQ(told[0].error.code, "BUSY");
  EXPECT_THAT(told[0].error.message, HasSubstr("can be renewed in 75000 ms"));
  b.drive(client, kInspection);
  EXPECT_EQ(b.count(client.connection, T::result), 1U) << "the old session stands";
  b.live_ms(b.options.lease_ms / 4);
  b.client_says(client, T::renew, {}, encode(Renew{}));
  EXPECT_EQ(b.count(client.connection, T::renewed), 1U);
  EXPECT_EQ(body_as<Renewed>(b.to(client.connection, T::renewed)[0]).session.number,
            client.session.number + 1)
      << "no number was spent";
}

TEST(BrokerLimits, AnotherEpochIsReasonEnoughToRenew) {
  ScriptedBroker b(as_delivered());
  b.join_all();
  auto client = b.connect();
  b.cut(Role::dispatcher);
  b.client_says(client, T::renew, {}, encode(Renew{}));
  EXPECT_EQ(b.count(client.connection, T::renewed), 1U);
  b.client_says(client, T::renew, {}, encode(Renew{}));
  EXPECT_EQ(b.count(client.connection, T::renewed), 1U) << "none is open: nothing would change";
  b.join(Role::dispatcher);
  b.open_kernel(2);
  b.client_says(client, T::renew, {}, encode(Renew{}));
  EXPECT_EQ(b.count(client.connection, T::renewed), 2U);
}

TEST(BrokerLimits, StatusIsToldAsOftenAsMayBeAndTellsWhoHasMetWhat) {
  ScriptedBroker b(as_delivered());
  b.join_all();
  auto client = b.connect("curious");
  const auto most = b.options.limits.status.at_once;
  for (std::uint64_t i = 0; i < most + 5; ++i)
    b.client_says(client, T::status_query, {}, encode(StatusQuery{}));
  EXPECT_EQ(b.count(client.connection, T::status), most);
  EXPECT_EQ(b.count(client.connection, T::broker_error), 5U);
  TestClient newer{"newer", "other", {}, 0, 0};
  Hello hello;
  hello.role = Role::client;
  hello.minor = kMinor;
  b.client_says(newer, T::hello, {}, encode(hello));
  const auto status = status_of(b, newer);
  ASSERT_THAT(status.limits_met, SizeIs(1));
  EXPECT_EQ(status.limits_met[0].principal, "curious");
  EXPECT_EQ(status.limits_met[0].limit, "status");
  EXPECT_EQ(status.limits_met[0].refused, 5U);
  EXPECT_EQ(status.sessions_used, 2U);
}

TEST(BrokerLimits, SessionsAreOpenedAsOftenAsMayBe) {
  auto options = as_delivered();
  options.limits.sessions = {3, 1};
  ScriptedBroker b(options);
  b.join_all();
  for (int i = 0; i < 3; ++i) b.connect("busy");
  TestClient more{"one too many", "busy", {}, 0, 0};
  b.client_says(more, T::hello, {}, encode(Hello{Role::client, "", {}, 0, 0, ""}));
  ASSERT_EQ(b.count(more.connection, T::hello_refused), 1U);
  EXPECT_EQ(body_as<HelloRefused>(b.to(more.connection, T::hello_refused)[0]).error.code, "BUSY");
  b.connect("other");
  b.live_ms(kSecondMs);
  b.connect("busy");
}

TEST(BrokerLimits, ConnectionsOfOnePrincipalAndInAllAreBounded) {
  auto options = ScriptedBroker::defaults();
  options.limits.connections = 5;
  options.limits.all_connections = 7;
  options.limits.share = 2;
  ScriptedBroker b(options);
  b.join_all();
  const auto closed = [&](const std::string& principal) {
    TestClient more{"more of " + principal, principal, {}, 0, 0};
    b.client_says(more, T::hello, {}, encode(Hello{Role::client, "", {}, 0, 0, ""}));
    return b.to(more.connection).empty() && b.barred.back() == more.connection;
  };
  for (int i = 0; i < 5; ++i) b.connect("greedy");
  EXPECT_TRUE(closed("greedy"));
  for (int i = 0; i < 2; ++i) b.connect("second");
  EXPECT_TRUE(closed("second")) << "all places are taken, and it has its share";
  for (int i = 0; i < 2; ++i) b.connect("third");
}

}  // namespace
}  // namespace aeromq::broker
