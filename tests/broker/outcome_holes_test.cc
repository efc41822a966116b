// The holes that a model checker found in earlier drafts of the outcome rule, as far as they live
// in the broker; docs/failure-model.md tells each one.
#include "scripted_broker.h"

namespace aeromq::broker {
namespace {

constexpr std::size_t kPending = 6;
constexpr std::size_t kDispatched = 10;

// 1: explained under epoch 1, confirmed under epoch 2.
TEST(OutcomeHole01, ADispatcherRestartEndsItsSessions) {
  ScriptedBroker b;
  b.join_all();
  auto client = b.connect();
  const auto request = b.drive(client, kMutation, kPending);
  b.cut(Role::dispatcher);
  b.join(Role::dispatcher);
  b.open_kernel(2);
  b.forget();
  b.drive_on(client, request, kMutation, kPending, kDispatched);
  EXPECT_EQ(b.count(b.at(Role::dispatcher), T::dispatch), 0U);
  // And no new request under the old epoch.
  const auto next = b.drive(client, kMutation, 1);
  b.record_reports();
  ASSERT_FALSE(b.told(client, next).empty());
  EXPECT_EQ(b.told(client, next).back().error.code, "SESSION_ENDED");
  EXPECT_EQ(b.count(b.at(Role::gate), T::submit), 0U);
}

// 4: a repeat is told "not executed" while the first one executes.
TEST(OutcomeHole04, NoAnswerAboutARepeatSaysNotExecuted) {
  for (std::size_t done = 1; done <= kMutation.size(); ++done) {
    ScriptedBroker b;
    b.join_all();
    auto client = b.connect();
    const auto request = b.drive(client, kMutation, done);
    auto stranger = b.connect("bob");
    b.forget();
    for (auto* from : {&client, &stranger})
      for (const auto type : {T::submit, T::audit_query}) b.step(*from, request, type);
    b.step(stranger, request, T::confirm);
    b.step(stranger, request, T::abandon);
    if (done != kPending) b.step(client, request, T::confirm);
    b.record_reports();
    for (auto* from : {&client, &stranger})
      for (const auto& answer : b.told(*from, request))
        EXPECT_EQ(answer.error.outcome, Outcome::unknown) << answer.error.code;
  }
}

// 6: "not executed" is said for a silent stage, which then wakes.
TEST(OutcomeHole06, LossIsOneStep) {
  for (std::size_t done = 1; done < kMutation.size(); ++done) {
    const auto holder = find_route(kMutation[done - 1])->receiver;
    if (holder == Role::client) continue;
    ScriptedBroker b;
    b.join_all();
    auto client = b.connect();
    const auto request = b.drive(client, kMutation, done);
    const auto stopped = b.at(holder);
    b.live_ms(b.options.stage_timeout_ms + 1000);
    EXPECT_EQ(b.core.open_requests(), 0U);
    b.forget();
    b.actor_says(stopped, kMutation[done], request,
                 {1});  // it wakes, and goes on as if nothing was
    for (const auto& message : b.about(request)) EXPECT_EQ(message.header.type, T::report);
    EXPECT_EQ(b.count(client.connection, kMutation[done]), 0U);
  }
}

TEST(OutcomeHole06, OnlyARecordedRequestIsDispatched) {
  for (std::size_t done = 1; done < kMutation.size(); ++done) {
    ScriptedBroker b;
    b.join_all();
    auto client = b.connect();
    const auto request = b.drive(client, kMutation, done);
    const auto before = b.count(b.at(Role::dispatcher), T::dispatch);
    b.step(client, request, T::dispatch);
    EXPECT_EQ(b.count(b.at(Role::dispatcher), T::dispatch),
              before + (kMutation[done - 1] == T::confirmed ? 1 : 0));
  }
}

// 7: a new broker never knew that the request was handed over.
TEST(OutcomeHole07, AnUnknownSessionIsRefused) {
  ScriptedBroker before;
  before.join_all();
  auto client = before.connect();
  const auto request = before.drive(client, kMutation, kDispatched);

  auto options = ScriptedBroker::defaults();
  options.boot.octets.fill(0xB1);
  ScriptedBroker after(options);
  after.join_all();  // even the same history, dispatcher and epoch: the lease end still differs
  after.tick_ms(1000);
  auto again = after.connect();
  ASSERT_NE(again.session, client.session);
  for (const auto type : {T::submit, T::confirm}) {
    after.step(again, request, type);
    after.record_reports();
    ASSERT_FALSE(after.told(again, request).empty());
    EXPECT_EQ(after.told(again, request).back().error.outcome, Outcome::unknown);
  }
  EXPECT_EQ(after.count(after.at(Role::gate), T::submit), 0U);
  EXPECT_EQ(after.count(after.at(Role::gate), T::confirm), 0U);
}

// 10: an observer burns or confirms for another.
TEST(OutcomeHole10, ASessionLivesOnItsConnectionAndIdentity) {
  ScriptedBroker b;
  b.join_all();
  auto alice = b.connect("alice");
  auto eve = b.connect("eve");
  const auto request = b.drive(alice, kMutation, kPending);
  b.forget();
  b.step(eve, request, T::confirm);
  b.step(eve, request, T::abandon);
  b.step(eve, request, T::submit);
  b.cut(eve);
  for (const auto role : {Role::gate, Role::keeper, Role::dispatcher})
    for (const auto& message : b.to(b.at(role))) EXPECT_TRUE(is_link(message.header.type));
  b.drive_on(alice, request, kMutation, kPending);
  EXPECT_EQ(b.count(alice.connection, T::result), 1U);
}

// 11: the broker's half: nothing of an old connection counts on a new one.
TEST(OutcomeHole11, WorkOfAnOldBrokerRunIsNotAcceptedFromANewConnection) {
  ScriptedBroker b;
  b.join_all();
  auto client = b.connect();
  const auto request = b.drive(client, kMutation, 9);
  const auto fresh = b.join(Role::explainer);  // refused: one lives
  BootId old;
  old.octets.fill(0x0D);
  b.say({Side::control, b.at(Role::writer)}, "uid", {T::dispatch, old, 0, request, {}}, {1});
  EXPECT_EQ(b.count(b.at(Role::dispatcher), T::dispatch), 0U);
  EXPECT_EQ(b.core.registry().find(Role::writer), nullptr);
  EXPECT_EQ(b.count(fresh, T::hello_refused), 1U);
}

// 15: nobody records the end of a pending confirmation. The log's "run begins" ends every older
// one in every reader, so none may be confirmed after it.
TEST(OutcomeHole15, NoConfirmationOutlivesTheAuditWriterThatRecordedIt) {
  for (std::size_t done = 5; done <= 9; ++done) {
    ScriptedBroker b;
    b.join_all();
    auto client = b.connect();
    const auto request = b.drive(client, kMutation, done);
    b.cut(Role::writer);
    EXPECT_EQ(b.core.open_requests(), 0U);
    EXPECT_EQ(b.count(b.at(Role::keeper), T::void_confirmation), 1U);
    b.join(Role::writer);
    b.record_reports();
    b.forget();
    b.drive_on(client, request, kMutation, done, kDispatched);
    EXPECT_EQ(b.count(b.at(Role::dispatcher), T::dispatch), 0U) << name_of(kMutation[done - 1]);
  }
}

// 16: two dispatchers of one id fence each other for ever.
TEST(OutcomeHole16, TheSecondHelloOfALivingRoleIsRefused) {
  ScriptedBroker b;
  b.join_all();
  const auto first = b.at(Role::dispatcher);
  const auto second = b.join(Role::dispatcher);
  EXPECT_EQ(b.count(second, T::hello_refused), 1U);
  b.actor_says(second, T::opened, {}, encode(Opened{{}, 7, 9, 0, 1000, ""}));
  EXPECT_EQ(b.core.registry().kernel->opened.epoch, 1U);
  EXPECT_EQ(b.core.registry().find(Role::dispatcher)->connection, first);
}

// 18: `unknown` is told, then a result arrives: recorded, not sent.
TEST(OutcomeHole18, ALateActedIsRecordedOnceAndNotTold) {
  ScriptedBroker b;
  b.join_all();
  auto client = b.connect("alice");
  const auto request = b.drive(client, kMutation, kDispatched);
  const auto stopped = b.at(Role::dispatcher);
  b.live_ms(b.options.stage_timeout_ms + 1000);
  b.record_reports();
  ASSERT_EQ(b.told(client, request).size(), 1U);
  EXPECT_EQ(b.told(client, request)[0].error.outcome, Outcome::unknown);
  b.join(Role::dispatcher);
  b.open_kernel(2);
  b.forget();
  const auto body = ScriptedBroker::body_of(T::acted, request);
  b.actor_says(stopped, T::acted, request, body);
  const auto reports = b.to(b.at(Role::writer), T::report);
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].header.principal, "alice");
  EXPECT_EQ(body_as<Report>(reports[0]).late, body);
  EXPECT_EQ(body_as<Report>(reports[0]).failure, "late result");
  b.record_reports();
  EXPECT_TRUE(b.to(client.connection).empty());
  // Once, and only of what it held.
  b.forget();
  b.actor_says(stopped, T::acted, request, body);
  EXPECT_TRUE(b.sent.empty());
}

