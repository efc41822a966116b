// The outcome rule, row by row.
#include "kernel/outcome_rule.h"

#include <gtest/gtest.h>

#include "tests/kernel/fixtures.h"

namespace aeromq::kernel {
namespace {

const HistoryId kHistory{{1, 2, 3, 4}};
const RequestId kRequest{{kHistory, 1, 5, 100, 1}, 1, true};

OutcomeFacts facts() {
  OutcomeFacts made;
  made.history = kHistory;
  made.epoch = 5;
  made.opened_in_this_run = true;
  made.kernel_ms = 50'000;
  return made;
}

OutcomeAnswer decide(const OutcomeFacts& facts) { return decide_outcome(kRequest, facts); }

TEST(OutcomeRule, NotYetDecidedUntilTheLeaseEnds) {
  const auto answer = decide(facts());
  EXPECT_EQ(answer.verdict, Verdict::not_yet_decided);
  EXPECT_FALSE(answer.final_);
  EXPECT_EQ(answer.until_kernel_ms, 101'000U);
}

TEST(OutcomeRule, TheLastSecondOfALeaseStillCounts) {
  auto given = facts();
  given.kernel_ms = 100'999;
  EXPECT_TRUE(lease_holds(kRequest, given.kernel_ms));
  EXPECT_EQ(decide(given).verdict, Verdict::not_yet_decided);
  given.kernel_ms = 101'000;
  EXPECT_FALSE(lease_holds(kRequest, given.kernel_ms));
  EXPECT_EQ(decide(given).verdict, Verdict::not_executed);
  EXPECT_TRUE(decide(given).final_);
}

TEST(OutcomeRule, ANewerEpochIsFinal) {
  auto given = facts();
  given.epoch = 6;
  EXPECT_EQ(decide(given).verdict, Verdict::not_executed);
}

TEST(OutcomeRule, AnEpochOfAnEarlierRunIsFinal) {
  auto given = facts();
  given.opened_in_this_run = false;
  EXPECT_EQ(decide(given).verdict, Verdict::not_executed);
}

TEST(OutcomeRule, AnEpochThatNobodyOpenedYetIsNot) {
  auto given = facts();
  given.epoch = 4;
  EXPECT_EQ(decide(given).verdict, Verdict::not_yet_decided);
  given.opened_in_this_run = false;
  EXPECT_EQ(decide(given).verdict, Verdict::not_yet_decided);
}

TEST(OutcomeRule, ADeadKernelsClockDecidesNothing) {
  auto given = facts();
  given.epoch = 4;
  given.kernel_runs = false;
  given.opened_in_this_run = false;
  given.kernel_ms = 1'000'000'000;
  EXPECT_EQ(decide(given).verdict, Verdict::not_yet_decided);
}

TEST(OutcomeRule, ARowStandsAboveAll) {
  auto given = facts();
  given.epoch = 6;
  given.kernel_ms = 1'000'000;
  LedgerRow row;
  row.request = kRequest;
  row.executed = true;
  row.principal = "olga";
  row.command_digest = Digest{{0xAB}};
  given.row = row;
  EXPECT_EQ(decide(given).verdict, Verdict::executed);
  EXPECT_EQ(decide(given).principal, "olga");
  EXPECT_EQ(decide(given).command_digest.substr(0, 4), "ab00");
  given.row->executed = false;
  EXPECT_EQ(decide(given).verdict, Verdict::rejected);
}

TEST(OutcomeRule, AnotherHistoryIsUnknown) {
  auto given = facts();
  given.history = HistoryId{{9}};
  EXPECT_EQ(decide(given).verdict, Verdict::unknown);
  EXPECT_EQ(decide(given).why, "another kernel history");
  EXPECT_FALSE(decide(given).final_);
}

TEST(OutcomeRule, AnIdWithoutAnEpochReachesNoKernelOfAnyHistory) {
  auto request = kRequest;
  request.session.epoch = 0;
  auto given = facts();
  for (const auto& history : {given.history, HistoryId{{9}}}) {
    given.history = history;
    const auto answer = decide_outcome(request, given);
    EXPECT_EQ(answer.verdict, Verdict::not_executed);
    EXPECT_TRUE(answer.final_);
  }
}

TEST(OutcomeRule, ADiagnosticMakesNoKernelChange) {
  auto request = kRequest;
  request.kernel_action = false;
  EXPECT_EQ(decide_outcome(request, facts()).verdict, Verdict::no_kernel_change);
  EXPECT_TRUE(decide_outcome(request, facts()).final_);
}

}  // namespace
}  // namespace aeromq::kernel
