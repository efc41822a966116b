// The table of dispatcher.h: shared snapshots, one act, no retry, nothing claimed about a repeat.
#include "actors/dispatcher/dispatcher.h"

#include <gtest/gtest.h>

#include "messages/digest.h"
#include "tests/actors/model_kernel.h"

namespace aeromq {
namespace {

RequestId id(std::uint32_t counter, bool kernel_action = false) {
  RequestId made;
  made.counter = counter;
  made.kernel_action = kernel_action;
  return made;
}

class DispatcherTest : public testing::Test {
 protected:
  Step observe(std::uint32_t counter, const Submit& submit) {
    return on(message(id(counter), Observe{Authority::observer, encode(submit)}));
  }
  Step look(std::uint32_t counter) {
    return observe(counter, {"inspect_cluster_state", "", "", "", {}});
  }
  static Dispatch licence() {
    Dispatch body{Authority::operator_,
                  encode(Submit{"request_demotion", "n1", "why", "", {}}),
                  {},
                  3,
                  {},
                  40};
    body.explanation_digest.octets.fill(1);
    return body;
  }
  Step dispatch(std::uint32_t counter) { return on(message(id(counter, true), licence())); }
  Step on(Envelope envelope) {
    envelope.principal = "alice";
    return dispatcher_.on(envelope, {});
  }
  Step answer(const KernelCall& call) { return dispatcher_.on_answer(kernel_.answer(call), {}); }
  static Error refusal(const Envelope& envelope) {
    EXPECT_EQ(envelope.type, MessageType::refused_by_dispatcher);
    return decode<Refused>(envelope.body).value().error;
  }

