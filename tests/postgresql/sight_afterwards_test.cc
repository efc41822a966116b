// Whether it will work afterwards: the checks and warnings that are asked before the first step.
#include <gmock/gmock.h>

#include "kernel/postgresql/sight/following.h"
#include "kernel/postgresql/sight/promotable.h"
#include "kernel/postgresql/sight/received.h"
#include "kernel/postgresql/sight/views.h"
#include "kernel/postgresql/sight/warnings.h"
#include "tests/postgresql/sight_samples.h"

namespace aeromq::postgresql {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

const ClusterRules kAsynchronous{kSystem, ""};

Intent demotion(const std::string& node = "n1") { return wish(Action::demote, node); }

Check get(const ClusterSample& sample, const Intent& intent, const std::string& code) {
  for (auto& check : checks(sample, intent, kAsynchronous))
    if (check.code == code) return check;
  ADD_FAILURE() << code << " is not among the checks";
  return {};
}

/// The texts of that warning.
std::vector<std::string> said(const ClusterSample& sample, const Intent& intent,
                              const std::string& code) {
  std::vector<std::string> texts;
  for (const auto& warning : warnings(sample, intent, kAsynchronous))
    if (warning.code == code) texts.push_back(warning.text);
  return texts;
}

void set(NodeSample& node, const std::string& name, const std::string& value) {
  node.setup.settings.push_back({name, value});
}

void needs(NodeSample& node, const std::string& name, const std::string& value) {
  node.agent->next_start.needs.push_back({name, value});
}

/// Every node names every other one, and waits for a primary among them.
void follow_anybody(ClusterSample& sample) {
  for (auto& node : sample.nodes) {
    auto& upstream = node.setup.upstream;
    upstream.known = true;
    upstream.application_name = node.node;
    upstream.session_attrs = "primary";
    for (const auto& other : sample.nodes)
      upstream.places.push_back({"127.0.0.1", "", other.host.substr(other.host.rfind(':') + 1)});
  }
}

/// It names that node and nobody else.
void follow_only(NodeSample& node, const NodeSample& other) {
  node.setup.upstream = {};
  node.setup.upstream.known = true;
  node.setup.upstream.application_name = node.node;
  node.setup.upstream.places = {{"127.0.0.1", "", other.host.substr(other.host.rfind(':') + 1)}};
}

TEST(PostgresqlAfterwards, AWellMadeClusterHasNoWarnings) {
  auto sample = healthy();
  follow_anybody(sample);
  EXPECT_THAT(warnings(sample, demotion(), kAsynchronous), testing::IsEmpty());
  auto after = demoted();
  follow_anybody(after);
  EXPECT_THAT(warnings(after, promotion(), kAsynchronous), testing::IsEmpty());
  EXPECT_THAT(warnings(after, promotion("n9"), kAsynchronous), testing::IsEmpty());
}

TEST(PostgresqlAfterwards, ALimitBelowWhatReplayNeedsForbidsAPromotion) {
  struct Row {
    const char* own;
    const char* primary;       ///< of n1, while it answers as the primary; empty: it does not say
    const char* control_file;  ///< of n2's own; empty: its agent does not say
    bool passes;
  };
  for (const auto& row : std::vector<Row>{{"40", "80", "", false},
                                          {"40", "", "80", false},
                                          {"40", "40", "80", false},
                                          {"80", "80", "80", true},
                                          {"80", "40", "40", true},
                                          {"9", "10", "", false},  // numbers, not texts
                                          {"40", "", "", true}}) {
    auto sample = healthy();
    set(sample.nodes[1], "max_connections", row.own);
    if (*row.primary != 0) set(sample.nodes[0], "max_connections", row.primary);
    if (*row.control_file != 0) needs(sample.nodes[1], "max_connections", row.control_file);
    for (const auto action : {Action::promote, Action::force_promote}) {
      const auto check = get(sample, wish(action, "n2"), "REPLAY_BLOCKED");
      EXPECT_EQ(check.passes, row.passes) << row.own << row.primary << row.control_file;
      EXPECT_FALSE(check.overridable);
    }
    // A demotion that leaves n3 goes on, and says what n2 is.
    EXPECT_TRUE(get(sample, demotion(), "NO_STREAMING_CANDIDATE").passes);
    EXPECT_EQ(said(sample, demotion(), "STANDBY_NOT_PROMOTABLE").empty(), row.passes);
    set(sample.nodes[2], "max_connections", "1");
    needs(sample.nodes[2], "max_connections", "2");
    EXPECT_EQ(get(sample, demotion(), "NO_STREAMING_CANDIDATE").passes, row.passes);
  }
  // What stands on the old primary, a standby now, is no need of anybody's.
  auto after = demoted();
  set(after.nodes[0], "max_connections", "80");
  set(after.nodes[1], "max_connections", "40");
  EXPECT_TRUE(get(after, promotion(), "REPLAY_BLOCKED").passes);
}

TEST(PostgresqlAfterwards, BothValuesOfABlockedReplayAreNamed) {
  auto sample = healthy();
  set(sample.nodes[0], "max_connections", "80");
  set(sample.nodes[1], "max_connections", "40");
  EXPECT_EQ(get(sample, wish(Action::promote, "n2"), "REPLAY_BLOCKED").text,
            "replay on n2 cannot go on: max_connections is 40 there, and 80 is needed; PostgreSQL "
            "pauses it for that, and a promotion does not end that pause but the server "
            "(\"insufficient parameter settings\")");
  EXPECT_THAT(get(sample, demotion(), "NO_STREAMING_CANDIDATE").text,
              HasSubstr("n3 streams from n1 on its timeline; n2 could not be promoted afterwards: "
                        "max_connections is 40 there, and 80 is needed"));
}

// Found by a situation: the primary was stopped, and then no standby's timeline could be told.
TEST(PostgresqlAfterwards, AStandbyThatCannotBeIdentifiedLaterIsNoCandidate) {
  auto sample = healthy();
  sample.nodes[1].may_identify = false;
  EXPECT_TRUE(get(sample, demotion(), "NO_STREAMING_CANDIDATE").passes);
  EXPECT_THAT(get(sample, demotion(), "NO_STREAMING_CANDIDATE").text,
              HasSubstr("n2 could not be promoted afterwards: our role has no REPLICATION there"));
  sample.nodes[2].may_identify = false;
  EXPECT_FALSE(get(sample, demotion(), "NO_STREAMING_CANDIDATE").passes);
}

TEST(PostgresqlAfterwards, APauseByAPersonIsSaidAndEnds) {
  auto sample = demoted();
  sample.nodes[1].replay_paused = true;
  sample.nodes[1].setup.pause_state = "paused";
  EXPECT_TRUE(get(sample, promotion(), "REPLAY_BLOCKED").passes);
  EXPECT_THAT(said(sample, promotion(), "REPLAY_PAUSED"),
              Contains(HasSubstr("a promotion ends the pause")));
  // By its limits: the false promise is not made.
  set(sample.nodes[1], "max_connections", "40");
  needs(sample.nodes[1], "max_connections", "80");
  EXPECT_THAT(said(sample, promotion(), "REPLAY_PAUSED"), testing::IsEmpty());
  for (const auto& line : not_checked(sample, promotion(), kAsynchronous))
    EXPECT_THAT(line, Not(HasSubstr("pause")));
}

TEST(PostgresqlAfterwards, ALongReplayIsSaid) {
  auto sample = demoted();
  sample.nodes[1].replayed = sample.nodes[1].position - kFarBehind + 1;
  EXPECT_THAT(said(sample, promotion(), "REPLAY_FAR_BEHIND"), testing::IsEmpty());
  sample.nodes[1].position += 1;
  EXPECT_THAT(said(sample, promotion(), "REPLAY_FAR_BEHIND"),
              Contains(HasSubstr("67108864 octets")));
}

TEST(PostgresqlAfterwards, AFullDiskForbidsAPromotionAndALittleIsSaid) {
  constexpr std::uint64_t kSegment = 16ULL << 20;
  struct Row {
    std::uint64_t free;
    bool passes;
    bool low;
  };
  for (const auto& row : std::vector<Row>{{0, false, false},
                                          {kSegment + kDiskBesidesSegment - 1, false, false},
                                          {kSegment + kDiskBesidesSegment, true, true},
                                          {kDiskNearlyFull - 1, true, true},
                                          {kDiskNearlyFull, true, false}}) {
    auto sample = demoted();
    auto& agent = *sample.nodes[1].agent;
    agent.disk_size = 1ULL << 40;
    agent.disk_free = row.free;
    EXPECT_EQ(get(sample, promotion(), "TARGET_DISK_FULL").passes, row.passes) << row.free;
    EXPECT_EQ(!said(sample, promotion(), "DISK_NEARLY_FULL").empty(), row.low) << row.free;
    // The same of a file system of pg_wal's own.
    agent.disk_free = agent.disk_size;
    agent.wal_disk_size = agent.disk_size;
    agent.wal_disk_free = row.free;
    EXPECT_EQ(get(sample, promotion(), "TARGET_DISK_FULL").passes, row.passes) << row.free;
  }
  auto sample = demoted();
  auto& agent = *sample.nodes[1].agent;
  agent.disk_size = agent.disk_free = agent.journal_disk_size = 1ULL << 40;
  EXPECT_THAT(get(sample, promotion(), "TARGET_DISK_FULL").text,
              HasSubstr("0 octets are free where its agent's journal is"));
  // Small segments need less.
  agent.journal_disk_size = 0;
  agent.disk_free = 6ULL << 20;
  EXPECT_FALSE(get(sample, promotion(), "TARGET_DISK_FULL").passes);
  set(sample.nodes[1], "wal_segment_size", "1048576");
  EXPECT_TRUE(get(sample, promotion(), "TARGET_DISK_FULL").passes);
  // An agent that says nothing of disks is no proof of one.
  EXPECT_THAT(get(demoted(), promotion(), "TARGET_DISK_FULL").text, HasSubstr("is not known"));
}

TEST(PostgresqlAfterwards, AStopThatNothingCouldStartAgainIsRefused) {
  auto sample = healthy();
  EXPECT_THAT(get(sample, demotion(), "CANNOT_START_AGAIN").text, HasSubstr("was not tried"));
  EXPECT_THAT(not_checked(sample, demotion(), kAsynchronous),
              Contains("whether n1 can start again as a standby"));
  auto& trial = sample.nodes[0].agent->next_start;
  trial.tried = true;
  trial.not_tried = {"the memory that it asks for"};
  EXPECT_TRUE(get(sample, demotion(), "CANNOT_START_AGAIN").passes);
  EXPECT_THAT(not_checked(sample, demotion(), kAsynchronous),
              Contains("of a new start of n1: the memory that it asks for"));
  trial.refused = "FATAL: configuration file contains errors";
  const auto check = get(sample, demotion(), "CANNOT_START_AGAIN");
  EXPECT_FALSE(check.passes);
  EXPECT_FALSE(check.overridable);
  EXPECT_EQ(check.text,
            "n1 could not start again as a standby: FATAL: configuration file contains errors");
}

TEST(PostgresqlAfterwards, WhatHoldsUpTheStopIsSaid) {
  auto sample = healthy();
  auto& node = sample.nodes[0];
  node.agent->ready_segments = 3;
  EXPECT_THAT(said(sample, demotion(), "ARCHIVER_BEHIND"), testing::IsEmpty());  // nobody archives
  set(node, "archive_mode", "on");
  node.setup.archiver = {7, 90'000, 2, 4'000, "000000010000000000000002"};
  EXPECT_EQ(said(sample, demotion(), "ARCHIVER_BEHIND"),
            std::vector<std::string>{
                "on n1 3 WAL segments wait for the archiver (the last was archived 90 s before, 2 "
                "failures, the last 4 s before (000000010000000000000002)): a fast shutdown waits "
                "for it, and nobody can write meanwhile"});
  // Nothing waits now, but what comes will fail.
  node.agent->ready_segments = 0;
  EXPECT_THAT(said(sample, demotion(), "ARCHIVER_BEHIND"), testing::SizeIs(1));
  node.setup.archiver.failed_ms = 100'000;
  EXPECT_THAT(said(sample, demotion(), "ARCHIVER_BEHIND"), testing::IsEmpty());
  node.backups = {{"pg_basebackup", "streaming database files", 0, 0}};
  EXPECT_THAT(said(sample, demotion(), "BACKUP_RUNNING"),
              Contains(HasSubstr("pg_basebackup, streaming database files")));
}

TEST(PostgresqlAfterwards, LogicalSlotsStayBehind) {
  auto sample = healthy();
  follow_anybody(sample);
  Slot slot{"cdc", true, kHere, "reserved", ""};
  slot.logical = true;
  slot.plugin = "test_decoding";
  slot.database = "app";
  slot.consumer = "debezium";
  sample.nodes[0].slots = {{"n2", true, kHere, "reserved", ""}, slot};
  const auto texts = said(sample, demotion(), "LOGICAL_SLOTS_STAY");
  ASSERT_EQ(texts.size(), 1U);
  EXPECT_THAT(texts[0], HasSubstr("cdc (test_decoding, database app, debezium uses it now) stays"));
  auto after = demoted();
  follow_anybody(after);
  after.nodes[0].slots = sample.nodes[0].slots;
  EXPECT_THAT(said(after, promotion(), "LOGICAL_SLOTS_STAY"), testing::SizeIs(1));
  // After the act the slot keeps WAL on a server that nobody can decode from: more than an idle
  // one.
  after.nodes[0].slots[1].active = false;
  bool found = false;
  for (const auto& finding : findings_of(after, kAsynchronous))
    if (finding.code == "LOGICAL_SLOT_LEFT") {
      found = true;
      EXPECT_EQ(finding.severity, Severity::warning);
    }
  EXPECT_TRUE(found);
  // Since version 17 a standby may keep a copy.
  slot.synchronised = true;
  after.nodes[1].slots = {slot};
  EXPECT_THAT(said(after, promotion(), "LOGICAL_SLOTS_STAY"), testing::IsEmpty());
  EXPECT_THAT(said(after, promotion("n3"), "LOGICAL_SLOTS_STAY"), testing::SizeIs(1));
}

TEST(PostgresqlAfterwards, WhatWaitsForARestartIsNamed) {
  auto sample = demoted();
  sample.nodes[1].setup.pending = {"wal_level"};
  set(sample.nodes[1], "max_wal_senders", "10");
  sample.nodes[1].agent->next_start.settings = {{"max_wal_senders", "4"}, {"port", "5432"}};
  // A trial that ended at an error has told no more than that.
  set(sample.nodes[1], "max_connections", "100");
  sample.nodes[1].agent->next_start.settings.push_back({"max_connections", ""});
  EXPECT_EQ(said(sample, promotion(), "PENDING_RESTART"),
            std::vector<std::string>{
                "n2 has settings that wait for a restart: wal_level and max_wal_senders (10 now, 4 "
                "then); a promotion is no restart: it becomes the primary without them"});
  set(sample.nodes[0], "wal_level", "logical");
  EXPECT_THAT(said(sample, promotion(), "WAL_LEVEL_LOWER"), testing::IsEmpty());
  set(sample.nodes[1], "wal_level", "replica");
  EXPECT_THAT(said(sample, promotion(), "WAL_LEVEL_LOWER"), testing::SizeIs(1));
}

TEST(PostgresqlAfterwards, WhomEachWouldFollow) {
  auto sample = demoted();
  follow_anybody(sample);
  auto& node = sample.nodes[2];
  const auto& primary = sample.nodes[1];
  const auto how = [&] { return would_follow(sample, node, primary).how; };
  EXPECT_EQ(how(), Follows::directly);
  follow_only(node, primary);
  EXPECT_EQ(how(), Follows::directly);
  node.setup.upstream.places[0].host = "localhost";
  EXPECT_EQ(how(), Follows::directly);
  node.setup.upstream.places[0] = {"db.example", "127.0.0.1", "5432"};
  EXPECT_EQ(how(), Follows::directly);
  node.setup.upstream.places[0] = {"db.example", "127.0.0.1", ""};  // the usual port
  EXPECT_EQ(how(), Follows::directly);
  node.setup.upstream.places[0] = {"db.example", "", "5432"};  // a name tells nothing
  EXPECT_EQ(how(), Follows::unsure);
  // Another standby, which follows.
  follow_only(node, sample.nodes[0]);
  EXPECT_EQ(how(), Follows::through_another);
  // One that does not, and a circle.
  follow_only(sample.nodes[0], node);
  EXPECT_EQ(how(), Follows::nobody);
  sample.nodes[0].setup.upstream.places.clear();
  EXPECT_EQ(how(), Follows::nobody);
  EXPECT_EQ(would_follow(sample, node, primary).why,
            "n3 names n1 alone in primary_conninfo, and n1 names no host in primary_conninfo");
  // Several servers, and whichever answers first.
  follow_anybody(sample);
  node.setup.upstream.session_attrs = "any";
  EXPECT_EQ(how(), Follows::unsure);
  node.setup.upstream.session_attrs = "read-write";
  EXPECT_EQ(how(), Follows::directly);
  // A primary only, and not this one.
  follow_only(node, sample.nodes[0]);
  node.setup.upstream.session_attrs = "primary";
  EXPECT_EQ(how(), Follows::nobody);
  node.setup.upstream.known = false;
  EXPECT_EQ(how(), Follows::unsure);
}

TEST(PostgresqlAfterwards, WhoWouldNotFollowIsNamedOnceForAllCandidates) {
  auto sample = healthy();
  follow_anybody(sample);
  sample.nodes[0].setup.upstream.places.clear();
  follow_only(sample.nodes[1], sample.nodes[0]);
  follow_only(sample.nodes[2], sample.nodes[0]);
  EXPECT_THAT(
      said(sample, demotion(), "WILL_NOT_FOLLOW"),
      testing::UnorderedElementsAre(
          "n1 names no host in primary_conninfo: it would not follow n2 and n3",
          "n2 names n1 alone in primary_conninfo, and n1 names no host in primary_conninfo: it "
          "would not follow n3",
          "n3 names n1 alone in primary_conninfo, and n1 names no host in primary_conninfo: it "
          "would not follow n2"));
  EXPECT_THAT(said(sample, demotion(), "NOBODY_WOULD_FOLLOW"),
              Contains("no other server would follow n2: it would have no standby"));
  // Once a successor is named the others are not asked about.
  auto intent = demotion();
  intent.successor = "n2";
  EXPECT_THAT(said(sample, intent, "WILL_NOT_FOLLOW"),
              Contains("n1 names no host in primary_conninfo: it would not follow n2"));
  auto after = demoted();
  follow_anybody(after);
  after.nodes[0].setup.upstream.places.clear();
  EXPECT_EQ(
      said(after, promotion(), "WILL_NOT_FOLLOW"),
      std::vector<std::string>{"n1 names no host in primary_conninfo: it would not follow n2"});
  EXPECT_THAT(said(after, promotion(), "NOBODY_WOULD_FOLLOW"), testing::IsEmpty());
}

TEST(PostgresqlAfterwards, WithTooFewSynchronousFollowersAllWritesWouldWait) {
  struct Row {
    const char* setting;
    std::vector<std::size_t> lost;  ///< who would not follow
    bool hangs;
  };
  for (const auto& row : std::vector<Row>{{"ANY 1 (n1, n2, n3)", {}, false},
                                          {"ANY 1 (n1, n2, n3)", {0}, false},
                                          {"ANY 1 (n1, n2, n3)", {0, 2}, true},
                                          {"ANY 2 (n1, n2, n3)", {0}, true},
                                          {"*", {0, 2}, true},
                                          {"*", {0}, false},
                                          {"N3", {0}, false},
                                          {"n3", {2}, true},
                                          {"n7", {}, true}}) {
    auto sample = demoted();
    follow_anybody(sample);
    sample.nodes[1].synchronous_standby_names = row.setting;
    for (const auto lost : row.lost) sample.nodes[lost].setup.upstream.places.clear();
    EXPECT_EQ(!said(sample, promotion(), "NOBODY_WOULD_FOLLOW").empty(), row.hangs) << row.setting;
  }
}

TEST(PostgresqlAfterwards, AMissingSlotAndPlacesThatAreUsedUp) {
  auto sample = demoted();
  follow_anybody(sample);
  sample.nodes[2].setup.upstream.slot = "n3";
  EXPECT_EQ(said(sample, promotion(), "SLOT_MISSING"),
            std::vector<std::string>{"n3 asks for the slot n3 (primary_slot_name), which n2 does "
                                     "not have: it could not stream from it"});
  sample.nodes[1].slots = {{"n3", false, kHere, "reserved", ""}};
  EXPECT_THAT(said(sample, promotion(), "SLOT_MISSING"), testing::IsEmpty());
  // Two standbys, and four who look.
  set(sample.nodes[1], "max_wal_senders", "6");
  EXPECT_THAT(said(sample, promotion(), "SENDERS_USED_UP"), testing::IsEmpty());
  sample.nodes[1].streamers = {{"pg_receivewal", "", "streaming", 0, 0, 0, 0, "async"},
                               {"n3", "", "streaming", 0, 0, 0, 0, "async"}};
  EXPECT_THAT(said(sample, promotion(), "SENDERS_USED_UP"),
              Contains(HasSubstr("max_wal_senders = 6; 7 may be needed")));
}

TEST(PostgresqlAfterwards, WalOnTheDiskCountsOnItsOwnTimelineAlone) {
  struct Row {
    Lsn end;
    std::uint32_t timeline;
    std::uint64_t system;
    Lsn position;
  };
  for (const auto& row : std::vector<Row>{{kHere + 8, 1, kSystem, kHere + 8},
                                          {kHere - 8, 1, kSystem, kHere},
                                          {kHere + 8, 2, kSystem, kHere},
                                          {kHere + 8, 0, kSystem, kHere},
                                          {kHere + 8, 1, kSystem + 1, kHere}}) {
    auto node = standby("n2");
    node.agent->wal_end = row.end;
    node.agent->wal_timeline = row.timeline;
    node.agent->system_identifier = row.system;
    count_received(node);
    EXPECT_EQ(node.position, row.position);
    EXPECT_EQ(node.replayed, kHere);
  }
  auto writer = primary("n1");
  writer.agent->wal_end = kHere + 8;
  writer.agent->wal_timeline = 1;
  count_received(writer);
  EXPECT_EQ(writer.position, kHere);
  auto none = silent("n3");
  count_received(none);
  EXPECT_EQ(none.position, 0U);
}

TEST(PostgresqlAfterwards, WarningsFitTheirMessageWhateverIsSeen) {
  ClusterSample sample;
  sample.nodes = {primary("n1")};
  for (int i = 2; i < 40; ++i) {
    auto node = standby("n" + std::to_string(i));
    node.setup.upstream.known = true;
    node.setup.pending.assign(100, std::string(60, 'x'));
    sample.nodes.push_back(node);
  }
  for (const auto& intent : {demotion(), promotion()}) {
    const auto all = warnings(sample, intent, kAsynchronous);
    EXPECT_LE(all.size(), kMostWarnings);
    EXPECT_FALSE(all.empty());
    for (const auto& one : all) EXPECT_LE(one.text.size(), 512U);
  }
}

}  // namespace
}  // namespace aeromq::postgresql
