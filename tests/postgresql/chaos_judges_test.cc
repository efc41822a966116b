// The judgements of the PostgreSQL rung on cases made by hand: each must see what it is there for,
// and nothing else.
#include <gtest/gtest.h>

#include "chaos/postgresql/observer.h"
#include "chaos/postgresql/truth.h"
#include "chaos/postgresql/writer.h"

namespace aeromq::chaos::postgresql {
namespace {

using Texts = std::vector<std::string>;

TEST(DoublePrimaries, OneAfterTheOtherIsNone) {
  EXPECT_EQ(
      double_primaries({{"a", "t1", 1, 10, 20}, {"b", "t2", 2, 21, 30}, {"a", "t3", 3, 31, 40}}),
      Texts{});
}

TEST(DoublePrimaries, TwoPostmastersOfOneServerAreNone) {
  EXPECT_EQ(double_primaries({{"a", "t1", 1, 10, 20}, {"a", "t2", 1, 15, 30}}), Texts{});
}

TEST(DoublePrimaries, OverlappingTimesAreSeen) {
  EXPECT_EQ(double_primaries({{"a", "t1", 1, 10, 20}, {"b", "t2", 2, 20, 30}}),
            Texts{"a (timeline 1) and b (timeline 2) were writable at once"});
}

TEST(DoublePrimaries, OneAnswerInsideAnothersTimeIsSeen) {
  EXPECT_EQ(double_primaries({{"a", "t1", 1, 10, 30}, {"b", "t2", 2, 20, 20}}).size(), 1U);
}

TEST(DoublePrimaries, OneTimelineOfTwoServersIsSeenWithoutAnOverlap) {
  EXPECT_EQ(double_primaries({{"a", "t1", 7, 10, 20}, {"b", "t2", 7, 30, 40}}),
            Texts{"timeline 7 was written by a and by b"});
}

TEST(MissingRows, OnlyWhatWasAcknowledgedCounts) {
  EXPECT_EQ(missing_rows({{1, 0}, {3, 0}}, {1, 2, 3}), std::set<std::uint64_t>{});
  EXPECT_EQ(missing_rows({{1, 0}, {3, 0}}, {1, 2}), std::set<std::uint64_t>{3});
}

Facts facts_of(bool a_standby, std::uint64_t a_history, bool b_standby, std::uint64_t b_history) {
  Facts facts;
  facts["a"].standby_signal = a_standby;
  facts["a"].newest_history = a_history;
  facts["b"].standby_signal = b_standby;
  facts["b"].newest_history = b_history;
  return facts;
}

TEST(HadEffect, ADemotionIsTheSignalsComing) {
  const auto primary = facts_of(false, 3, true, 3);
  EXPECT_TRUE(had_effect("demote", "a", primary, facts_of(true, 3, true, 3)));
  EXPECT_FALSE(had_effect("demote", "a", primary, primary));
}

TEST(HadEffect, APromotionNeedsBothTheSignalGoneAndANewTimeline) {
  const auto before = facts_of(true, 3, true, 3);
  EXPECT_TRUE(had_effect("promote", "b", before, facts_of(true, 3, false, 4)));
  // Writable on the timeline of its old primary: no promotion, whoever says so.
  EXPECT_FALSE(had_effect("promote", "b", before, facts_of(true, 3, false, 3)));
  EXPECT_FALSE(had_effect("promote", "b", before, facts_of(true, 3, true, 4)));
  // A timeline that somebody else has had is none of its own.
  EXPECT_FALSE(had_effect("promote", "b", facts_of(true, 4, true, 3), facts_of(true, 4, false, 4)));
}

TEST(PrimaryOf, WhoAnswersOutOfRecovery) {
  Facts facts = facts_of(true, 3, false, 4);
  EXPECT_EQ(primary_of(facts), "");
  facts["b"].answers = true;
  facts["b"].in_recovery = false;
  EXPECT_EQ(primary_of(facts), "b");
  EXPECT_EQ(highest_timeline(facts), 4U);
}

}  // namespace
}  // namespace aeromq::chaos::postgresql
