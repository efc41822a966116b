// When a timeline need not be asked for, and whether a server has places for everybody.
#include <gmock/gmock.h>

#include "kernel/postgresql/sight/known_timeline.h"
#include "kernel/postgresql/sight/places.h"
#include "kernel/postgresql/sight/text.h"
#include "kernel/postgresql/sight/views.h"
#include "tests/postgresql/sight_samples.h"

namespace aeromq::postgresql {
namespace {

using testing::HasSubstr;

struct TimelineCase {
  const char* name;
  bool in_recovery;
  const char* status;  ///< of the receiver; empty: none
  std::uint32_t received;
  const char* known_run;
  std::uint32_t known;
  std::uint32_t proven;
};

TEST(PostgresqlKnownTimeline, IsProvenOnlyByWhatCannotBeOtherwise) {
  const TimelineCase cases[] = {
      {"a primary says it", false, "", 0, "", 0, 7},
      {"receives what it was seen on", true, "streaming", 3, "run", 3, 3},
      {"receives the first", true, "streaming", 1, "", 0, 1},
      {"receives a newer one", true, "streaming", 4, "run", 3, 0},
      {"receives an older one", true, "streaming", 2, "run", 3, 0},
      {"never seen", true, "streaming", 3, "", 0, 0},
      {"was restarted", true, "streaming", 3, "earlier run", 3, 0},
      {"receives nothing", true, "", 0, "run", 3, 0},
      {"waits", true, "waiting", 3, "run", 3, 0},
  };
  for (const auto& one : cases) {
    NodeSample seen;
    seen.in_recovery = one.in_recovery;
    if (*one.status != '\0') {
      seen.receiver.emplace();
      seen.receiver->status = one.status;
      seen.receiver->timeline = one.received;
    }
    const ServerWord word{"run", one.in_recovery, one.in_recovery ? 0U : 7U};
    EXPECT_EQ(proven_timeline(seen, word, {one.known_run, one.known, 0, {}}), one.proven)
        << one.name;
  }
}

TEST(PostgresqlKnownTimeline, AHistoryIsOfOneTimelineAndOneRun) {
  const ServerWord word{"run", true, 0};
  KnownTimeline known{"run", 3, 3, {{1, 10}, {2, 20}}};
  EXPECT_EQ(known_ancestors(3, word, known), known.ancestors);
  EXPECT_EQ(known_ancestors(1, word, {}), std::vector<TimelineEnd>{});
  EXPECT_EQ(known_ancestors(2, word, known), std::nullopt);
  known.run = "earlier run";
  EXPECT_EQ(known_ancestors(3, word, known), std::nullopt);
}

TEST(PostgresqlPlaces, WhatIsShortIsCounted) {
  auto sample = healthy();
  auto& node = sample.nodes[0];
  node.places = {3, 2, 100, 3, 20};
  EXPECT_EQ(senders_short(sample, node), "");
  EXPECT_EQ(connections_short(sample, node), "");
  node.places.max_senders = 2;
  EXPECT_THAT(senders_short(sample, node),
              HasSubstr("max_wal_senders = 2 on n1: the 2 other nodes need one each; aeromq opens "
                        "up to 4 for a moment when a timeline changes, and 0 are left for that"));
  node.places.max_senders = 3;
  node.streamers.push_back({"pg_receivewal", "10.0.0.9", "streaming", 0, 0, 0, 0, "async"});
  EXPECT_THAT(senders_short(sample, node), HasSubstr("others have 1"));
  node.places.connections = 94;
  EXPECT_THAT(
      connections_short(sample, node),
      HasSubstr("max_connections = 100 on n1: 3 are reserved, others have 94, aeromq has up "
                "to 4 and 3 are left"));
  std::vector<std::string> codes;
  for (const auto& finding : findings_of(sample, {})) codes.push_back(finding.code);
  EXPECT_THAT(codes, testing::IsSupersetOf({"SENDERS_SHORT", "CONNECTIONS_SHORT"}));
}

TEST(PostgresqlPlaces, ATimelineThatIsNotKnownPassesNothingAndForksNothing) {
  for (const std::size_t which : {1U, 2U}) {
    auto sample = demoted();
    auto& node = sample.nodes[which];
    node.timeline = 0;
    node.timeline_error = "no place (53300)";
    const auto intent = wish(Action::promote, "n2");
    for (const auto& check : checks(sample, intent, {}))
      if (check.code == "TIMELINE_BEHIND") {
        EXPECT_FALSE(check.passes);
        EXPECT_THAT(check.text,
                    HasSubstr("the timeline of " + node.node + " is not known: no place (53300)"));
      }
    for (const auto& finding : findings_of(sample, {}))
      EXPECT_NE(finding.code, "TIMELINES_FORKED") << finding.text;
  }
}

TEST(PostgresqlVersions, OthersAreRefusedAndThoseNotTestedAreNamed) {
  const std::tuple<std::uint64_t, bool, bool> cases[] = {
      {140009, false, true}, {150000, true, false}, {150018, true, false},
      {160004, true, true},  {170009, true, true},  {180000, false, true}};
  for (const auto& [version, passes, found] : cases) {
    auto sample = healthy();
    sample.nodes[1].server_version = version;
    for (const auto action : {Action::promote, Action::demote, Action::force_promote})
      for (const auto& check : checks(sample, wish(action, "n1"), {}))
        if (check.code == "VERSION_NOT_TRIED") {
          EXPECT_EQ(check.passes, passes) << check.text;
        }
    const auto all = findings_of(sample, {});
    EXPECT_EQ(std::ranges::find(all, "VERSION_NOT_TRIED", &Finding::code) != all.end(), found)
        << version;
  }
  EXPECT_EQ(version_text(150018), "PostgreSQL 15.18");
}

TEST(PostgresqlPlaces, ASenderIsRecognisedByAnyAddressOfEithersName) {
  auto upstream = primary("n1");
  upstream.streamers.clear();
  auto one = standby("n2");
  stream(one, upstream);
  upstream.streamers.clear();
  one.receiver->sender_port = 5432;
  const auto streams = [&](const std::string& host, std::vector<std::string> addresses,
                           const std::string& sender, std::vector<std::string> resolved) {
    upstream.host = host + ":5432";
    upstream.addresses = std::move(addresses);
    one.receiver->sender_host = sender;
    one.receiver->sender_addresses = std::move(resolved);
    return streams_from(one, upstream);
  };
  EXPECT_TRUE(streams("n1.example", {"10.0.0.1", "10.1.0.1"}, "10.1.0.1", {}));
  EXPECT_TRUE(streams("10.0.0.1", {"10.0.0.1"}, "n1.other", {"10.1.0.1", "10.0.0.1"}));
  EXPECT_TRUE(streams("n1.example", {"::1"}, "n1.other", {"0::1"}));
  EXPECT_FALSE(streams("n1.example", {}, "10.0.0.1", {}));
  EXPECT_FALSE(streams("n1.example", {"10.0.0.1"}, "n1.other", {"10.0.0.2"}));
}

}  // namespace
}  // namespace aeromq::postgresql
