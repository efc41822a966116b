// The judge of the situations on stories made by hand: each predicate fires on its own bad story
// and is silent on the good one.
#include <gtest/gtest.h>

#include <algorithm>

#include "chaos/situations/fault.h"
#include "chaos/situations/heal.h"
#include "chaos/situations/judge.h"
#include "chaos/situations/plan.h"

namespace aeromq::chaos::situations {
namespace {

constexpr std::uint64_t kMs = 1'000'000;
constexpr std::uint64_t kLast = 20'000;

Sample sample_at(std::uint64_t ms, bool writable, const std::string& postmaster) {
  Sample sample;
  sample.window = {ms * kMs, (ms + 1) * kMs};
  sample.postmaster = postmaster;
  sample.writable = writable;
  sample.timeline = writable ? 1 : 1;
  sample.position = 1000;
  return sample;
}

void fill(Server& server, bool writable, std::uint64_t from = 0, std::uint64_t to = kLast) {
  for (auto ms = from; ms < to; ms += 100) {
    server.samples.push_back(sample_at(ms, writable, "p1"));
    server.outside.push_back({{ms * kMs, (ms + 1) * kMs}, true, true, true});
  }
}

void acknowledge(Story& story, const std::string& node, std::uint64_t id, std::uint64_t ms) {
  story.acknowledged.push_back({id, node, "p1", {ms * kMs, (ms + 1) * kMs}});
  story.present.insert(id);
}

Deed deed_of(const std::string& verb, const std::string& node, const std::string& verdict) {
  Deed deed;
  deed.verb = verb;
  deed.node = node;
  deed.request = "R";
  deed.explained = {5000 * kMs, 5200 * kMs};
  deed.acted = {5300 * kMs, 6000 * kMs};
  deed.settled_ns = 6000 * kMs;
  deed.looked_ns = 6050 * kMs;
  deed.verdict = verdict;
  deed.verdicts = {verdict};
  deed.final = true;
  deed.exit_code = verdict == "executed" ? 0 : 20;
  for (const auto* node_name : {"a", "b", "c"}) {
    deed.before[node_name] = {std::string(node_name) != "a", 1, "in production", 0};
    deed.after[node_name] = deed.before[node_name];
  }
  return deed;
}

void passes(Deed& deed, std::initializer_list<const char*> codes) {
  for (const auto* code : codes) deed.checks.push_back({code, true, false});
}

// a leads, b and c follow; one demotion was refused; in the end a switchover worked.
Story good() {
  Story story;
  fill(story.servers["a"], true);
  fill(story.servers["b"], false);
  fill(story.servers["c"], false);
  for (auto& sample : story.servers["a"].samples) sample.streams = {"b", "c"};
  for (std::uint64_t i = 0; i < 100; ++i) acknowledge(story, "a", i, i * 100);
  auto deed = deed_of("demote", "a", "rejected");
  passes(deed,
         {"TARGET_UNREACHABLE", "NOT_PRIMARY", "WRITABLE_PRIMARY_EXISTS", "NODE_STATE_UNKNOWN",
          "MANAGER_AT_WORK", "NO_STREAMING_CANDIDATE", "SYSTEM_ID_MISMATCH"});
  story.deeds.push_back(deed);
  story.looks.push_back({{7000 * kMs, 7100 * kMs}, 0, false, {"a", "b", "c"}});
  story.rows_read = true;
  story.whole = story.switched = true;
  return story;
}

std::vector<std::string> against(const Story& story) {
  std::vector<std::string> names;
  for (const auto& one : judge(story))
    if (one.against_us) names.push_back(one.predicate);
  return names;
}
std::vector<std::string> apart(const Story& story) {
  std::vector<std::string> names;
  for (const auto& one : judge(story))
    if (!one.against_us) names.push_back(one.predicate);
  return names;
}
using Names = std::vector<std::string>;

// b was made writable by this request while a went on.
Story two_writers(const std::string& verb, std::set<std::string> acknowledged) {
  auto story = good();
  story.deeds.clear();
  story.looks.clear();
  for (auto& sample : story.servers["b"].samples)
    if (sample.window.from_ns > 5900 * kMs) sample.writable = true;
  auto deed = deed_of(verb, "b", "executed");
  deed.acknowledged = std::move(acknowledged);
  deed.after["b"] = {false, 2, "in production", 0};
  story.deeds.push_back(deed);
  for (std::uint64_t i = 0; i < 10; ++i) acknowledge(story, "b", 1000 + i, 5950 + i * 100);
  return story;
}

TEST(SituationsJudge, AGoodStoryHasNoFinding) { EXPECT_EQ(judge(good()).size(), 0U); }

TEST(SituationsJudge, TwoWritersAfterAPromotionAreAgainstUs) {
  EXPECT_EQ(against(two_writers("promote", {})), Names{predicate::kDoubleWrite});
}

TEST(SituationsJudge, TwoWritersByTheRiskThatWasTakenOnAreApart) {
  const auto story = two_writers("force-promote", {"PRIMARY_NOT_PROVABLY_DOWN"});
  EXPECT_EQ(against(story), Names{});
  EXPECT_EQ(apart(story), Names{predicate::kDoubleWrite});
}

TEST(SituationsJudge, AnotherRiskDoesNotCount) {
  EXPECT_EQ(against(two_writers("force-promote", {"ACKNOWLEDGED_WRITES_UNPROVEN"})),
            Names{predicate::kDoubleWrite});
}

TEST(SituationsJudge, TwoWritersByAForeignHandAreApart) {
  auto story = two_writers("promote", {});
  story.deeds.clear();
  story.foreign.push_back({5800 * kMs, "pg-promote", "b", true, true});
  EXPECT_EQ(against(story), Names{});
  EXPECT_EQ(apart(story), Names{predicate::kDoubleWrite});
}

TEST(SituationsJudge, AForeignHandThatMakesNobodyWritableExcusesNothing) {
  auto story = two_writers("promote", {});
  story.deeds.clear();
  story.foreign.push_back({5800 * kMs, "pg-ctl-stop", "b", false, false});
  EXPECT_EQ(against(story), Names{predicate::kDoubleWrite});
}

TEST(SituationsJudge, OneWriterAfterTheOtherIsNone) {
  auto story = two_writers("promote", {});
  std::erase_if(story.acknowledged, [](const Acknowledged& row) {
    return row.node == "a" && row.window.to_ns > 5800 * kMs;
  });
  EXPECT_EQ(against(story), Names{});
}

TEST(SituationsJudge, AMissingRowIsAgainstUs) {
  auto story = good();
  story.present.erase(7);
  EXPECT_EQ(against(story), Names{predicate::kLostRow});
}

TEST(SituationsJudge, ACancelledCommitIsNoAcknowledgedRow) {
  auto story = good();
  story.present.erase(7);
  story.cancelled.insert(7);
  EXPECT_EQ(judge(story).size(), 0U);
}

TEST(SituationsJudge, ALossIsApartOnlyByItsOwnCode) {
  auto story = good();
  story.present.erase(7);
  auto deed = deed_of("force-promote", "b", "executed");
  deed.after["b"] = {false, 2, "in production", 0};
  deed.acknowledged = {"PRIMARY_NOT_PROVABLY_DOWN"};
  story.deeds = {deed};
  EXPECT_EQ(against(story), Names{predicate::kLostRow});
  story.deeds[0].acknowledged = {"ACKNOWLEDGED_WRITES_UNPROVEN"};
  EXPECT_EQ(against(story), Names{});
  EXPECT_EQ(apart(story), Names{predicate::kLostRow});
  story.deeds[0].verb = "promote";  // an ordinary one takes on no loss
  EXPECT_EQ(against(story), Names{predicate::kLostRow});
}

TEST(SituationsJudge, RowsOfADiscardedWriterAreApartOnlyIfWeDidNotMakeTheSecond) {
  auto story = good();
  story.present.erase(70);
  story.discarded["a"] = 5000 * kMs;
  EXPECT_EQ(against(story), Names{predicate::kLostRow});
  story.foreign.push_back({4000 * kMs, "pg-promote", "b", true, false});
  EXPECT_EQ(against(story), Names{});
  EXPECT_EQ(apart(story), Names{predicate::kLostRow});
  story.present.erase(7);  // long before there were two
  EXPECT_EQ(against(story), Names{predicate::kLostRow});
}

TEST(SituationsJudge, RowsThatCannotBeReadProveNoLoss) {
  auto story = good();
  story.present.clear();
  story.rows_read = false;
  EXPECT_EQ(judge(story).size(), 0U);
}

TEST(SituationsJudge, AnExecutedDemotionThatLeftNoSignalIsFalse) {
  auto story = good();
  story.deeds[0] = deed_of("demote", "a", "executed");
  const auto found = against(story);
  // Its files, and the server that goes on.
  EXPECT_EQ(found, (Names{predicate::kFalseAnswer, predicate::kFalseAnswer}));
}

TEST(SituationsJudge, ARejectedDemotionThatHappenedIsFalse) {
  auto story = good();
  story.deeds[0].after["a"].standby_signal = true;
  EXPECT_EQ(against(story), Names{predicate::kFalseAnswer});
  story.deeds[0].disturbed = true;
  EXPECT_EQ(against(story), Names{});
}

TEST(SituationsJudge, ARejectedPromotionThatHappenedIsFalse) {
  auto story = good();
  story.deeds[0] = deed_of("promote", "b", "rejected");
  story.deeds[0].after["b"] = {false, 2, "in production", 0};
  EXPECT_EQ(against(story), Names{predicate::kFalseAnswer});
  story.deeds[0].final = false;
  EXPECT_EQ(against(story), Names{});
}

TEST(SituationsJudge, AnExecutedPromotionThatDidNotHappenIsFalse) {
  auto story = good();
  story.deeds[0] = deed_of("promote", "b", "executed");
  EXPECT_EQ(against(story), Names{predicate::kFalseAnswer});
}

TEST(SituationsJudge, AFinalAnswerMayNotChange) {
  auto story = good();
  story.deeds[0].verdicts = {"not_executed", "rejected"};
  EXPECT_EQ(against(story), Names{predicate::kFalseAnswer});
}

TEST(SituationsJudge, AnExecutedActWhoseServerIsDownMustSaySo) {
  auto story = good();
  auto deed = deed_of("demote", "a", "executed");
  deed.after["a"].standby_signal = true;
  auto& server = story.servers["a"];
  std::erase_if(server.samples, [](const Sample& one) { return one.window.from_ns > 5500 * kMs; });
  for (auto& one : server.outside)
    if (one.window.from_ns > 5500 * kMs) one.runs = false;
  deed.text = "was shut down in order and is a standby";
  story.deeds = {deed};
  EXPECT_EQ(against(story), Names{predicate::kUnsaidDown});
  story.deeds[0].text += "; it was not started: FATAL";
  EXPECT_EQ(against(story), Names{});
}

// One promotion or force of b beside a that leads: whatever passes is told against what was seen.
Story shown(std::initializer_list<const char*> codes) {
  auto story = good();
  story.deeds = {deed_of("promote", "b", "rejected")};
  passes(story.deeds[0], codes);
  return story;
}

TEST(SituationsJudge, WritableAndKnownPassBesideAWriter) {
  EXPECT_EQ(against(shown({"WRITABLE_PRIMARY_EXISTS", "NODE_STATE_UNKNOWN"})),
            Names{predicate::kFalsePass});
  EXPECT_EQ(against(shown({"WRITABLE_PRIMARY_EXISTS"})), Names{});
  auto other = shown({"WRITABLE_PRIMARY_EXISTS", "NODE_STATE_UNKNOWN"});
  other.deeds[0].checks.push_back({"IDENTITY", false, false});  // something else stops it, in words
  EXPECT_EQ(against(other), Names{});
}

TEST(SituationsJudge, AliveWasHeard) {
  EXPECT_EQ(against(shown({"WRITABLE_PRIMARY_EXISTS", "PRIMARY_ALIVE"})),
            Names{predicate::kFalsePass});
  auto silent = shown({"WRITABLE_PRIMARY_EXISTS", "PRIMARY_ALIVE"});
  for (auto& one : silent.servers["a"].outside) one.spoke = false;
  EXPECT_EQ(against(silent), Names{});
  silent.deeds[0].checks.push_back({"PRIMARY_NOT_PROVABLY_DOWN", true, true});
  EXPECT_EQ(against(silent), Names{predicate::kFalsePass});
}

TEST(SituationsJudge, MoreElsewhereIsNoPrefix) {
  auto story = shown({"PREFIX_VIOLATION"});
  EXPECT_EQ(against(story), Names{});
  for (auto& one : story.servers["c"].samples) one.position = 2000;
  EXPECT_EQ(against(story), Names{predicate::kFalsePass});
  for (auto& one : story.servers["b"].samples) one.position_known = false;
  EXPECT_EQ(against(story), Names{});
}

TEST(SituationsJudge, TheShutdownCheckpointIsPassedStrictly) {
  auto story = shown({"SHUTDOWN_CHECKPOINT_NOT_PASSED"});
  story.deeds[0].before["a"].state = "shut down";
  story.deeds[0].before["a"].checkpoint = 999;
  EXPECT_EQ(against(story), Names{});
  story.deeds[0].before["a"].checkpoint = 1000;
  EXPECT_EQ(against(story), Names{predicate::kFalsePass});
}

TEST(SituationsJudge, TheTargetIsWhatItIsSaidToBe) {
  EXPECT_EQ(against(shown({"NOT_PRIMARY"})), Names{predicate::kFalsePass});
  auto story = shown({"NOT_A_STANDBY"});
  EXPECT_EQ(against(story), Names{});
  for (auto& one : story.servers["b"].samples) one.writable = true;
  EXPECT_TRUE(std::ranges::count(against(story), predicate::kFalsePass) == 1);
}

TEST(SituationsJudge, TheTargetIsThere) {
  auto story = shown({"TARGET_UNREACHABLE"});
  EXPECT_EQ(against(story), Names{});
  for (auto& one : story.servers["b"].outside) one.agent = false;
  EXPECT_EQ(against(story), Names{predicate::kFalsePass});
}

TEST(SituationsJudge, SomebodyStreams) {
  auto story = shown({"NO_STREAMING_CANDIDATE"});  // b sends to nobody
  EXPECT_EQ(against(story), Names{predicate::kFalsePass});
}

TEST(SituationsJudge, AManagersSessionIsSeen) {
  auto story = shown({"MANAGER_AT_WORK"});
  for (auto& one : story.servers["c"].samples) one.manager = true;
  EXPECT_EQ(against(story), Names{predicate::kFalsePass});
}

TEST(SituationsJudge, AServerOutsideTheSettingsIsNoKnownOne) {
  auto story = shown({"NODE_STATE_UNKNOWN"});
  story.unlisted = {"c"};
  story.unlisted_at = {{0, kLast * kMs}};
  EXPECT_EQ(against(story), Names{predicate::kFalsePass});
}

TEST(SituationsJudge, EveryLookShowsTwoWriters) {
  auto story = two_writers("promote", {});
  story.deeds.clear();
  story.foreign.push_back({5800 * kMs, "pg-promote", "b", true, true});
  story.looks = {{{8000 * kMs, 8100 * kMs}, 0, false, {"a", "b", "c"}}};
  EXPECT_EQ(against(story), Names{predicate::kUnseen});
  story.looks[0].exit_code = 49;
  EXPECT_EQ(against(story), Names{});
}

TEST(SituationsJudge, NothingIsDoneBesideTwoWriters) {
  auto story = two_writers("promote", {});
  story.foreign.push_back({100 * kMs, "pg-promote", "b", true, true});
  for (auto& sample : story.servers["b"].samples) sample.writable = true;
  auto late = deed_of("promote", "c", "executed");
  late.after["c"] = {false, 3, "in production", 0};
  story.deeds = {late};
  EXPECT_EQ(against(story), Names{predicate::kUnrefused});
}

TEST(SituationsJudge, NothingIsDoneWhileWhoLedStandsInNoSettings) {
  auto story = good();
  auto deed = deed_of("promote", "b", "executed");
  deed.after["b"] = {false, 2, "in production", 0};
  story.deeds = {deed};
  story.unlisted = {"a"};
  story.unlisted_at = {{100 * kMs, kLast * kMs}};
  EXPECT_EQ(against(story), Names{predicate::kUnrefused});
  story.unlisted = {"c"};  // it never led
  EXPECT_EQ(against(story), Names{});
}

TEST(SituationsJudge, NoWayOnAndHangs) {
  auto story = good();
  story.switched = false;
  EXPECT_EQ(against(story), Names{predicate::kNoWayOn});
  story = good();
  story.looks[0].overdue = true;
  EXPECT_EQ(against(story), Names{predicate::kHang});
  story = good();
  story.deeds[0].overdue = true;
  EXPECT_EQ(against(story), Names{predicate::kHang});
}

TEST(SituationsPlan, ASeedIsOnePlan) {
  for (std::uint64_t seed = 1; seed < 200; ++seed) {
    const auto plan = draw(seed, {});
    EXPECT_EQ(text_of(plan), text_of(draw(seed, {})));
    EXPECT_GE(plan.faults.size(), 1U);
    EXPECT_LE(plan.faults.size(), 3U);
    const auto injected = std::ranges::count(plan.steps, Act::inject, &Step::act);
    EXPECT_EQ(static_cast<std::size_t>(injected), plan.faults.size()) << text_of(plan);
  }
}

TEST(SituationsPlan, WhatIsLeftOutMovesNothingElse) {
  const auto plan = draw(8, {});
  auto fewer = keep_faults(plan, {plan.faults.front()});
  auto steps = plan.steps;
  std::erase_if(steps, [&](const Step& step) {
    return step.act == Act::inject && step.what != plan.faults.front();
  });
  EXPECT_EQ(fewer.steps.size(), steps.size());
  EXPECT_EQ(fewer.faults, Names{plan.faults.front()});
}

TEST(SituationsCatalogue, HasAtLeast45OfEveryKindAndEachNameOnce) {
  std::set<std::string> names;
  std::set<std::string> kinds;
  for (const auto& fault : catalogue()) {
    EXPECT_TRUE(names.insert(fault.name).second) << fault.name;
    EXPECT_TRUE(fault.inject && fault.cure) << fault.name;
    kinds.insert(fault.kind);
  }
  EXPECT_GE(names.size(), 45U);
  EXPECT_EQ(kinds.size(), 14U);
}

TEST(SituationsHeal, ThePersonReadsWhichAlarmsStand) {
  EXPECT_EQ(alarms_in("alarm 3 SWITCHED_BEFORE_CHECKPOINT: b switched; alarm 12 "
                      "SWITCHED_BEYOND_CHECKPOINT: c did; `aeromq-kernel clear-alarm NUMBER "
                      "--reason TEXT` ends it"),
            (std::vector<std::string>{"3", "12"}));
  EXPECT_TRUE(alarms_in("no alarm stands").empty());
}

}  // namespace
}  // namespace aeromq::chaos::situations
