// A history in which every promise is kept is judged clean, and every predicate had work.
#include <gtest/gtest.h>

#include <chrono>

#include "chaos/checker/checker.h"
#include "chaos/history/history.h"
#include "tests/chaos/histories/story.h"

namespace aeromq::chaos {
namespace {

TEST(CheckerGood, EveryGoodHistoryIsClean) {
  for (const auto& [name, history] : good_histories())
    for (const auto& violation : judge(history).violations)
      ADD_FAILURE() << name << ": " << violation.predicate << " at " << violation.seq << ": "
                    << violation.what << "\n"
                    << json_line(history[violation.seq - 1]);
}

TEST(CheckerGood, TogetherTheyGiveEveryPredicateSomethingToJudge) {
  std::map<std::string, std::uint64_t> evaluated;
  for (const auto& [name, history] : good_histories())
    for (const auto& [id, count] : judge(history).evaluated) evaluated[id] += count;
  for (const auto& row : predicates()) EXPECT_GT(evaluated[std::string(row.id)], 0U) << row.id;
}

TEST(CheckerGood, ThePredicatesOfTheTableAreTheOnesThatJudge) {
  const auto evaluated = judge({}).evaluated;
  EXPECT_EQ(evaluated.size(), predicates().size());
  for (const auto& row : predicates()) EXPECT_TRUE(evaluated.contains(std::string(row.id)));
}

TEST(CheckerGood, AnEmptyHistoryJudgesNothing) {
  const auto judgement = judge({});
  EXPECT_TRUE(judgement.violations.empty());
  for (const auto& [id, count] : judgement.evaluated) EXPECT_EQ(count, 0U) << id;
}

TEST(CheckerGood, JudgesThousandsOfHistoriesASecond) {
  const auto history = good_histories().front().history;
  constexpr int kRuns = 500;
  const auto begin = std::chrono::steady_clock::now();
  std::size_t found = 0;
  for (int i = 0; i < kRuns; ++i) found += judge(history).violations.size();
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_EQ(found, 0U);
  RecordProperty("events", static_cast<int>(history.size()));
  RecordProperty("us_per_history",
                 static_cast<int>(
                     std::chrono::duration_cast<std::chrono::microseconds>(took).count() / kRuns));
}

}  // namespace
}  // namespace aeromq::chaos