  ModelKernel kernel_;
  Dispatcher dispatcher_;
};

TEST_F(DispatcherTest, InspectionsThatWaitTogetherShareALaterSnapshot) {
  const auto first = look(1).calls;
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(look(2), Step{});
  EXPECT_EQ(look(3), Step{});
  const auto answered = answer(first[0]);
  ASSERT_EQ(answered.send.size(), 1U);  // only the one that arrived before its snapshot was taken
  EXPECT_EQ(answered.send[0].request, id(1));
  ASSERT_EQ(answered.calls.size(), 1U);
  const auto shared = answer(answered.calls[0]);
  ASSERT_EQ(shared.send.size(), 2U);
  EXPECT_EQ(shared.send[0].request, id(2));
  EXPECT_EQ(shared.send[1].request, id(3));
  EXPECT_TRUE(shared.calls.empty());
}

TEST_F(DispatcherTest, WalSnapshotsAndOutcomesAreCallsOfTheirOwn) {
  EXPECT_EQ(observe(1, {"inspect_wal", "", "", "", {}}).calls.at(0).kind, CallKind::wal);
  EXPECT_EQ(observe(2, {"inspect_snapshots", "", "", "", {}}).calls.at(0).kind,
            CallKind::snapshots);
  const auto about = id(9, true);
  const auto step = observe(3, {"inspect_promotion_state", "", "", about.text(), {}});
  EXPECT_EQ(step.calls.at(0).kind, CallKind::outcome);
  EXPECT_EQ(step.calls.at(0).about, about);
  EXPECT_EQ(observe(4, {"inspect_promotion_state", "", "", "", {}}).calls.at(0).kind,
            CallKind::snapshot);
}

TEST_F(DispatcherTest, OneDispatchIsOneActWithAllThatTheLedgerNeeds) {
  const auto step = dispatch(1);
  ASSERT_EQ(step.calls.size(), 1U);
  const auto& act = step.calls[0].act;
  EXPECT_EQ(act.request, id(1, true));
  EXPECT_EQ(act.action, Action::demote);
  EXPECT_EQ(act.node, "n1");
  EXPECT_EQ(act.fencing_epoch, 3U);
  EXPECT_EQ(act.principal, "alice");
  EXPECT_EQ(act.reason, "why");
  EXPECT_EQ(act.command_digest, sha256(licence().command));
  const auto acted = decode<Acted>(answer(step.calls[0]).send.at(0).body).value();
  EXPECT_EQ(acted.cause, 40U);
  EXPECT_EQ(acted.answer.status, ActStatus::executed);
}

TEST_F(DispatcherTest, ARepeatIsRefusedBeforeAndAfterTheAnswer) {
  const auto first = dispatch(1);
  for (int i = 0; i < 2; ++i) {
    const auto repeat = dispatch(1);
    EXPECT_TRUE(repeat.calls.empty());
    EXPECT_EQ(refusal(repeat.send.at(0)).code, "DUPLICATE_REQUEST");
    EXPECT_EQ(refusal(repeat.send.at(0)).outcome, Outcome::unknown);
    answer(first.calls[0]);
  }
  EXPECT_EQ(kernel_.executions(), 1U);
}

TEST_F(DispatcherTest, ASecondActWhileOneIsInFlightIsNotMade) {
  dispatch(1);
  const auto second = dispatch(2);
  EXPECT_TRUE(second.calls.empty());
  EXPECT_EQ(refusal(second.send.at(0)).code, "BUSY");
  EXPECT_EQ(refusal(second.send.at(0)).outcome, Outcome::unknown);
}

TEST_F(DispatcherTest, TheKernelHasAWindowOfReadsAndADispatchWaitsBehindNone) {
  const Submit wal{"inspect_wal", "", "", "", {}};
  std::deque<KernelCall> with_kernel;
  constexpr std::uint32_t kMany = Dispatcher::kMaxCalls + 100;
  for (std::uint32_t i = 1; i <= kMany; ++i)
    for (const auto& call : observe(i, wal).calls) with_kernel.push_back(call);
  ASSERT_EQ(with_kernel.size(), Dispatcher::kMaxCalls);
  const auto act = dispatch(kMany + 1);
  ASSERT_EQ(act.calls.size(), 1U);
  ASSERT_EQ(answer(act.calls[0]).send.size(), 1U);
  std::uint32_t next = 1;
  while (!with_kernel.empty()) {
    const auto step = answer(with_kernel.front());
    with_kernel.pop_front();
    ASSERT_EQ(step.send.size(), 1U);
    EXPECT_EQ(step.send[0].request, id(next++)) << "in order";
    for (const auto& call : step.calls) with_kernel.push_back(call);
    EXPECT_LE(with_kernel.size(), Dispatcher::kMaxCalls);
  }
  EXPECT_EQ(next, kMany + 1) << "each was asked and answered";
}

TEST_F(DispatcherTest, WhatIsBeyondTheQueueIsBusyAndALostKernelAnswersAllThatWait) {
  const Submit wal{"inspect_wal", "", "", "", {}};
  constexpr std::uint32_t kMost = Dispatcher::kMaxCalls + Dispatcher::kMaxQueued;
  for (std::uint32_t i = 1; i <= kMost; ++i) EXPECT_TRUE(observe(i, wal).send.empty());
  const auto excess = refusal(observe(kMost + 1, wal).send.at(0));
  EXPECT_EQ(excess.code, "BUSY");
  EXPECT_EQ(excess.outcome, Outcome::not_executed);
  EXPECT_EQ(dispatcher_.on_kernel_lost({}).send.size(), kMost);
  EXPECT_EQ(observe(kMost + 2, wal).calls.size(), 1U) << "nothing is left of them";
}

TEST_F(DispatcherTest, NoLicenceNoCall) {
  const auto refused = [&](auto change) {
    auto body = licence();
    change(body);
    const auto step = on(message(id(1, true), body));
    EXPECT_TRUE(step.calls.empty());
    EXPECT_EQ(refusal(step.send.at(0)).code, "MALFORMED");
    EXPECT_EQ(refusal(step.send.at(0)).outcome, Outcome::not_executed);
  };
  refused([](Dispatch& body) { body.record = 0; });
  refused([](Dispatch& body) { body.authority = Authority::auditor; });
  refused([](Dispatch& body) { body.explanation_digest = {}; });
  refused([](Dispatch& body) { body.command = encode(Submit{"inspect_wal", "", "", "", {}}); });
  refused([](Dispatch& body) { body.command = {0xC1}; });
  EXPECT_TRUE(dispatcher_.on(message(id(1, true), licence()), {}).calls.empty());  // no principal
  EXPECT_TRUE(on({MessageType::dispatch, id(1, true), "", {0xC1}}).calls.empty());
}

TEST_F(DispatcherTest, ALostKernelEndsEverythingAndNothingIsTriedAgain) {
  const auto read = look(1);
  look(2);
  const auto act = dispatch(3);
  const auto lost = dispatcher_.on_kernel_lost({});
  EXPECT_TRUE(lost.calls.empty());
  ASSERT_EQ(lost.send.size(), 3U);
  for (const auto& envelope : lost.send) {
    if (envelope.request == id(3, true)) {
      EXPECT_TRUE(decode<Acted>(envelope.body).value().lost);
    } else {
      EXPECT_EQ(refusal(envelope).code, "KERNEL_UNAVAILABLE");
      EXPECT_EQ(refusal(envelope).outcome, Outcome::not_executed);
    }
  }
  EXPECT_EQ(answer(read.calls[0]), Step{});  // too late: nobody waits
  EXPECT_EQ(answer(act.calls[0]), Step{});
  EXPECT_EQ(refusal(dispatch(3).send.at(0)).code, "DUPLICATE_REQUEST");
}

TEST_F(DispatcherTest, AnAnswerOfAnotherKindProvesNothing) {
  auto wrong = kernel_.answer(look(1).calls.at(0));
  wrong.kind = CallKind::wal;
  EXPECT_EQ(refusal(dispatcher_.on_answer(wrong, {}).send.at(0)).code, "KERNEL_UNAVAILABLE");
  KernelAnswer about_act;
  about_act.id = dispatch(2).calls.at(0).id;
  const auto acted = dispatcher_.on_answer(about_act, {}).send.at(0);
  EXPECT_TRUE(decode<Acted>(acted.body).value().lost);
}

TEST_F(DispatcherTest, AnAnswerThatContradictsItselfIsNotShown) {
  auto mixed = kernel_.answer(look(1).calls.at(0));
  mixed.snapshot.holder = "n2";
  EXPECT_EQ(refusal(dispatcher_.on_answer(mixed, {}).send.at(0)).code, "MIXED_VIEW");
  const auto body = encode(Submit{"request_demotion", "n1", "why", "", {}});
  const auto survey = on(message(id(2, true), Survey{Authority::operator_, body}));
  auto surveyed = kernel_.answer(survey.calls.at(0));
  surveyed.snapshot.holder = "n2";
  EXPECT_EQ(refusal(dispatcher_.on_answer(surveyed, {}).send.at(0)).code, "MIXED_VIEW");
}

TEST_F(DispatcherTest, WhatItRemembersIsBounded) {
  for (std::uint32_t i = 1; i <= Dispatcher::kMaxRemembered + 1; ++i)
    answer(dispatch(i).calls.at(0));
  // The oldest is forgotten here; the ledger still refuses it.
  const auto again = answer(dispatch(1).calls.at(0));
  EXPECT_EQ(decode<Acted>(again.send.at(0).body).value().answer.status, ActStatus::duplicate);
}

}  // namespace
}  // namespace aeromq
