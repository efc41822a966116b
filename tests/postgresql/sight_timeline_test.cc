// History files, positions, and ancestry with forks.
#include <gtest/gtest.h>

#include "kernel/postgresql/sight/timeline.h"

namespace aeromq::postgresql {
namespace {

TEST(PostgresqlSightTimeline, ReadsAHistoryFileAsPostgresqlWritesIt) {
  const auto read = parse_history(
      "1\t0/3000148\tno recovery target specified\n"
      "\n"
      "# a remark\n"
      "  2\t1/40004E8\tbefore 2026-01-01 00:00:00+00\n"
      "7\tA/0\tat restore point \"x\"");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read,
            (std::vector<TimelineEnd>{{1, 0x3000148}, {2, 0x1'0400'04E8}, {7, 0xA'0000'0000}}));
  EXPECT_EQ(parse_history("")->size(), 0U);
}

TEST(PostgresqlSightTimeline, RefusesWhatPostgresqlWouldNotRead) {
  for (const auto* text :
       {"x\t0/0\n", "1\n", "1\t0-0\n", "1\t0/\n", "1\t/0\n", "2\t0/1\n1\t0/2\n", "2\t0/1\n2\t0/2\n",
        "0\t0/1\n", "-1\t0/1\n", "1\t0/1FFFFFFFFF\n", "99999999999\t0/1\n"})
    EXPECT_FALSE(parse_history(text)) << text;
}

TEST(PostgresqlSightTimeline, ReadsPositions) {
  EXPECT_EQ(*parse_lsn("0/0"), 0U);
  EXPECT_EQ(*parse_lsn("16/B374D848"), 0x16'B374'D848U);
  EXPECT_EQ(*parse_lsn("FFFFFFFF/FFFFFFFF"), 0xFFFF'FFFF'FFFF'FFFFU);
  for (const auto* text : {"", "/", "0", "0/", "/0", "0/G", "0/100000000", "100000000/0", "0/0 "})
    EXPECT_FALSE(parse_lsn(text)) << text;
}

/// Timeline 1 up to 100, 2 up to 200, 4 since (3 is somebody else's).
const History kHistory{4, {{1, 100}, {2, 200}}, 300};

TEST(PostgresqlSightTimeline, AncestryIsTheWholePathAndNotANumber) {
  struct Row {
    std::uint32_t timeline;
    Lsn position;
    bool is_on_it;
  };
  for (const auto& row : {Row{1, 0, true},
                          {1, 99, true},
                          {1, 100, true},
                          {1, 101, false},
                          {2, 100, true},
                          {2, 200, true},
                          {2, 201, false},
                          // Smaller than 4, and no ancestor of it: a fork.
                          {3, 150, false},
                          {3, 0, false},
                          // The same timeline: positions are not this question's.
                          {4, 250, true},
                          {4, 900, true},
                          {5, 0, false},
                          {5, 250, false}})
    EXPECT_EQ(on_ancestry(kHistory, row.timeline, row.position), row.is_on_it)
        << row.timeline << " at " << row.position;
}

TEST(PostgresqlSightTimeline, TwoTimelinesOfTheSameNumberForkedApart) {
  // Both left timeline 1, at different places, to a timeline 2 or 3 of their own.
  const History early{2, {{1, 100}}, 500};
  const History late{3, {{1, 150}}, 400};
  EXPECT_FALSE(on_ancestry(early, late.timeline, late.position));
  EXPECT_FALSE(on_ancestry(late, early.timeline, early.position));
  // A standby that stayed on timeline 1 can follow the later fork, the earlier one only up to
  // there.
  EXPECT_TRUE(on_ancestry(late, 1, 120));
  EXPECT_FALSE(on_ancestry(early, 1, 120));
  EXPECT_TRUE(on_ancestry(early, 1, 100));
}

TEST(PostgresqlSightTimeline, WithoutItsFileNothingIsKnownOfTheAncestors) {
  const History bare{2, {}, 500};
  EXPECT_FALSE(on_ancestry(bare, 1, 1));
  EXPECT_TRUE(on_ancestry(bare, 2, 1));
  EXPECT_EQ(end_of(bare, 1), std::nullopt);
  EXPECT_EQ(end_of(kHistory, 2), 200U);
  EXPECT_EQ(end_of(kHistory, 4), std::nullopt);
}

}  // namespace
}  // namespace aeromq::postgresql
