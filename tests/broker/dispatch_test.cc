// The credit of one: the dispatcher never holds two mutations, and what waits is handed over in
// order or not at all.
#include "scripted_broker.h"

namespace aeromq::broker {
namespace {

constexpr std::size_t kDispatched = 10;  // messages of kMutation up to dispatch

class BrokerDispatch : public testing::Test {
 protected:
  void SetUp() override {
    b.join_all();
    for (auto* client : {&one, &two, &three}) *client = b.connect("alice");
  }
  std::vector<RequestId> with_dispatcher() const {
    std::vector<RequestId> ids;
    for (const auto& message : b.to(b.at(Role::dispatcher), T::dispatch))
      ids.push_back(message.header.request);
    return ids;
  }

  ScriptedBroker b;
  TestClient one, two, three;
};

TEST_F(BrokerDispatch, TheSecondWaitsAndIsHandedOverInOrder) {
  const auto first = b.drive(one, kMutation, kDispatched);
  const auto second = b.drive(two, kMutation, kDispatched);
  const auto third = b.drive(three, kMutation, kDispatched);
  EXPECT_EQ(with_dispatcher(), (std::vector{first}));
  b.drive_on(one, first, kMutation, kDispatched);
  EXPECT_EQ(with_dispatcher(), (std::vector{first, second}));
  b.drive_on(two, second, kMutation, kDispatched);
  EXPECT_EQ(with_dispatcher(), (std::vector{first, second, third}));
  for (const auto& message : b.to(b.at(Role::dispatcher), T::dispatch))
    EXPECT_EQ(message.body, ScriptedBroker::body_of(T::dispatch, message.header.request));
  b.drive_on(three, third, kMutation, kDispatched);
  for (auto* client : {&one, &two, &three}) EXPECT_EQ(b.count(client->connection, T::result), 1U);
}

TEST_F(BrokerDispatch, WhatWaitsHasNoTimerAndAnswersToItAreNotBelieved) {
  const auto first = b.drive(one, kMutation, kDispatched);
  const auto second = b.drive(two, kMutation, kDispatched);
  b.forget();
  b.step(two, second, T::acted);  // the dispatcher does not hold it
  EXPECT_EQ(b.count(b.at(Role::writer), T::acted), 0U);
  b.live_ms(b.options.stage_timeout_ms - 1000);
  b.drive_on(one, first, kMutation, kDispatched);
  EXPECT_EQ(with_dispatcher(), (std::vector{second}));
  b.live_ms(b.options.stage_timeout_ms - 1000);
  EXPECT_NE(b.core.registry().find(Role::dispatcher), nullptr) << "its timer starts at hand-over";
}

TEST_F(BrokerDispatch, ReadsGoOnBesideAMutation) {
  b.drive(one, kMutation, kDispatched);
  const auto look = b.drive(two, kInspection);
  EXPECT_EQ(b.count(two.connection, T::result), 1U);
  EXPECT_EQ(b.to(two.connection, T::result)[0].header.request, look);
}

TEST_F(BrokerDispatch, DispatcherLostTheHandedOverIsUnknownTheWaitingNotExecuted) {
  const auto first = b.drive(one, kMutation, kDispatched);
  const auto second = b.drive(two, kMutation, kDispatched);
  b.cut(Role::dispatcher);
  ASSERT_EQ(b.reports(first).size(), 1U);
  EXPECT_EQ(b.reports(first)[0].error.code, "DISPATCH_LOST");
  EXPECT_EQ(b.reports(first)[0].error.outcome, Outcome::unknown);
  ASSERT_EQ(b.reports(second).size(), 1U);
  EXPECT_EQ(b.reports(second)[0].error.code, "STAGE_LOST");
  EXPECT_EQ(b.reports(second)[0].error.outcome, Outcome::not_executed);
  b.record_reports();
  EXPECT_EQ(b.told(one, first).size(), 1U);
  EXPECT_EQ(b.told(two, second).size(), 1U);

  b.join(Role::dispatcher);
  b.open_kernel(2);
  b.renew(three);
  const auto next = b.drive(three, kMutation, kDispatched);
  EXPECT_EQ(with_dispatcher(), (std::vector{next}))
      << "credit is new, nothing is handed over again";
}

TEST_F(BrokerDispatch, ADispatchThatNeverLeftIsNotExecuted) {
  const auto first = b.drive(one, kMutation, kDispatched - 1);
  const auto second = b.drive(two, kMutation, kDispatched - 1);
  b.fail_silently({Side::control, b.at(Role::dispatcher)});  // nobody noticed: the dispatch will
  b.step(one, first, T::dispatch);
  EXPECT_EQ(b.core.registry().find(Role::dispatcher), nullptr);
  for (const auto& request : {first, second}) {
    ASSERT_EQ(b.reports(request).size(), 1U);
    EXPECT_EQ(b.reports(request)[0].error.code, "STAGE_LOST");
    EXPECT_EQ(b.reports(request)[0].error.outcome, Outcome::not_executed);
  }
}

TEST_F(BrokerDispatch, ASecondOpenedEndsTheDispatcher) {
  const auto pending = b.drive(one, kMutation, 6);
  b.open_kernel(2);  // one process = one kernel connection = one epoch
  EXPECT_EQ(b.core.registry().find(Role::dispatcher), nullptr);
  ASSERT_EQ(b.reports(pending).size(), 1U);
  EXPECT_EQ(b.reports(pending)[0].error.outcome, Outcome::not_executed);
}

TEST_F(BrokerDispatch, AnOpenedThatDoesNotFitAnIdEndsTheDispatcher) {
  for (const auto epoch : {std::uint64_t{0}, std::uint64_t{1} << 24}) {
    ScriptedBroker other;
    other.join(Role::dispatcher);
    other.open_kernel(epoch);
    EXPECT_EQ(other.core.registry().find(Role::dispatcher), nullptr);
  }
}

}  // namespace
}  // namespace aeromq::broker
