// The kernel's decisions as plain functions: what an act meets, and what an agent's word makes of a
// grant.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/postgresql/service/rules.h"
#include "tests/kernel/fixtures.h"

namespace aeromq::postgresql {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const Opened kOpened{HistoryId{{1, 2, 3, 4}}, 1, 5, 0, 0, "demo"};

Act some_act(std::uint32_t counter = 1) {
  return kernel::act_of(kernel::id_of(kOpened, 5000, counter), Action::promote, "n2", 3);
}
Grant some_grant() { return {some_act(), 7, GrantState::open, 10, 20, "j1"}; }
AgentClaim claim_of(ClaimState state, std::uint64_t promised = 7) {
  AgentClaim claim;
  claim.request = some_act().request;
  claim.state = state;
  claim.promised = promised;
  return claim;
}
kernel::LedgerRow row_of(bool executed, bool not_executed = false) {
  kernel::LedgerRow row;
  row.request = some_act().request;
  row.executed = executed;
  row.not_executed = not_executed;
  row.answer.status = executed       ? ActStatus::executed
                      : not_executed ? ActStatus::refused
                                     : ActStatus::rejected;
  row.answer.code = "CODE";
  return row;
}

TEST(PostgresqlServiceRules, TheLedgerComesBeforeEverythingElse) {
  const auto refusal = kernel::refused("STALE_EPOCH", "");
  for (const bool executed : {false, true}) {
    const auto decided = act_rule(some_act(), row_of(executed), {some_grant()}, refusal);
    EXPECT_EQ(decided.step, ActStep::repeat);
    EXPECT_EQ(decided.answer.status, ActStatus::duplicate);
    EXPECT_EQ(decided.answer.first_executed, executed);
  }
}

TEST(PostgresqlServiceRules, ARepeatOfWhatWasNeverClaimedIsRefusedAsItsOutcomeIs) {
  const auto decided = act_rule(some_act(), row_of(false, true), {}, {});
  EXPECT_EQ(decided.step, ActStep::repeat);
  EXPECT_EQ(decided.answer.status, ActStatus::refused);
  const auto told =
      kernel::decide_outcome(some_act().request, {row_of(false, true), {}, 0, false, true, 0});
  EXPECT_EQ(told.verdict, Verdict::not_executed);
  EXPECT_TRUE(told.final_);
}

TEST(PostgresqlServiceRules, TheOwnOpenGrantIsWaitedForWhateverElseIsWrong) {
  EXPECT_EQ(act_rule(some_act(), {}, {some_grant()}, {}).step, ActStep::join);
  EXPECT_EQ(act_rule(some_act(), {}, {some_grant()}, kernel::refused("STALE_EPOCH", "")).step,
            ActStep::join);
}

TEST(PostgresqlServiceRules, RefusalsLeaveNoRowAndComeBeforeAnothersGrant) {
  EXPECT_EQ(act_rule(some_act(2), {}, {some_grant()}, kernel::refused("LEASE_ENDED", "")).step,
            ActStep::refuse);
  const auto decided = act_rule(some_act(2), {}, {some_grant()}, {});
  EXPECT_EQ(decided.step, ActStep::reject);
  EXPECT_EQ(decided.answer.code, "UNSETTLED_REQUEST");
  EXPECT_THAT(decided.answer.text, HasSubstr(some_act().request.text()));
  EXPECT_EQ(act_rule(some_act(2), {}, {}, {}).step, ActStep::go_on);
}

TEST(PostgresqlServiceRules, TheEndOfAGrantIsTheJournalsWord) {
  const auto grant = some_grant();
  EXPECT_EQ(settle_rule(grant, claim_of(ClaimState::executed)), End::executed);
  EXPECT_EQ(settle_rule(grant, claim_of(ClaimState::rejected)), End::rejected);
  EXPECT_EQ(settle_rule(grant, claim_of(ClaimState::open, 99)), End::keep_asking);
  EXPECT_EQ(settle_rule(grant, claim_of(ClaimState::none, 6)), End::keep_asking);
  EXPECT_EQ(settle_rule(grant, claim_of(ClaimState::none, 7)), End::keep_asking);
  EXPECT_EQ(settle_rule(grant, claim_of(ClaimState::none, 8)), End::not_executed);
  auto other = claim_of(ClaimState::executed);
  other.request = some_act(2).request;
  EXPECT_EQ(settle_rule(grant, other), End::keep_asking);
}

TEST(PostgresqlServiceRules, AnAnswerWithoutAClaimIsTheEndOfTheOneCopy) {
  auto claim = claim_of(ClaimState::none);
  EXPECT_EQ(answer_rule(some_grant(), claim), End::keep_asking);
  claim.code = "OTHER_TERM";
  EXPECT_EQ(answer_rule(some_grant(), claim), End::not_executed);
  EXPECT_EQ(answer_of(End::not_executed, claim).status, ActStatus::refused);
}

TEST(PostgresqlServiceRules, AQuestionSaysFinalOnlyWhereTheGrantHasAnEnd) {
  const auto told = [](std::optional<AgentClaim> claim) {
    const auto answer = outcome_of(some_grant(), claim, 1);
    EXPECT_EQ(answer.node, "n2");
    return std::pair(answer.verdict, answer.final_);
  };
  EXPECT_EQ(told(std::nullopt), std::pair(Verdict::unknown, false));
  EXPECT_EQ(told(claim_of(ClaimState::executed)), std::pair(Verdict::executed, true));
  EXPECT_EQ(told(claim_of(ClaimState::rejected)), std::pair(Verdict::rejected, true));
  EXPECT_EQ(told(claim_of(ClaimState::open, 8)), std::pair(Verdict::not_yet_decided, false));
  EXPECT_EQ(told(claim_of(ClaimState::none, 7)), std::pair(Verdict::not_yet_decided, false));
  EXPECT_EQ(told(claim_of(ClaimState::none, 8)), std::pair(Verdict::not_executed, true));
}

TEST(PostgresqlServiceRules, ADemotionLeavesItsCheckpointBehindAPromotionAHolder) {
  auto state = kernel::three_nodes();
  state.holder = "n1";
  auto act = some_act();
  act.action = Action::demote;
  act.node = "n1";
  auto claim = claim_of(ClaimState::executed);
  claim.shutdown_checkpoint = 0x5000028;
  claim.effects = {{"role", "primary", "standby"}};
  const auto effects = apply(state, act, claim);
  EXPECT_THAT(effects,
              ElementsAre(Effect{"write_authority", "n1", "none"},
                          Effect{"fencing_epoch", "1", "2"}, Effect{"role", "primary", "standby"}));
  EXPECT_EQ(state.holder, "");
  EXPECT_EQ(state.last_primary, "n1");
  EXPECT_EQ(state.demoted_epoch, 2U);
  EXPECT_EQ(state.acknowledged, 0x5000028U);
  claim.timeline = 9;
  apply(state, some_act(), claim);
  EXPECT_EQ(state.holder, "n2");
  EXPECT_EQ(state.demoted_epoch, 0U);
  EXPECT_EQ(state.timeline, 9U);
  EXPECT_EQ(state.fencing_epoch, 3U);
}

TEST(PostgresqlServiceRules, WhatMovedIsSaidFirstThenWhatNobodyMayOverride) {
  auto state = kernel::three_nodes();
  state.fencing_epoch = 4;
  state.holder = "n3";
  const Check fails{"A", "P6-A1", "a fails", false, false};
  const Check risk{"B", "P6-S1", "b fails", false, true};
  auto act = some_act();
  const auto moved = judge(state, {fails}, act);
  ASSERT_TRUE(moved);
  EXPECT_EQ(moved->code, "FACTS_CHANGED");
  EXPECT_THAT(moved->text, HasSubstr("it is with n3 now"));
  act.fencing_epoch = 4;
  EXPECT_EQ(judge(state, {risk, fails}, act)->code, "A");
  EXPECT_EQ(judge(state, {risk}, act)->code, "FACTS_CHANGED");
  act.overrides = {"B"};
  EXPECT_FALSE(judge(state, {risk}, act));
}

TEST(PostgresqlServiceRules, ADemotionKeepsTheTimelineOfItsCheckpoint) {
  kernel::Register state;
  state.holder = "n3";
  state.timeline = 1;
  auto claim = claim_of(ClaimState::executed);
  claim.shutdown_checkpoint = 4096;
  claim.timeline = 2;  // a person had promoted, and nobody was seen to hold authority there
  auto act = some_act();
  act.action = Action::demote;
  act.node = "n1";
  apply(state, act, claim);
  EXPECT_EQ(state.timeline, 2U);
  EXPECT_EQ(state.acknowledged, 4096U);
  EXPECT_EQ(state.last_primary, "n1");
  EXPECT_EQ(state.holder, "");
  EXPECT_EQ(state.demoted_epoch, state.fencing_epoch);
}

TEST(PostgresqlServiceRules, AGrantOfAnAgentThatCannotReadItsFilesMayBePassedByForce) {
  ClusterSample sample;
  auto& node = sample.nodes.emplace_back();
  node.node = some_grant().act.node;
  node.agent.emplace();
  std::vector<Check> checks;
  add_open_grant(checks, some_grant(), Action::force_promote, sample);
  EXPECT_TRUE(checks[0].overridable);
  checks.clear();
  node.agent->durable_role = NodeRole::primary;
  add_open_grant(checks, some_grant(), Action::force_promote, sample);
  EXPECT_FALSE(checks[0].overridable);
}

TEST(PostgresqlServiceRules, AnotherJournalIsSaidAndASilentAgentIsNot) {
  ClusterSample sample;
  sample.nodes.emplace_back().node = "n2";
  EXPECT_TRUE(journal_check("j1", "n2", sample).passes);
  sample.nodes[0].agent.emplace().journal = "j2";
  EXPECT_TRUE(journal_check("", "n2", sample).passes);
  const auto changed = journal_check("j1", "n2", sample);
  EXPECT_FALSE(changed.passes);
  EXPECT_FALSE(changed.overridable);
  EXPECT_EQ(changed.code, "AGENT_JOURNAL_CHANGED");
}

TEST(PostgresqlServiceRules, AnAgentOfAnotherRegisterIsSaidWithTheWayOn) {
  const HistoryId history{{1}};
  ClusterSample sample;
  sample.nodes.emplace_back().node = "n2";
  EXPECT_TRUE(bound_check(history, "n2", sample).passes) << "not heard: others say so";
  auto& agent = sample.nodes[0].agent.emplace();
  EXPECT_TRUE(bound_check(history, "n2", sample).passes) << "the first act binds it";
  agent.bound = true;
  agent.history = history;
  EXPECT_TRUE(bound_check(history, "n2", sample).passes);
  const auto elsewhere = bound_check(HistoryId{{2}}, "n2", sample);
  EXPECT_FALSE(elsewhere.passes);
  EXPECT_FALSE(elsewhere.overridable);
  EXPECT_EQ(elsewhere.code, "AGENT_BOUND_ELSEWHERE");
  EXPECT_THAT(elsewhere.text, HasSubstr("aeromq-pg-agent bind 02000000"));
}

TEST(PostgresqlServiceRules, ARegisterIsOlderThanWhatItsAgentsHavePromised) {
  const HistoryId history{{1}};
  ClusterSample sample;
  sample.nodes.resize(2);
  sample.nodes[0].node = "n1";
  sample.nodes[1].node = "n2";
  auto& agent = sample.nodes[1].agent.emplace();
  agent.promised = 7;
  EXPECT_TRUE(register_check(history, 6, 0, sample).passes) << "not bound to this history";
  agent.bound = true;
  agent.history = history;
  EXPECT_TRUE(register_check(history, 7, 0, sample).passes);
  EXPECT_TRUE(register_check(HistoryId{{2}}, 6, 0, sample).passes) << "a new one was begun";
  const auto older = register_check(history, 6, 0, sample);
  EXPECT_FALSE(older.passes);
  EXPECT_FALSE(older.overridable);
  EXPECT_EQ(older.code, "REGISTER_OLDER");
  EXPECT_THAT(older.text,
              HasSubstr("the agent of n2 has promised term 7, this register gave 6 last"));
  EXPECT_FALSE(register_check(history, 7, 7, sample).passes) << "heard of before, and caught up";
}

TEST(PostgresqlServiceRules, ASurveySaysThatAGrantIsOpen) {
  std::vector<Check> checks{{"UNSETTLED_REQUEST", "P6-A2", "none", true, false}};
  add_open_grant(checks, some_grant(), Action::promote, {});
  EXPECT_FALSE(checks[0].overridable);
  checks[0].passes = true;
  add_open_grant(checks, some_grant(), Action::force_promote, {});
  EXPECT_TRUE(checks[0].overridable);
  ASSERT_EQ(checks.size(), 1U);
  EXPECT_FALSE(checks[0].passes);
  EXPECT_THAT(checks[0].text, HasSubstr("term 7"));
}

}  // namespace
}  // namespace aeromq::postgresql
