// The order of an act, and the holes of earlier designs that concern the kernel.
#include "kernel/embedded.h"

#include <gtest/gtest.h>

#include "tests/kernel/in_process_kernel.h"

namespace aeromq::kernel {
namespace {

class EmbeddedKernel : public testing::Test {
 protected:
  void SetUp() override {
    kernel_.fresh();
    kernel_.settle();
  }
  static std::uint32_t lease() { return kStart / 1000 + 60; }
  ActAnswer act(Connection& connection, const RequestId& id, Action action, const std::string& node,
                std::uint64_t fencing_epoch, std::vector<std::string> overrides = {}) {
    auto wanted = act_of(id, action, node, fencing_epoch);
    wanted.overrides = std::move(overrides);
    return connection.call(act_call(wanted))->act;
  }
  Verdict outcome(Connection& connection, const RequestId& id) {
    return connection.call(outcome_call(id))->outcome.front().verdict;
  }
  InProcessKernel kernel_;
};

TEST_F(EmbeddedKernel, OutcomeHole01_EpochBound) {
  auto first = kernel_.open(1);
  const auto id = id_of(first->opened(), lease(), 1);
  auto second = kernel_.open(1);
  ASSERT_EQ(outcome(*second, id), Verdict::not_executed);
  EXPECT_EQ(act(*second, id, Action::demote, "a", 1).status, ActStatus::refused);
  EXPECT_EQ(act(*first, id, Action::demote, "a", 1).status, ActStatus::refused);
  EXPECT_EQ(outcome(*second, id), Verdict::not_executed);
  EXPECT_EQ(kernel_.kernel().state().holder, "a");
}

TEST_F(EmbeddedKernel, OutcomeHole02_OnlyItsOwnPlanesEpochEndsARequest) {
  auto paused = kernel_.open(1);
  const auto id = id_of(paused->opened(), lease(), 1);
  auto other = kernel_.open(2);
  ASSERT_EQ(other->opened().epoch, paused->opened().epoch);
  EXPECT_EQ(act(*other, id, Action::demote, "a", 1).code, "OTHER_DISPATCHER");
  for (int i = 0; i < 3; ++i) other = kernel_.open(2);
  EXPECT_EQ(outcome(*other, id), Verdict::not_yet_decided);
  EXPECT_EQ(act(*paused, id, Action::demote, "a", 1).status, ActStatus::executed);
}

TEST_F(EmbeddedKernel, OutcomeHole03_AnOverrideIsNotSpentOnAnotherSituation) {
  auto one = kernel_.open(1);
  kernel_.pass_ms(kStale);
  kernel_.settle_only("b");
  kernel_.settle_only("c");
  const std::vector<std::string> yes{"OLD_PRIMARY_NOT_PROVEN_DOWN"};
  ASSERT_EQ(act(*one, id_of(one->opened(), lease(), 1), Action::force_promote, "b", 1, yes).status,
            ActStatus::executed);
  const auto late = act(*one, id_of(one->opened(), lease(), 2), Action::force_promote, "c", 1, yes);
  EXPECT_EQ(late.code, "FACTS_CHANGED");
  EXPECT_EQ(late.invariants, std::vector<std::string>{"P7-A2"});
}

TEST_F(EmbeddedKernel, OutcomeHole04_TheLedgerComesBeforeTheEpoch) {
  auto old = kernel_.open(1);
  const auto id = id_of(old->opened(), lease(), 1);
  ASSERT_EQ(act(*old, id, Action::demote, "a", 1).status, ActStatus::executed);
  auto next = kernel_.open(1);
  for (auto* connection : {old.get(), next.get()}) {
    const auto repeat = act(*connection, id, Action::demote, "a", 1);
    EXPECT_EQ(repeat.status, ActStatus::duplicate);
    EXPECT_TRUE(repeat.first_executed);
    EXPECT_FALSE(repeat.effects.empty());
  }
  // Even long after its lease.
  kernel_.pass_ms(600'000);
  EXPECT_EQ(act(*next, id, Action::demote, "a", 1).status, ActStatus::duplicate);
}

TEST_F(EmbeddedKernel, OutcomeHole08_ARejectionIsARow) {
  auto one = kernel_.open(1);
  const auto id = id_of(one->opened(), lease(), 1);
  const auto first = act(*one, id, Action::promote, "b", 1);
  ASSERT_EQ(first.status, ActStatus::rejected);
  act(*one, id_of(one->opened(), lease(), 2), Action::demote, "a", 1);
  kernel_.settle();
  const auto copy = act(*one, id, Action::promote, "b", 2);
  EXPECT_EQ(copy.status, ActStatus::duplicate);
  EXPECT_FALSE(copy.first_executed);
  EXPECT_EQ(copy.code, first.code);
  EXPECT_EQ(copy.text, first.text);
  EXPECT_EQ(kernel_.kernel().state().holder, "");
}

TEST_F(EmbeddedKernel, RefusalsAreNotRows) {
  auto old = kernel_.open(1);
  const auto id = id_of(old->opened(), lease(), 1);
  auto next = kernel_.open(1);
  act(*old, id, Action::demote, "a", 1);
  act(*next, id, Action::demote, "a", 1);
  act(*next, id_of(next->opened(), kStart / 1000 - 1, 1), Action::demote, "a", 1);
  auto other = id_of(next->opened(), lease(), 2);
  other.session.history.octets[0] ^= 1;
  act(*next, other, Action::demote, "a", 1);
  EXPECT_EQ(kernel_.kernel().store().ledger_rows(), 0U);
}

TEST_F(EmbeddedKernel, OutcomeHole09_TheRowKeepsDigestAndPrincipal) {
  auto one = kernel_.open(1);
  const auto id = id_of(one->opened(), lease(), 1);
  auto wanted = act_of(id, Action::demote, "a", 1);
  wanted.command_digest = Digest{{0x12, 0x34}};
  one->call(act_call(wanted));
  // Another plane uses the printed id for another command.
  auto two = kernel_.open(2);
  const auto stolen = act(*two, id, Action::promote, "b", 2);
  EXPECT_EQ(stolen.status, ActStatus::duplicate);
  const auto told = two->call(outcome_call(id))->outcome.front();
  EXPECT_EQ(told.principal, "olga");
  EXPECT_EQ(told.node, "a");
  EXPECT_EQ(told.action, "demote");
  EXPECT_EQ(told.command_digest.substr(0, 4), "1234");
}

TEST_F(EmbeddedKernel, OutcomeHole13_OnlyTheKernelsClockEndsALease) {
  auto one = kernel_.open(1);
  const auto id = id_of(one->opened(), lease(), 1);
  kernel_.pass_ms(60'999);
  kernel_.settle();
  ASSERT_EQ(outcome(*one, id), Verdict::not_yet_decided);
  const auto late = id_of(one->opened(), lease(), 2);
  kernel_.pass_ms(1);
  ASSERT_EQ(outcome(*one, late), Verdict::not_executed);
  EXPECT_EQ(act(*one, late, Action::demote, "a", 1).code, "LEASE_ENDED");
  EXPECT_EQ(outcome(*one, late), Verdict::not_executed);
}

TEST_F(EmbeddedKernel, OutcomeHole16_TheOlderOfTwoDispatchersIsToldItIsStale) {
  auto first = kernel_.open(1);
  auto second = kernel_.open(1);
  EXPECT_EQ(act(*first, id_of(first->opened(), lease(), 1), Action::demote, "a", 1).code,
            "STALE_EPOCH");
  EXPECT_EQ(act(*second, id_of(second->opened(), lease(), 1), Action::demote, "a", 1).status,
            ActStatus::executed);
}

TEST_F(EmbeddedKernel, AFenceEndsAnEpochAndSaysWhoAndWhy) {
  auto one = kernel_.open(1);
  const auto id = id_of(one->opened(), lease(), 1);
  EXPECT_FALSE(kernel_.kernel().fence({1, ""}, 7, kernel_.now()));
  const auto fenced = kernel_.kernel().fence({1, "host is gone"}, 7, kernel_.now());
  ASSERT_TRUE(fenced);
  EXPECT_EQ(outcome(*one, id), Verdict::not_executed);
  EXPECT_EQ(act(*one, id, Action::demote, "a", 1).code, "STALE_EPOCH");
  const auto rows = kernel_.kernel().store().fences();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].uid, 7U);
  EXPECT_EQ(rows[0].reason, "host is gone");
  EXPECT_GT(kernel_.open(1)->opened().epoch, fenced->epoch);
}

TEST_F(EmbeddedKernel, AConnectionThatHasNotOpenedOnlyReads) {
  auto one = kernel_.open(1);
  const auto wanted = act_of(id_of(one->opened(), lease(), 1), Action::demote, "a", 1);
  const auto answer = kernel_.kernel().answer(act_call(wanted), {}, kernel_.now());
  EXPECT_EQ(answer.act.code, "STALE_EPOCH");
  EXPECT_EQ(kernel_.kernel().answer({}, {}, kernel_.now()).snapshot.holder, "a");
}

TEST_F(EmbeddedKernel, AnActNeedsAnIdOfAKernelAction) {
  auto one = kernel_.open(1);
  EXPECT_EQ(act(*one, id_of(one->opened(), lease(), 1, false), Action::demote, "a", 1).code,
            "NOT_A_KERNEL_ACTION");
  EXPECT_EQ(act(*one, {}, Action::demote, "a", 1).code, "NOT_A_KERNEL_ACTION");
}

TEST_F(EmbeddedKernel, TheAcknowledgedPositionSurvivesARestart) {
  NodeReport report = report_as(kernel_.kernel().state(), NodeRole::primary, 777);
  kernel_.kernel().report("a", report, kernel_.now());
  kernel_.restart();
  EXPECT_EQ(kernel_.kernel().state().acknowledged, 777U);
  EXPECT_FALSE(kernel_.kernel().state().nodes.at("a").heard);
}

TEST_F(EmbeddedKernel, ARefusedReportChangesNothingButThatItIsShown) {
  const auto before = kernel_.kernel().state();
  auto report = report_as(before, NodeRole::primary, 900);
  report.fencing_epoch = 99;
  EXPECT_EQ(kernel_.kernel().report("a", report, kernel_.now()).refused.size(), 1U);
  auto after = kernel_.kernel().state();
  EXPECT_TRUE(after.nodes.at("a").refused);
  after.nodes.at("a").refused.reset();
  EXPECT_EQ(after, before);
}

TEST_F(EmbeddedKernel, DiagnosticsDeclareTheirCostFirst) {
  auto one = kernel_.open(1);
  KernelCall call;
  call.kind = CallKind::survey;
  call.command = "run_diagnostics";
  EXPECT_NE(one->call(call)->cost.find("octets"), std::string::npos);
  EXPECT_TRUE(one->call(call)->snapshot.checks.empty());
}

}  // namespace
}  // namespace aeromq::kernel