TEST(OutcomeHole18, ADeadDispatcherSpeaksOfNothingButWhatItHeld) {
  ScriptedBroker b;
  b.join_all();
  auto client = b.connect();
  const auto held = b.drive(client, kMutation, kDispatched);
  const auto stopped = b.at(Role::dispatcher);
  b.live_ms(b.options.stage_timeout_ms + 1000);
  b.forget();
  auto other = held;
  ++other.counter;
  b.actor_says(stopped, T::acted, other, {1});
  b.actor_says(stopped, T::observed, held, {1});
  EXPECT_TRUE(b.sent.empty());
}

TEST(OutcomeHole18, UnknownIsSaidOnlyOfWhatWasHandedOver) {
  for (std::size_t done = 1; done < kMutation.size(); ++done) {
    ScriptedBroker b;
    b.join_all();
    auto client = b.connect();
    const auto request = b.drive(client, kMutation, done);
    b.cut(Role::dispatcher);
    for (const auto& report : b.reports(request))
      EXPECT_EQ(report.error.outcome,
                done == kDispatched ? Outcome::unknown : Outcome::not_executed)
          << name_of(kMutation[done - 1]);
  }
}

// The kernel's word comes back while no audit writer lives: it is kept and recorded by the next.
TEST(OutcomeHole14, TheKernelsWordWithoutAWriterIsKeptForTheNextOne) {
  ScriptedBroker b;
  b.join_all();
  auto client = b.connect();
  const auto request = b.drive(client, kMutation, kDispatched);
  b.cut(Role::writer);
  EXPECT_EQ(b.core.open_requests(), 1U);
  b.step(client, request, T::acted);
  ASSERT_EQ(b.told(client, request).size(), 1U);
  EXPECT_EQ(b.told(client, request)[0].error.code, "AUDIT_LOST");
  EXPECT_EQ(b.told(client, request)[0].error.outcome, Outcome::unknown);
  b.join(Role::writer);
  ASSERT_EQ(b.reports(request).size(), 1U);
  EXPECT_EQ(b.reports(request)[0].late, ScriptedBroker::body_of(T::acted, request));
}

}  // namespace
}  // namespace aeromq::broker
