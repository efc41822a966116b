// What never occurred is named.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chaos/checker/coverage.h"
#include "tests/chaos/histories/story.h"

namespace aeromq::chaos {
namespace {

Coverage all_good() {
  Coverage coverage;
  for (const auto& [name, history] : good_histories()) coverage.add(history, judge(history));
  return coverage;
}

TEST(Coverage, CountsEndsAndFaultsOverManyHistories) {
  const auto coverage = all_good();
  EXPECT_EQ(coverage.histories, good_histories().size());
  EXPECT_EQ(coverage.rejected, 1U);
  EXPECT_EQ(coverage.executed, 11U);
  EXPECT_EQ(coverage.not_executed, 6U);
  EXPECT_EQ(coverage.faults.at("power_cut"), 1U);
}

TEST(Coverage, NothingIsVacuousWhenEverythingOccurred) {
  EXPECT_THAT(vacuous(all_good(), {{}, {"power_cut", "doubled"}, {}}), testing::IsEmpty());
}

TEST(Coverage, NamesEveryPredicateFaultPointAndEndThatNeverOccurred) {
  EXPECT_EQ(vacuous({}, {}).size(), predicates().size() + 3);
  EXPECT_THAT(vacuous(all_good(), {{"I-ONCE"}, {"torn"}, {"gate.decided"}}),
              testing::ElementsAre("V-FAULT: torn", "V-POINT: gate.decided"));
}

TEST(Coverage, AddsUpFromSeveralParts) {
  auto twice = all_good();
  twice.add(all_good());
  EXPECT_EQ(twice.executed, 2 * all_good().executed);
  EXPECT_EQ(twice.evaluated.at("I-ONCE"), 2 * all_good().evaluated.at("I-ONCE"));
}

}  // namespace
}  // namespace aeromq::chaos
