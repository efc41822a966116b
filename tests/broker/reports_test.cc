// The broker's own words: recorded before they are told, bounded, and kept for the next audit
// writer when there is none.
#include "scripted_broker.h"

namespace aeromq::broker {
namespace {

TEST(BrokerReports, ARefusalIsToldOnlyWhenItsRecordIsDurable) {
  ScriptedBroker b;
  b.join_all();
  auto client = b.connect("alice");
  const auto request = b.drive(client, kInspection, 1);
  b.step(client, request, T::submit);
  EXPECT_TRUE(b.told(client, request).empty());
  const auto reports = b.to(b.at(Role::writer), T::report);
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].header.principal, "alice");
  EXPECT_EQ(reports[0].header.request, request);
  const auto report = body_as<Report>(reports[0]);
  EXPECT_TRUE(report.refusal);
  EXPECT_EQ(report.failure, "refused");
  EXPECT_EQ(report.command, ScriptedBroker::body_of(T::submit, request));
  b.actor_says(b.at(Role::writer), T::reported, request, encode(Reported{report.nonce, 4711}));
  ASSERT_EQ(b.told(client, request).size(), 1U);
  EXPECT_EQ(b.told(client, request)[0].record, 4711U);
  // Answered once: a second answer, or one to nothing, tells nobody anything.
  b.actor_says(b.at(Role::writer), T::reported, request, encode(Reported{report.nonce, 4712}));
  b.actor_says(b.at(Role::writer), T::reported, request, encode(Reported{999, 4713}));
  EXPECT_EQ(b.told(client, request).size(), 1U);
}

TEST(BrokerReports, WithoutAWriterNothingIsAccepted) {
  ScriptedBroker b;
  b.join_all();
  b.cut(Role::writer);
  auto client = b.connect();
  for (const auto* road : {&kInspection, &kMutation, &kAudit}) {
    const auto request = b.drive(client, *road, 1);
    ASSERT_EQ(b.told(client, request).size(), 1U);
    EXPECT_EQ(b.told(client, request)[0].error.code, "AUDIT_UNAVAILABLE");
    EXPECT_EQ(b.told(client, request)[0].error.outcome, Outcome::not_executed);
    EXPECT_EQ(b.told(client, request)[0].record, 0U);
  }
  EXPECT_EQ(b.count(b.at(Role::gate), T::submit), 0U);
  EXPECT_EQ(b.core.open_requests(), 0U);
}

TEST(BrokerReports, OtherPartsThatAreMissingAreNamed) {
  for (const auto missing : {Role::gate, Role::dispatcher}) {
    ScriptedBroker b;
    b.join_all();
    auto client = b.connect();
    b.cut(missing);
    const auto request = b.drive(client, kInspection, 1);
    b.record_reports();
    ASSERT_EQ(b.told(client, request).size(), 1U);
    EXPECT_EQ(b.told(client, request)[0].error.code, "ACTOR_UNAVAILABLE");
    EXPECT_NE(b.told(client, request)[0].error.message.find(text_of(missing)), std::string::npos);
  }
}

TEST(BrokerReports, ReportsThatALostWriterHeldAreToldUnrecordedAndFlushedToTheNext) {
  ScriptedBroker b;
  b.join_all();
  auto client = b.connect();
  const auto request = b.drive(client, kInspection, 1);
  b.step(client, request, T::submit);  // DUPLICATE_REQUEST, with the writer
  const auto old = b.at(Role::writer);
  b.cut(Role::writer);
  ASSERT_EQ(b.told(client, request).size(), 1U);
  EXPECT_EQ(b.told(client, request)[0].record, 0U);
  EXPECT_EQ(b.told(client, request)[0].error.code, "DUPLICATE_REQUEST");
  b.forget();
  b.join(Role::writer);
  ASSERT_EQ(b.reports(request).size(), 1U);
  EXPECT_EQ(b.count(b.at(Role::writer), T::report), 2U)
      << "the refusal, and its predecessor's loss";
  b.record_reports();
  EXPECT_TRUE(b.told(client, request).empty()) << "never told twice";
}

