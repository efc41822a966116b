// What an act did that it must not have done: from the agent's word into the register, every look
// and the way of every change, until a person clears it. And where a demotion's last record ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/postgresql/service_stage.h"

namespace aeromq::postgresql {
namespace {

using testing::HasSubstr;

const Finding kLost{"SWITCHED_BEFORE_CHECKPOINT", Severity::alarm, "b switched too early"};

std::vector<Finding> seen(Stage& stage) {
  stage.outside.told.clear();
  stage.kernel->take({}, {{}, 50}, stage.now());
  stage.look(stage.kernel->state().holder);
  return stage.outside.told.back().answer.snapshot.findings;
}

/// a was demoted, b promoted, and that went wrong.
Act make_alarm(Stage& stage) {
  const auto down = stage.granted(1);
  auto word = stage.word(down, ClaimState::executed, 1);
  word.claim.shutdown_end = 4216;
  stage.kernel->acted(down.request, word, stage.now());
  stage.outside.acts.clear();
  const auto up = stage.granted(2, Action::promote, "b");
  word = stage.word(up, ClaimState::executed, 2);
  word.claim.alarms = {kLost};
  stage.kernel->acted(up.request, word, stage.now());
  return up;
}

TEST(PostgresqlServiceAlarms, WhereTheProofEndsTravelsFromTheDemotionToThePromotion) {
  Stage stage;
  make_alarm(stage);
  ASSERT_EQ(stage.outside.acts.size(), 1U);
  EXPECT_EQ(stage.outside.acts[0].shutdown_checkpoint, 4096U);
  EXPECT_EQ(stage.outside.acts[0].shutdown_end, 4216U);
  EXPECT_EQ(stage.kernel->state().shutdown_end, 0U) << "a promotion has used it up";
  Stage other;
  const auto down = other.granted(1);
  auto word = other.word(down, ClaimState::executed, 1);
  word.claim.shutdown_end = 4216;
  other.kernel->acted(down.request, word, other.now());
  EXPECT_EQ(other.kernel->state().shutdown_end, 4216U);
  other.restart();
  EXPECT_EQ(other.kernel->state().shutdown_end, 4216U) << "it is durable";
}

TEST(PostgresqlServiceAlarms, EveryLookShowsItAndNothingIsChangedUntilItIsCleared) {
  Stage stage;
  EXPECT_TRUE(seen(stage).empty());
  const auto act = make_alarm(stage);
  for (const bool restarted : {false, true}) {
    if (restarted) stage.restart();
    const auto findings = seen(stage);
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings[0].code, kLost.code);
    EXPECT_EQ(findings[0].severity, Severity::alarm);
    EXPECT_THAT(findings[0].text, HasSubstr("alarm 1: b switched too early"));
    EXPECT_THAT(findings[0].text, HasSubstr(act.request.text()));
  }
  const auto standing = stage.open();
  stage.outside.told.clear();
  EXPECT_FALSE(stage.take(stage.act(3, Action::force_promote, "c"), standing));
  stage.look("b");
  EXPECT_EQ(stage.outside.told.back().answer.act.code, "ALARM_STANDS");
  EXPECT_TRUE(stage.outside.acts.empty());

  Alarms alarms(stage.kernel->store().database());
  EXPECT_FALSE(alarms.clear(2, 0, "another", 1));
  EXPECT_TRUE(alarms.clear(1, 0, "the rows were fetched", 1));
  EXPECT_FALSE(alarms.clear(1, 0, "again", 1));
  stage.restart();
  EXPECT_TRUE(seen(stage).empty());
}

// A person's start past everybody is no act of ours, and every look shows it while its agent tells.
TEST(PostgresqlServiceAlarms, AStartAgainstTheOthersIsSeen) {
  Stage stage;
  stage.outside.told.clear();
  stage.kernel->take({}, {{}, 50}, stage.now());
  auto sample = primary_is("a");
  sample.nodes[0].agent.emplace();
  sample.nodes[0].agent->foreign_start = "uid 7 started it";
  stage.kernel->looked(sample, stage.now());
  const auto& findings = stage.outside.told.back().answer.snapshot.findings;
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].code, "FOREIGN_START");
  EXPECT_EQ(findings[0].text, "a: uid 7 started it");
}

}  // namespace
}  // namespace aeromq::postgresql
