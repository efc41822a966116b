// Confirm and abandon: only of a pending request, by the connection and principal that asked. And
// repeats: never said to be "not executed", and the first one goes on undisturbed.
#include "scripted_broker.h"

namespace aeromq::broker {
namespace {

constexpr std::size_t kPending = 6;  // messages of kMutation up to confirmation_asked

class BrokerConfirm : public testing::Test {
 protected:
  void SetUp() override {
    b.join_all();
    alice = b.connect("alice");
  }
  Error answer(const TestClient& client, const RequestId& request) {
    b.record_reports();
    const auto told = b.told(client, request);
    EXPECT_EQ(told.size(), 1U);
    if (!told.empty()) {
      EXPECT_GT(told.back().record, 1000U);
    }
    return told.empty() ? Error{} : told.back().error;
  }
  void expect_goes_on(const RequestId& request, std::size_t from) {
    b.forget();
    b.drive_on(alice, request, kMutation, from);
    EXPECT_EQ(b.count(b.at(Role::dispatcher), T::dispatch), 1U);
    EXPECT_EQ(b.count(alice.connection, T::result), 1U);
  }

  ScriptedBroker b;
  TestClient alice;
};

TEST_F(BrokerConfirm, OnlyFromTheConnectionThatAsked) {
  const auto request = b.drive(alice, kMutation, kPending);
  auto other = b.connect("alice");  // the same principal, another connection
  auto bob = b.connect("bob");
  for (auto* stranger : {&other, &bob}) {
    for (const auto type : {T::confirm, T::abandon}) {
      b.forget();
      b.step(*stranger, request, type);
      EXPECT_EQ(b.count(b.at(Role::gate), T::confirm), 0U);
      EXPECT_EQ(b.count(b.at(Role::keeper), T::abandon), 0U);
      EXPECT_EQ(b.count(b.at(Role::keeper), T::void_confirmation), 0U);
      const auto error = answer(*stranger, request);
      EXPECT_EQ(error.code, "UNKNOWN_SESSION");
      EXPECT_EQ(error.outcome, Outcome::unknown);
    }
  }
  EXPECT_TRUE(b.told(alice, request).empty());
  expect_goes_on(request, kPending);
}

// One connection has one authenticated identity; a message that claims another is no message of it.
TEST_F(BrokerConfirm, OnlyWithThePrincipalThatAsked) {
  const auto request = b.drive(alice, kMutation, kPending);
  b.forget();
  b.say({Side::client, alice.connection}, "mallory",
        {T::confirm, b.options.boot, 1 + kPending, request, {}}, {1});
  EXPECT_EQ(b.count(b.at(Role::gate), T::confirm), 0U);
  EXPECT_TRUE(b.about(request).empty());
}

TEST_F(BrokerConfirm, ADoubleConfirmIsTokenSpentWithTheOutcomeUnknown) {
  for (std::size_t done = kPending + 1; done < kMutation.size(); ++done) {
    const auto request = b.drive(alice, kMutation, done);
    b.forget();
    b.step(alice, request, T::confirm);
    EXPECT_EQ(b.count(b.at(Role::gate), T::confirm), 0U);
    const auto error = answer(alice, request);
    EXPECT_EQ(error.code, "TOKEN_SPENT") << name_of(kMutation[done - 1]);
    EXPECT_EQ(error.outcome, Outcome::unknown);
    b.forget();
    b.drive_on(alice, request, kMutation, done);
    EXPECT_EQ(b.count(alice.connection, T::result), 1U) << "the first one goes on";
  }
}

TEST_F(BrokerConfirm, AConfirmThatNothingAskedForIsNotPendingAndTheRequestGoesOn) {
  for (std::size_t done = 1; done < kPending; ++done) {
    const auto request = b.drive(alice, kMutation, done);
    b.forget();
    b.step(alice, request, T::confirm);
    const auto error = answer(alice, request);
    EXPECT_EQ(error.code, "NOT_PENDING") << name_of(kMutation[done - 1]);
    EXPECT_EQ(error.outcome, Outcome::unknown);
    expect_goes_on(request, done);
  }
}

TEST_F(BrokerConfirm, OfAClosedOrUnheardOfRequestItIsNotPending) {
  const auto closed = b.drive(alice, kMutation);
  for (const auto& request : {closed, RequestId{alice.session, 500, true}}) {
    for (const auto type : {T::confirm, T::abandon}) {
      b.forget();
      b.step(alice, request, type);
      const auto error = answer(alice, request);
      EXPECT_EQ(error.code, "NOT_PENDING");
      EXPECT_EQ(error.outcome, Outcome::unknown);
    }
  }
}

TEST_F(BrokerConfirm, ASecondAbandonIsNotPending) {
  const auto request = b.drive(alice, kAbandon, 7);
  b.forget();
  b.step(alice, request, T::abandon);
  EXPECT_EQ(b.count(b.at(Role::keeper), T::abandon), 0U);
  EXPECT_EQ(answer(alice, request).code, "NOT_PENDING");
  b.drive_on(alice, request, kAbandon, 7);
  EXPECT_EQ(b.count(alice.connection, T::error), 1U);
}

TEST_F(BrokerConfirm, ARepeatIsADuplicateInEveryStateAndTheFirstGoesOn) {
  for (std::size_t done = 1; done < kMutation.size(); ++done) {
    const auto request = b.drive(alice, kMutation, done);
    b.forget();
    b.step(alice, request, T::submit);
    EXPECT_EQ(b.count(b.at(Role::gate), T::submit), 0U);
    const auto error = answer(alice, request);
    EXPECT_EQ(error.code, "DUPLICATE_REQUEST");
    EXPECT_EQ(error.outcome, Outcome::unknown);
    b.forget();
    b.drive_on(alice, request, kMutation, done);
    EXPECT_EQ(b.count(alice.connection, T::result), 1U);
  }
}

TEST_F(BrokerConfirm, ARepeatWithTheOtherClassBitOrOfAnOlderCounterIsADuplicateToo) {
  alice.counter = 10;
  const auto request = b.drive(alice, kMutation, 3);
  auto twin = request;
  twin.kernel_action = !twin.kernel_action;
  auto older = request;
  older.counter = 5;
  for (const auto& repeat : {twin, older}) {
    b.step(alice, repeat, T::submit);
    EXPECT_EQ(answer(alice, repeat).code, "DUPLICATE_REQUEST");
  }
  expect_goes_on(request, 3);
}

// Whatever the broker lacks at the moment, a repeat is answered as a repeat.
TEST_F(BrokerConfirm, ARepeatIsNeverNotExecutedWhateverIsMissing) {
  for (const auto missing : kAllActors) {
    ScriptedBroker other;
    other.join_all();
    auto client = other.connect();
    const auto request = other.drive(client, kMutation, 10);  // with the dispatcher: may execute
    other.cut(missing);
    other.record_reports();
    other.forget();
    other.step(client, request, T::submit);
    if (missing != Role::writer) other.record_reports();
    const auto told = other.told(client, request);
    ASSERT_EQ(told.size(), 1U) << text_of(missing);
    EXPECT_EQ(told[0].error.code, "DUPLICATE_REQUEST") << text_of(missing);
    EXPECT_EQ(told[0].error.outcome, Outcome::unknown) << text_of(missing);
  }
}

TEST_F(BrokerConfirm, AnotherClientsRequestIdIsAnUnknownSession) {
  auto bob = b.connect("bob");
  const auto request = b.drive(alice, kMutation, kPending);
  for (const auto& id : {request, RequestId{alice.session, 77, true}}) {
    b.step(bob, id, T::submit);
    EXPECT_EQ(answer(bob, id).code, "UNKNOWN_SESSION");
    b.forget();
  }
  expect_goes_on(request, kPending);
}

// The end of a confirmation is the keeper's word and may cross anything on its way.
TEST_F(BrokerConfirm, TheKeepersEndCrossesAConfirmAndTheLateHalfIsDropped) {
  const auto request = b.drive(alice, kMutation, kPending + 1);  // confirm is with the gate
  b.step(alice, request, T::ended);
  EXPECT_EQ(b.count(b.at(Role::writer), T::ended), 1U);
  b.forget();
  b.step(alice, request, T::authorised_confirm);
  b.step(alice, request, T::confirmed);
  EXPECT_TRUE(b.sent.empty());
  b.step(alice, request, T::error);
  EXPECT_EQ(b.count(alice.connection, T::error), 1U);
  EXPECT_EQ(b.core.open_requests(), 0U);
}

// A token that runs out while its record is being written: the request ends, it does not hang.
TEST_F(BrokerConfirm, AnEndThatOvertakesTheAskingEndsTheRequest) {
  const auto request = b.drive(alice, kMutation, 5);  // asked is with the writer
  b.step(alice, request, T::ended);
  b.step(alice, request, T::confirmation_asked);
  b.step(alice, request, T::error);
  EXPECT_EQ(b.count(alice.connection, T::error), 1U);
  EXPECT_EQ(b.core.open_requests(), 0U);
}

TEST_F(BrokerConfirm, AGateThatRefusesAConfirmVoidsThePendingOne) {
  const auto request = b.drive(alice, kMutation, kPending + 1);
  b.forget();
  b.step(alice, request, T::refused_by_gate);
  const auto voids = b.to(b.at(Role::keeper), T::void_confirmation);
  ASSERT_EQ(voids.size(), 1U);
  EXPECT_EQ(voids[0].header.request, request);
  EXPECT_EQ(body_as<VoidConfirmation>(voids[0]).why, EndReason::stage_lost);
  b.step(alice, request, T::error);
  EXPECT_EQ(b.count(alice.connection, T::error), 1U);
  EXPECT_EQ(b.core.open_requests(), 0U);
}

// ---- the client goes away ---------------------------------------------------------------------

// F4.1: nothing of it reaches the gate, the kernel's side or the audit log.
TEST_F(BrokerConfirm, AClientThatIsGoneBeforeItSubmitsLeavesNoTrace) {
  b.forget();
  b.feed.clear();
  auto bob = b.connect("bob");
  b.cut(bob);
  b.live_ms(b.options.heartbeat_ms);
  for (const auto role : kAllActors)
    for (const auto& message : b.to(b.at(role))) EXPECT_EQ(message.header.type, T::ping);
  EXPECT_TRUE(b.feed.empty());
  EXPECT_EQ(b.core.open_requests(), 0U);
}

TEST_F(BrokerConfirm, AClientThatIsGoneEndsOnlyWhatIsPending) {
  for (std::size_t done = 1; done < kMutation.size(); ++done) {
    ScriptedBroker other;
    other.join_all();
    auto client = other.connect();
    const auto request = other.drive(client, kMutation, done);
    other.forget();
    other.cut(client);
    if (done == kPending) {
      const auto voids = other.to(other.at(Role::keeper), T::void_confirmation);
      ASSERT_EQ(voids.size(), 1U);
      EXPECT_EQ(body_as<VoidConfirmation>(voids[0]).why, EndReason::client_gone);
      other.step(client, request, T::ended);
      EXPECT_EQ(other.count(other.at(Role::writer), T::ended), 1U);
      other.step(client, request, T::error);
      EXPECT_EQ(other.core.open_requests(), 0U);
      continue;
    }
    EXPECT_TRUE(other.about(request).empty());
    if (done < kPending) {  // goes on until a person would be asked, then ends
      other.drive_on(client, request, kMutation, done, kPending);
      EXPECT_EQ(other.count(other.at(Role::keeper), T::void_confirmation), 1U);
      other.step(client, request, T::ended);
      other.step(client, request, T::error);
    } else {
      other.drive_on(client, request, kMutation, done);
      EXPECT_EQ(other.count(other.at(Role::writer), T::acted), done < 11 ? 1U : 0U);
    }
    EXPECT_EQ(other.core.open_requests(), 0U) << done;
    EXPECT_EQ(other.count(other.at(Role::dispatcher), T::dispatch), done > kPending && done < 10);
  }
}

TEST_F(BrokerConfirm, AKeeperThatDoesNotAnswerAVoidIsLost) {
  const auto request = b.drive(alice, kMutation, kPending);
  b.cut(alice);
  b.live_ms(b.options.stage_timeout_ms + 1000);
  EXPECT_EQ(b.core.registry().find(Role::keeper), nullptr);
  ASSERT_EQ(b.reports(request).size(), 1U);
  EXPECT_EQ(b.reports(request)[0].error.outcome, Outcome::not_executed);
  EXPECT_EQ(b.core.open_requests(), 0U);
}

}  // namespace
}  // namespace aeromq::broker