TEST(BrokerReports, KeptReportsAreBoundedAndWhatWasDroppedIsSaid) {
  ScriptedBroker b;
  b.join_all();
  b.cut(Role::writer);
  auto client = b.connect();
  constexpr std::size_t kMany = Reports::kMaxUnrecorded + 50;
  for (std::size_t i = 0; i < kMany; ++i) b.drive(client, kInspection, 1);
  EXPECT_EQ(b.count(client.connection, T::broker_error), kMany);
  b.client_says(client, T::status_query, {}, encode(StatusQuery{}));
  const auto before = body_as<Status>(b.to(client.connection, T::status).at(0));
  EXPECT_EQ(before.unrecorded, kMany + 1);  // and the loss of the writer itself
  b.join(Role::writer);
  const auto flushed = b.to(b.at(Role::writer), T::report);
  ASSERT_EQ(flushed.size(), Reports::kMaxUnrecorded + 1);
  const auto last = body_as<Report>(flushed.back());
  EXPECT_EQ(last.failure, "reports dropped");
  EXPECT_NE(last.error.message.find("51"), std::string::npos) << last.error.message;
  b.client_says(client, T::status_query, {}, encode(StatusQuery{}));
  EXPECT_EQ(body_as<Status>(b.to(client.connection, T::status).at(1)).unrecorded, 0U);
}

TEST(BrokerReports, AWriterThatDoesNotAnswerAReportIsLost) {
  ScriptedBroker b;
  b.join_all();
  auto client = b.connect();
  const auto request = b.drive(client, kAudit);
  b.step(client, request, T::audit_query);  // DUPLICATE_REQUEST: only a report waits
  b.live_ms(b.options.stage_timeout_ms + 1000);
  EXPECT_EQ(b.core.registry().find(Role::writer), nullptr);
  ASSERT_EQ(b.told(client, request).size(), 1U);
  EXPECT_EQ(b.told(client, request)[0].record, 0U);
}

TEST(BrokerReports, AnAnswerToAClientThatIsGoneIsDropped) {
  ScriptedBroker b;
  b.join_all();
  auto client = b.connect();
  const auto request = b.drive(client, kInspection, 1);
  b.step(client, request, T::submit);
  b.cut(client);
  b.forget();
  const auto size = b.sent.size();
  b.actor_says(b.at(Role::writer), T::reported, request, encode(Reported{1, 5}));
  EXPECT_EQ(b.sent.size(), size);
}

TEST(BrokerReports, AMalformedReportedEndsTheWriter) {
  ScriptedBroker b;
  b.join_all();
  b.actor_says(b.at(Role::writer), T::reported, {}, {0xC1});
  EXPECT_EQ(b.core.registry().find(Role::writer), nullptr);
}

TEST(BrokerReports, ASecondTakerOfARoleIsRecordedAtOnceAndThenAsANumber) {
  ScriptedBroker b;
  b.join_all();
  const auto recorded = [&] {
    std::vector<std::string> found;
    for (const auto& report : b.reports({}))
      if (report.failure == "second taker") found.push_back(report.error.message);
    return found;
  };
  b.join(Role::gate);
  b.tick_ms(1);
  ASSERT_EQ(recorded().size(), 1U);
  EXPECT_NE(recorded()[0].find("asked for once"), std::string::npos) << recorded()[0];
  for (int i = 0; i < 500; ++i) b.join(Role::keeper);
  b.record_reports();
  b.live_ms(Tally::kEveryMs - 1000);
  EXPECT_TRUE(recorded().empty());
  b.live_ms(1000);
  ASSERT_EQ(recorded().size(), 1U);
  EXPECT_NE(recorded()[0].find("500 times"), std::string::npos) << recorded()[0];
  EXPECT_NE(recorded()[0].find("confirmation-keeper"), std::string::npos) << recorded()[0];
}

TEST(BrokerReports, WhoWasTurnedAwayAtTheDoorIsRecordedAsANumber) {
  ScriptedBroker b;
  b.join_all();
  b.turned_away(3, "refused key, from 10.0.0.7");
  for (int i = 0; i < 50; ++i) b.turned_away(1000, "crowded, from 10.0.0.8");
  ASSERT_EQ(b.reports({}).size(), 1U);
  EXPECT_EQ(b.reports({})[0].failure, "turned away");
  EXPECT_NE(b.reports({})[0].error.message.find("3 times"), std::string::npos);
  EXPECT_NE(b.reports({})[0].error.message.find("10.0.0.7"), std::string::npos);
  b.record_reports();
  b.live_ms(Tally::kEveryMs);
  ASSERT_EQ(b.reports({}).size(), 1U);
  EXPECT_NE(b.reports({})[0].error.message.find("50000 times"), std::string::npos);
}

}  // namespace
}  // namespace aeromq::broker
