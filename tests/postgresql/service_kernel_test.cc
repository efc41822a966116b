// The kernel of a PostgreSQL cluster: what is granted, what a lost answer turns into, and what a
// question is told at every moment of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/postgresql/service_stage.h"

namespace aeromq::postgresql {
namespace {

using testing::HasSubstr;

std::string verdict(const OutcomeAnswer& answer) {
  return std::string(text_of(answer.verdict)) + (answer.final_ ? ", final" : "");
}

TEST(PostgresqlServiceKernel, WhoIsPrimaryIsForTheFirstLookToTell) {
  Stage stage;
  EXPECT_EQ(stage.kernel->state().holder, "a");
  EXPECT_EQ(stage.kernel->state().fencing_epoch, 1U);
  stage.restart();
  EXPECT_EQ(stage.kernel->state().holder, "a");
  stage.look("b");  // somebody promoted it by hand
  EXPECT_EQ(stage.kernel->state().holder, "b");
  EXPECT_EQ(stage.kernel->state().fencing_epoch, 2U);
}

TEST(PostgresqlServiceKernel, AnActIsGrantedDurablyAndSettledWithItsRow) {
  Stage stage;
  const auto act = stage.granted(1);
  EXPECT_EQ(stage.outside.acts[0].term, 1U);
  EXPECT_EQ(stage.outside.acts[0].act, act);
  ASSERT_TRUE(Grants(stage.kernel->store().database()).open());
  stage.kernel->acted(act.request, stage.word(act, ClaimState::executed, 1), stage.now());
  ASSERT_EQ(stage.outside.told.size(), 1U);
  EXPECT_EQ(stage.outside.told[0].connection, 1U);
  EXPECT_EQ(stage.outside.told[0].answer.act.status, ActStatus::executed);
  EXPECT_FALSE(stage.kernel->open_grant());
  EXPECT_EQ(stage.kernel->state().holder, "");
  EXPECT_EQ(stage.kernel->state().acknowledged, 4096U);
  EXPECT_EQ(stage.kernel->state().fencing_epoch, 2U);
  EXPECT_EQ(verdict(stage.outcome(act.request)), "executed, final");
  stage.restart();
  EXPECT_EQ(stage.kernel->state().demoted_epoch, 2U);
  EXPECT_EQ(verdict(stage.outcome(act.request)), "executed, final");
  const auto repeat = stage.take(act, stage.open());
  ASSERT_TRUE(repeat);
  EXPECT_EQ(repeat->status, ActStatus::duplicate);
  EXPECT_TRUE(repeat->first_executed);
}

TEST(PostgresqlServiceKernel, WhatALookSpeaksAgainstIsARowAndNothingIsSent) {
  Stage stage;
  stage.sight.failing = {{"NOT_PRIMARY", "P6-A1", "a is none", false, false}};
  const auto standing = stage.open();
  const auto act = stage.act(1);
  EXPECT_FALSE(stage.take(act, standing));
  stage.look("a");
  EXPECT_TRUE(stage.outside.acts.empty());
  EXPECT_EQ(stage.outside.told.back().answer.act.code, "NOT_PRIMARY");
  EXPECT_EQ(stage.sight.last_intent.own, std::vector{act.request});
  EXPECT_EQ(verdict(stage.outcome(act.request)), "rejected, final");
}

/// a is the primary, and b streams from it.
ClusterSample b_streams() {
  auto sample = primary_is("a");
  for (auto& node : sample.nodes) node.host = node.node + ":5432";
  sample.nodes[1].receiver = Receiver{};
  sample.nodes[1].receiver->status = "streaming";
  sample.nodes[1].receiver->sender_host = "a";
  sample.nodes[1].receiver->sender_port = 5432;
  return sample;
}

TEST(PostgresqlServiceKernel, ASuccessorIsJudgedWithWhatTheRegisterKnows) {
  Stage stage;
  const auto standing = stage.open();
  const auto answer_to = [&](std::uint32_t counter, const ClusterSample& sample) {
    auto act = stage.act(counter);
    act.successor = "b";
    EXPECT_FALSE(stage.take(act, standing));
    stage.outside.looks = 0;
    stage.outside.told.clear();
    stage.kernel->looked(sample, stage.now());
    return stage.outside.told.empty() ? ActAnswer{} : stage.outside.told.back().answer.act;
  };
  EXPECT_THAT(answer_to(1, primary_is("a")).text, HasSubstr("b does not stream from a"));
  stage.sight.failing_for["b"] = {{"NODE_STATE_UNKNOWN", "P6-F1", "c is silent", false, false}};
  const auto silent = answer_to(2, b_streams());
  EXPECT_EQ(silent.code, "SUCCESSOR_NOT_READY");
  EXPECT_THAT(silent.text, HasSubstr("b could not be promoted: NODE_STATE_UNKNOWN: c is silent"));
  stage.sight.failing_for.clear();
  // The journal of its agent was exchanged: only the register can tell.
  auto known = b_streams();
  known.nodes[1].agent = AgentStatus{};
  known.nodes[1].agent->journal = "one";
  stage.kernel->take({}, {{}, 99}, stage.now());
  stage.kernel->looked(known, stage.now());
  auto exchanged = known;
  exchanged.nodes[1].agent->journal = "another";
  EXPECT_THAT(answer_to(3, exchanged).text, HasSubstr("AGENT_JOURNAL_CHANGED"));
  EXPECT_TRUE(stage.outside.acts.empty());
  EXPECT_EQ(answer_to(4, known), ActAnswer{}) << "granted: its agent has it now";
  ASSERT_EQ(stage.outside.acts.size(), 1U);
  EXPECT_EQ(stage.outside.acts[0].act.successor, "b");
}

TEST(PostgresqlServiceKernel, ASurveyOfADemotionPreviewsItsSuccessor) {
  Stage stage;
  stage.sight.failing_for["b"] = {
      {"WRITABLE_PRIMARY_EXISTS", "P6-A1", "a is a primary", false, false}};
  KernelCall call;
  call.kind = CallKind::survey;
  call.command = "request_demotion";
  call.node = "a";
  call.successor = "b";
  stage.kernel->take(call, {{}, 7}, stage.now());
  stage.outside.looks = 0;
  stage.kernel->looked(b_streams(), stage.now());
  const auto& snapshot = stage.outside.told.back().answer.snapshot;
  EXPECT_EQ(snapshot.successor, "b");
  ASSERT_FALSE(snapshot.successor_checks.empty());
  EXPECT_EQ(snapshot.successor_checks[0].code, "WRITABLE_PRIMARY_EXISTS");
  const auto ready = std::ranges::find(snapshot.checks, "SUCCESSOR_NOT_READY", &Check::code);
  ASSERT_NE(ready, snapshot.checks.end());
  EXPECT_FALSE(ready->passes) << "the scripted sight finds a writer after the stop, too";
}

TEST(PostgresqlServiceKernel, AuthorityThatMovedBehindItsBackIsAChangedFact) {
  Stage stage;
  const auto standing = stage.open();
  EXPECT_FALSE(stage.take(stage.act(1), standing));
  stage.look("b");
  EXPECT_TRUE(stage.outside.acts.empty());
  const auto& told = stage.outside.told.back().answer.act;
  EXPECT_EQ(told.code, "FACTS_CHANGED");
  EXPECT_THAT(told.text, HasSubstr("it is with b now"));
}

// Between the question "may it?" and the grant lies a look. A newer epoch in between has made the
// id final, so it must not be granted any more.
TEST(PostgresqlServiceKernel, AnEpochThatEndedDuringTheLookIsRefused) {
  Stage stage;
  const auto standing = stage.open();
  const auto act = stage.act(1);
  EXPECT_FALSE(stage.take(act, standing));
  stage.open();
  stage.look("a");
  EXPECT_TRUE(stage.outside.acts.empty());
  EXPECT_EQ(stage.outside.told.back().answer.act.code, "STALE_EPOCH");
  EXPECT_EQ(verdict(stage.outcome(act.request)), "not executed, final");
}

TEST(PostgresqlServiceKernel, ALeaseThatEndedDuringTheLookIsRefused) {
  Stage stage;
  const auto standing = stage.open();
  EXPECT_FALSE(stage.take(stage.act(1), standing));
  stage.now_ms += 302'000;
  stage.look("a");
  EXPECT_TRUE(stage.outside.acts.empty());
  EXPECT_EQ(stage.outside.told.back().answer.act.code, "LEASE_ENDED");
}

TEST(PostgresqlServiceKernel, WhileAGrantIsOpenNoOtherIsGiven) {
  Stage stage;
  const auto act = stage.granted(1);
  const auto other = stage.take(stage.act(2, Action::promote, "b"), stage.open(), 2);
  ASSERT_TRUE(other);
  EXPECT_EQ(other->status, ActStatus::rejected);
  EXPECT_EQ(other->code, "UNSETTLED_REQUEST");
  EXPECT_EQ(stage.outside.acts.size(), 1U);
}

TEST(PostgresqlServiceKernel, OfTwoActsThatWaitForOneLookTheSecondIsRejected) {
  Stage stage;
  const auto standing = stage.open();
  EXPECT_FALSE(stage.take(stage.act(1), standing, 1));
  EXPECT_FALSE(stage.take(stage.act(2), standing, 2));
  stage.look("a");  // began with the first alone
  EXPECT_EQ(stage.outside.looks, 1);
  stage.look("a");
  EXPECT_EQ(stage.outside.acts.size(), 1U);
  EXPECT_EQ(stage.outside.told.back().answer.act.code, "UNSETTLED_REQUEST");
}

TEST(PostgresqlServiceKernel, TheSameRequestIsAnsweredWhenItSettles) {
  Stage stage;
  const auto act = stage.granted(1);
  EXPECT_FALSE(stage.take(act, stage.open(), 7));
  EXPECT_TRUE(stage.outside.told.empty());
  stage.kernel->acted(act.request, stage.word(act, ClaimState::rejected, 1), stage.now());
  ASSERT_EQ(stage.outside.told.size(), 2U);
  EXPECT_EQ(stage.outside.told[0].answer.act.status, ActStatus::rejected);
  EXPECT_EQ(stage.outside.told[1].connection, 7U);
  EXPECT_EQ(stage.outside.told[1].answer.act.status, ActStatus::duplicate);
  EXPECT_FALSE(stage.outside.told[1].answer.act.first_executed);
}

TEST(PostgresqlServiceKernel, WhatNeverLeftIsRejected) {
  Stage stage;
  const auto act = stage.granted(1);
  Word word;
  word.kind = Word::Kind::not_sent;
  word.error = make_error(ErrorCode::not_reached);
  word.claim.promised = 41;
  stage.kernel->acted(act.request, word, stage.now());
  EXPECT_EQ(stage.outside.told.back().answer.act.code, "AGENT_NOT_OPENED");
  EXPECT_EQ(verdict(stage.outcome(act.request)), "rejected, final");
  // No register of this history gave that term: this one is older than what the agent knows.
  const auto standing = stage.open();
  EXPECT_FALSE(stage.take(stage.act(2), standing));
  stage.look("a");
  EXPECT_EQ(stage.outside.told.back().answer.act.code, "REGISTER_OLDER");
  EXPECT_EQ(stage.outside.acts.size(), 1U);
}

TEST(PostgresqlServiceKernel, ALostAnswerIsFoundOutUnderAHigherTermAndNeverSentAgain) {
  Stage stage;
  const auto act = stage.granted(1);
  stage.kernel->acted(act.request, {}, stage.now());
  EXPECT_TRUE(stage.kernel->open_grant());
  EXPECT_TRUE(stage.outside.told.empty());
  stage.kernel->tick(stage.now());
  ASSERT_EQ(stage.outside.finds.size(), 1U);
  EXPECT_EQ(stage.outside.finds[0].term, 2U);
  stage.kernel->found_out(act.request, stage.word(act, ClaimState::open, 2, true), stage.now());
  stage.kernel->tick(stage.now());
  EXPECT_EQ(stage.outside.finds.size(), 1U);  // not at once again
  stage.now_ms += 2000;
  stage.kernel->tick(stage.now());
  ASSERT_EQ(stage.outside.finds.size(), 2U);
  EXPECT_EQ(stage.outside.finds[1].term, 0U);  // promised already
  stage.kernel->found_out(act.request, stage.word(act, ClaimState::executed, 2), stage.now());
  EXPECT_EQ(stage.outside.told.back().answer.act.status, ActStatus::executed);
  EXPECT_EQ(stage.outside.acts.size(), 1U);
  EXPECT_EQ(stage.kernel->state().holder, "");
}

TEST(PostgresqlServiceKernel, ATermThatWasSaidIsNeverSaidTwice) {
  Stage stage;
  const auto act = stage.granted(1);
  stage.kernel->acted(act.request, {}, stage.now());
  const auto next_term = [&](Word::Kind kind) {
    stage.now_ms += 2000;
    stage.kernel->tick(stage.now());
    Word word;
    word.kind = kind;
    stage.kernel->found_out(act.request, word, stage.now());
    return stage.outside.finds.back().term;
  };
  EXPECT_EQ(next_term(Word::Kind::not_sent), 2U);
  EXPECT_EQ(next_term(Word::Kind::lost), 2U);
  EXPECT_EQ(next_term(Word::Kind::lost), 3U);
}

TEST(PostgresqlServiceKernel, WhatNobodyClaimedIsNotExecutedForEver) {
  Stage stage;
  const auto act = stage.granted(1);
  stage.restart();
  stage.kernel->tick(stage.now());
  ASSERT_GE(stage.outside.finds.size(), 1U);
  EXPECT_EQ(stage.outside.finds.back().request, act.request);
  EXPECT_GT(stage.outside.finds.back().term, 1U);
  EXPECT_TRUE(stage.outside.acts.empty());
  EXPECT_EQ(verdict(stage.outcome(act.request, stage.word(act, ClaimState::none, 1))),
            "not yet decided");
  stage.kernel->found_out(act.request, stage.word(act, ClaimState::none, 2, true), stage.now());
  EXPECT_FALSE(stage.kernel->open_grant());
  EXPECT_EQ(verdict(stage.outcome(act.request)), "not executed, final");
  const auto repeat = stage.take(act, stage.open());
  ASSERT_TRUE(repeat);
  EXPECT_EQ(repeat->status, ActStatus::refused);
  EXPECT_EQ(repeat->code, "NEVER_CLAIMED");
  stage.restart();
  EXPECT_EQ(verdict(stage.outcome(act.request)), "not executed, final");
  EXPECT_EQ(stage.kernel->state().fencing_epoch, 1U);
}

TEST(PostgresqlServiceKernel, AQuestionReadsTheJournalAndWritesNothing) {
  Stage stage;
  const auto act = stage.granted(1);
  EXPECT_EQ(verdict(stage.outcome(act.request)), "unknown");
  EXPECT_EQ(verdict(stage.outcome(act.request, stage.word(act, ClaimState::open, 1))),
            "not yet decided");
  EXPECT_EQ(verdict(stage.outcome(act.request, stage.word(act, ClaimState::executed, 1))),
            "executed, final");
  EXPECT_TRUE(stage.kernel->open_grant());
  EXPECT_EQ(RegisterTerms(stage.kernel->store().database()).last(), 1U);
  EXPECT_EQ(stage.kernel->store().ledger_rows(), 0U);
}

// A host that burns in the middle of an act must not hold its cluster for ever.
TEST(PostgresqlServiceKernel, AForcedPromotionPassesAGrantWhoseAgentIsSilent) {
  Stage stage;
  const auto lost = stage.granted(1);
  stage.kernel->acted(lost.request, {}, stage.now());
  const auto standing = stage.open();
  const auto force = [&](std::uint32_t counter, std::vector<std::string> overrides) {
    auto act = stage.act(counter, Action::force_promote, "b");
    act.overrides = std::move(overrides);
    EXPECT_FALSE(stage.take(act, standing));
    stage.look("a");  // no agent of it answers
    return act;
  };
  force(2, {});
  EXPECT_EQ(stage.outside.told.back().answer.act.code, "FACTS_CHANGED");
  stage.outside.acts.clear();
  const auto forced = force(3, {"UNSETTLED_REQUEST"});
  ASSERT_EQ(stage.outside.acts.size(), 1U);
  ASSERT_EQ(stage.kernel->open_grant()->act, forced);
  stage.kernel->acted(forced.request, stage.word(forced, ClaimState::executed, 9), stage.now());
  EXPECT_EQ(stage.kernel->state().holder, "b");
  // Set aside is not undone: nothing is known until that agent speaks, and then its word stands.
  EXPECT_EQ(verdict(stage.outcome(lost.request)), "unknown");
  stage.restart();
  EXPECT_EQ(verdict(stage.outcome(lost.request)), "unknown");
  stage.kernel->found_out(lost.request, stage.word(lost, ClaimState::executed, 9), stage.now());
  EXPECT_EQ(verdict(stage.outcome(lost.request)), "executed, final");
  EXPECT_EQ(stage.kernel->state().holder, "b");
}

TEST(PostgresqlServiceKernel, AGrantWhoseAgentAnswersIsPassedByNobody) {
  Stage stage;
  stage.granted(1);
  const auto standing = stage.open();
  auto force = stage.act(2, Action::force_promote, "b");
  force.overrides = {"UNSETTLED_REQUEST"};
  EXPECT_FALSE(stage.take(force, standing));
  auto sample = primary_is("a");
  sample.nodes[0].agent.emplace().durable_role = NodeRole::primary;
  stage.outside.looks = 0;
  stage.kernel->looked(sample, stage.now());
  EXPECT_EQ(stage.outside.told.back().answer.act.code, "UNSETTLED_REQUEST");
  EXPECT_EQ(stage.outside.acts.size(), 1U);
}

TEST(PostgresqlServiceKernel, AJournalThatIsSeenFirstIsTheOneThatIsNamedAndAsked) {
  Stage stage;
  const auto show = [&](const std::string& journal) {
    auto sample = primary_is("a");
    sample.nodes[0].agent.emplace().journal = journal;
    stage.kernel->take({}, {{}, 99}, stage.now());
    stage.kernel->looked(sample, stage.now());
    stage.outside.looks = 0;
  };
  show("j1");
  show("j2");
  const auto act = stage.granted(1);
  EXPECT_EQ(stage.outside.journals.back(), "j1");
  stage.kernel->acted(act.request, {}, stage.now());
  stage.kernel->tick(stage.now());
  EXPECT_EQ(stage.outside.finds.back().journal, "j1");
}

// What was never sent becomes a rejection: nobody may have been told "not executed" before.
TEST(PostgresqlServiceKernel, WhileTheActIsOnItsWayNoQuestionSaysThatItNeverBegan) {
  Stage stage;
  const auto act = stage.granted(1);
  EXPECT_EQ(verdict(stage.outcome(act.request, stage.word(act, ClaimState::none, 99))),
            "not yet decided");
  stage.kernel->acted(act.request, {}, stage.now());
  EXPECT_EQ(verdict(stage.outcome(act.request, stage.word(act, ClaimState::none, 99))),
            "not executed, final");
}

TEST(PostgresqlServiceKernel, ANewEpochDoesNotEndWhatWasGranted) {
  Stage stage;
  const auto act = stage.granted(1);
  stage.open();
  stage.now_ms += 400'000;
  EXPECT_EQ(verdict(stage.outcome(act.request, stage.word(act, ClaimState::open, 1))),
            "not yet decided");
}

// The agent has acted, its row is not written yet: the look shows what the row will say, and
// counting it now would count it twice.
TEST(PostgresqlServiceKernel, WhatAGrantMovesIsCountedOnce) {
  Stage stage;
  const auto act = stage.granted(1, Action::force_promote, "b");
  stage.look("b");
  EXPECT_EQ(stage.kernel->state().fencing_epoch, 1U);
  stage.kernel->take({}, {{}, 60}, stage.now());  // a look begins before the row
  stage.outside.told.clear();
  stage.kernel->acted(act.request, stage.word(act, ClaimState::executed, 1), stage.now());
  EXPECT_EQ(stage.kernel->state().fencing_epoch, 2U);
  stage.look("a");  // what it saw is older than the row
  EXPECT_EQ(stage.kernel->state().fencing_epoch, 2U);
  EXPECT_EQ(stage.kernel->state().holder, "b");
  EXPECT_EQ(stage.outside.told.size(), 1U);  // the act's; the reading waits for the next look
  stage.look("b");
  EXPECT_EQ(stage.kernel->state().fencing_epoch, 2U);
  ASSERT_EQ(stage.outside.told.size(), 2U);
  EXPECT_EQ(stage.outside.told[1].connection, 60U);
}

TEST(PostgresqlServiceKernel, AReadingNeverRidesALookThatBeganBeforeIt) {
  Stage stage;
  stage.outside.told.clear();
  stage.kernel->take({}, {{}, 1}, stage.now());
  stage.kernel->take({}, {{}, 2}, stage.now());
  stage.kernel->take({}, {{}, 3}, stage.now());
  EXPECT_EQ(stage.outside.looks, 1);
  stage.look("a");
  EXPECT_EQ(stage.outside.told.size(), 1U);
  stage.look("a");
  EXPECT_EQ(stage.outside.told.size(), 3U);
  EXPECT_EQ(stage.outside.looks, 0);
}

TEST(PostgresqlServiceKernel, OfADemotionTheNextPromotionIsToldTheCheckpoint) {
  Stage stage;
  const auto act = stage.granted(1);
  stage.kernel->acted(act.request, stage.word(act, ClaimState::executed, 1), stage.now());
  stage.outside.acts.clear();
  const auto standing = stage.open();
  EXPECT_FALSE(stage.take(stage.act(2, Action::promote, "b"), standing));
  stage.look("");
  ASSERT_EQ(stage.outside.acts.size(), 1U);
  EXPECT_EQ(stage.outside.acts[0].last_primary, "a");
  EXPECT_EQ(stage.outside.acts[0].shutdown_checkpoint, 4096U);
  EXPECT_EQ(stage.sight.last_intent.last_primary, "a");
  EXPECT_EQ(stage.sight.last_intent.shutdown_checkpoint, 4096U);
}

TEST(PostgresqlServiceKernel, ASurveyHasTheChecksAndWhatNobodyChecked) {
  Stage stage;
  const auto act = stage.granted(1);
  KernelCall call;
  call.kind = CallKind::survey;
  call.command = text_of(CommandName::request_promotion);
  call.node = "b";
  stage.kernel->take(call, {{}, 8}, stage.now());
  stage.look("a");
  ASSERT_FALSE(stage.outside.told.empty());
  const auto& snapshot = stage.outside.told.back().answer.snapshot;
  ASSERT_EQ(snapshot.checks.size(), 1U);
  EXPECT_EQ(snapshot.checks[0].code, "UNSETTLED_REQUEST");
  EXPECT_EQ(snapshot.not_checked, std::vector<std::string>{"the weather"});
  ASSERT_EQ(snapshot.findings.size(), 1U);
  EXPECT_EQ(snapshot.findings[0].code, "RAIN");
}

}  // namespace
}  // namespace aeromq::postgresql
