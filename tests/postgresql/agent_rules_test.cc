// The agent's pure parts: the settling rule over every combination of facts, and the parsers.
#include <gtest/gtest.h>

#include "kernel/postgresql/agent/control_data.h"
#include "kernel/postgresql/agent/instance.h"
#include "kernel/postgresql/agent/settle.h"

namespace aeromq::postgresql {
namespace {

/// Every combination of what can be known of a claim and its server.
std::vector<SettleFacts> all_facts() {
  std::vector<SettleFacts> all;
  for (const auto action : {Action::promote, Action::force_promote, Action::demote})
    for (unsigned bits = 0; bits < 128; ++bits)
      for (const std::uint64_t history_now : {4, 5})
        for (const std::uint64_t control_timeline : {4, 5}) {
          const auto bit = [&](unsigned n) { return (bits >> n & 1) != 0; };
          SettleFacts facts;
          facts.action = action;
          facts.asked = bit(0);
          facts.stopped = bit(1);
          facts.running = bit(2);
          facts.stopping = bit(3);
          facts.control_known = bit(4);
          facts.in_production = bit(5);
          facts.standby_signal = bit(6);
          facts.history_at_claim = 4;
          facts.history_now = history_now;
          facts.control_timeline = control_timeline;
          all.push_back(facts);
        }
  return all;
}

bool is_new(const SettleFacts& facts) {
  return facts.history_now > facts.history_at_claim && facts.control_timeline == facts.history_now;
}

TEST(PostgresqlAgentSettle, WhatWasNeverAskedIsVoidedAndTheServerIsLeftAlone) {
  for (const auto& facts : all_facts()) {
    if (facts.asked) continue;
    const auto settled = settle(facts);
    EXPECT_EQ(settled.step, SettleStep::voided);
    EXPECT_EQ(settled.repair, Repair{});
  }
}

TEST(PostgresqlAgentSettle, APromotionCountsOnlyOnATimelineThatTheServerWouldGoOnWith) {
  for (const auto& facts : all_facts()) {
    if (!facts.asked || facts.action == Action::demote) continue;
    if (settle(facts).step != SettleStep::executed) continue;
    EXPECT_TRUE(is_new(facts));
    EXPECT_TRUE(facts.control_known);
    EXPECT_FALSE(facts.standby_signal);
    EXPECT_TRUE(!facts.running || facts.in_production);
  }
}

TEST(PostgresqlAgentSettle, ARunningServerThatIsNotSeenPromotedIsNeverVoided) {
  for (const auto& facts : all_facts()) {
    if (!facts.asked || facts.action == Action::demote || !facts.running) continue;
    const bool seen = facts.control_known && facts.in_production && !facts.standby_signal;
    EXPECT_EQ(settle(facts).step,
              seen && is_new(facts) ? SettleStep::executed : SettleStep::stop_first);
  }
}

TEST(PostgresqlAgentSettle, AVoidedPromotionAlwaysLeavesAStandby) {
  for (const auto& facts : all_facts()) {
    if (!facts.asked || facts.action == Action::demote || facts.running) continue;
    const auto settled = settle(facts);
    if (!facts.control_known) {
      EXPECT_EQ(settled.step, SettleStep::wait);
      continue;
    }
    if (settled.step != SettleStep::voided) continue;
    EXPECT_TRUE(settled.repair.drop_promote_signal);
    EXPECT_TRUE(facts.standby_signal || settled.repair.make_standby);
    // A history of a timeline that never began would keep the standby from its primary.
    if (!facts.standby_signal) {
      EXPECT_EQ(settled.repair.put_aside_history, facts.history_now > facts.history_at_claim);
    }
  }
}

TEST(PostgresqlAgentSettle, TheTrapOfTheUnlinkWithoutAHistory) {
  SettleFacts facts;
  facts.asked = true;
  facts.control_known = true;
  facts.history_at_claim = facts.history_now = facts.control_timeline = 17;
  const auto settled = settle(facts);
  EXPECT_EQ(settled.step, SettleStep::voided);
  EXPECT_EQ(settled.repair, (Repair{true, true, false}));
  // The same with the history file: the control file still names the old timeline.
  facts.history_now = 18;
  EXPECT_EQ(settle(facts).repair, (Repair{true, true, true}));
  facts.control_timeline = 18;
  EXPECT_EQ(settle(facts).step, SettleStep::executed);
}

TEST(PostgresqlAgentSettle, ADemotionIsItsSignalFile) {
  for (const auto& facts : all_facts()) {
    if (!facts.asked || facts.action != Action::demote) continue;
    const auto settled = settle(facts);
    EXPECT_EQ(settled.repair, Repair{});
    if (facts.standby_signal && facts.stopped)
      EXPECT_EQ(settled.step, SettleStep::executed);
    else
      EXPECT_EQ(settled.step,
                facts.running && facts.stopping ? SettleStep::stop_first : SettleStep::voided);
  }
}

constexpr const char* kControl =
    "pg_control version number:            1300\n"
    "Database system identifier:           7400000000000000001\n"
    "Database cluster state:               shut down\n"
    "pg_control last modified:             Sun Nov 22 10:00:00 2026\n"
    "Latest checkpoint location:           1/40000A0\n"
    "Latest checkpoint's REDO location:    1/40000A0\n"
    "Latest checkpoint's TimeLineID:       3\n"
    "Latest checkpoint's PrevTimeLineID:   3\n"
    "Minimum recovery ending location:     0/0\n"
    "Min recovery ending loc's timeline:   4\n";

TEST(PostgresqlAgentControlData, EveryNeededLineIsRead) {
  const auto data = parse_control_data(kControl);
  ASSERT_TRUE(data);
  EXPECT_EQ(data->system_identifier, 7400000000000000001U);
  EXPECT_TRUE(data->shut_down());
  EXPECT_EQ(data->checkpoint, 0x1040000A0U);
  EXPECT_EQ(data->checkpoint_timeline, 3U);
  EXPECT_EQ(data->timeline(), 4U);
}

TEST(PostgresqlAgentControlData, HalfAControlFileIsNone) {
  const std::string whole = kControl;
  for (const auto* label : {"Database system", "Database cluster", "Latest checkpoint location",
                            "Latest checkpoint's TimeLineID", "Minimum", "Min recovery"}) {
    auto text = whole;
    text.erase(text.find(label), 1);
    EXPECT_FALSE(parse_control_data(text)) << label;
  }
  EXPECT_FALSE(parse_control_data(whole + whole));
  EXPECT_FALSE(parse_control_data(""));
  auto spoilt = whole;
  spoilt.replace(spoilt.find("1/40000A0"), 1, "x");
  EXPECT_FALSE(parse_control_data(spoilt));
}

TEST(PostgresqlAgentControlData, Positions) {
  EXPECT_EQ(parse_position("0/4057F10"), 0x4057F10U);
  for (const auto* wrong : {"", "/", "1/", "/1", "1/1/1", "1/1 ", "100000000/0", "g/0"})
    EXPECT_FALSE(parse_position(wrong)) << wrong;
}

TEST(PostgresqlAgentHistory, TheLastLineSaysWhereItCameFrom) {
  const auto history =
      parse_history(4, "1\t0/3000000\tno recovery target specified\n\n2\t0/5000148\tno\n");
  ASSERT_TRUE(history);
  EXPECT_EQ(*history, (HistoryFile{4, 2, 0x5000148}));
  EXPECT_FALSE(parse_history(4, ""));
  EXPECT_FALSE(parse_history(4, "2\n"));
  EXPECT_FALSE(parse_history(4, "2\tnowhere\tno\n"));
}

TEST(PostgresqlAgentHistory, OnlyWholeNamesCount) {
  EXPECT_EQ(history_number("00000010.history"), 16U);
  for (const auto* wrong : {"0000001.history", "00000010.history.ready", "00000010", "history",
                            "0000001x.history", "xlogtemp.15280"})
    EXPECT_FALSE(history_number(wrong)) << wrong;
}

TEST(PostgresqlAgentWords, AProgramsWordsFitAMessage) {
  EXPECT_EQ(as_words("waiting ....\n done\n\n"), "waiting ....  done");
  EXPECT_EQ(as_words("\x1b[31mred"), "[31mred");
  EXPECT_EQ(as_words("l\xe4uft"), "l?uft");
  EXPECT_EQ(as_words("läuft"), "läuft");
  EXPECT_LE(as_words(std::string(5000, 'x'), 700).size(), 700U);
}

// Seen on a real server: a copied 00000009.history lay there, the promotion took timeline 2, and
// was called "not executed" since 2 is less than 9.
TEST(PostgresqlAgentSettle, AHistoryIsNewByNotHavingBeenThereAndNotByItsNumber) {
  EXPECT_EQ(new_history({}, {}), 0U);
  EXPECT_EQ(new_history({2}, {2}), 0U);
  EXPECT_EQ(new_history({9}, {2, 9}), 2U);
  EXPECT_EQ(new_history({2, 9}, {2, 3, 9}), 3U);
  EXPECT_EQ(new_history({2}, {2, 3, 4}), 4U);
}

}  // namespace
}  // namespace aeromq::postgresql
