// A look at real servers: healthy, killed, frozen, promoted behind everybody's back.
#include <gmock/gmock.h>

#include "kernel/postgresql/sight/promotable.h"
#include "kernel/postgresql/sight/setup_query.h"
#include "kernel/postgresql/sight/text.h"
#include "kernel/postgresql/sight/views.h"
#include "kernel/postgresql/sight/warnings.h"
#include "tests/postgresql/sight_cluster.h"

namespace aeromq::postgresql {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::HasSubstr;

std::uint64_t ms_since(steady_clock::time_point begin) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<milliseconds>(steady_clock::now() - begin).count());
}

/// Looks until the sample is as wished; the last one. A look on a busy machine may take longer
/// than a test's usual patience.
template <class Wish>
ClusterSample look_until(Sampler& sampler, Wish wish) {
  const auto begin = steady_clock::now();
  auto sample = sampler.look();
  while (!wish(sample) && ms_since(begin) < 30'000) {
    ::poll(nullptr, 0, 20);
    sample = sampler.look();
  }
  EXPECT_TRUE(wish(sample));
  return sample;
}

/// A new sampler each time: a connection that stands is not verified again.
void look_until_refused(const TestCluster& cluster, const std::string& words) {
  const auto begin = steady_clock::now();
  NodeSample node;
  do {
    auto sampler = cluster.sampler();
    node = sampler.look().nodes[0];
  } while (node.answered && ms_since(begin) < 30'000);
  EXPECT_THAT(node.error, HasSubstr(words));
  EXPECT_TRUE(node.spoke);
}

bool all_stream(const ClusterSample& sample) {
  return std::ranges::all_of(sample.nodes, [&](const NodeSample& node) {
    return node.answered && (is_writer(node) || upstream_of(sample, node) != nullptr);
  });
}

std::size_t writers(const ClusterSample& sample) {
  return static_cast<std::size_t>(std::ranges::count_if(sample.nodes, is_writer));
}

TEST(PostgresqlSightLook, SeesAHealthyClusterAndItsOwnConnectionsNowhere) {
  TestCluster cluster;
  ASSERT_TRUE(cluster.is_up());
  auto other = cluster.sampler();
  other.look();
  auto sampler = cluster.sampler();
  // A primary writes a little by itself, and a look is as many moments as there are nodes.
  const auto sample = look_until(sampler, [](const ClusterSample& seen) {
    return all_stream(seen) && std::ranges::all_of(seen.nodes, [&](const NodeSample& node) {
             return node.position == seen.nodes[0].position;
           });
  });
  ASSERT_EQ(sample.nodes.size(), 3U);
  EXPECT_TRUE(is_writer(sample.nodes[0]));
  EXPECT_EQ(state_text(sample, sample.nodes[0]), "running");
  EXPECT_EQ(state_text(sample, sample.nodes[1]), "streaming from n1");
  EXPECT_EQ(state_text(sample, sample.nodes[2]), "streaming from n1");
  for (const auto& node : sample.nodes) {
    EXPECT_EQ(node.system_identifier, sample.nodes[0].system_identifier);
    EXPECT_EQ(node.timeline, 1U);
    EXPECT_GT(node.position, 0U);
    EXPECT_EQ(node.position, sample.nodes[0].position) << node.node;
    EXPECT_TRUE(node.ancestors.empty());
    EXPECT_GE(node.server_version, 150000U);
    EXPECT_EQ(node.agent, std::nullopt);
    EXPECT_THAT(node.agent_error, HasSubstr("nobody listens"));
  }
  // Two samplers are connected to n1; only the standbys stream.
  std::vector<std::string> names;
  for (const auto& streamer : sample.nodes[0].streamers) names.push_back(streamer.application_name);
  EXPECT_THAT(names, testing::UnorderedElementsAre("n2", "n3"));
  // Nobody keeps one between two looks.
  EXPECT_EQ(cluster.sql(0, "SELECT count(*) FROM pg_stat_replication"), "2");
  ASSERT_EQ(sample.nodes[0].slots.size(), 2U);
  EXPECT_TRUE(sample.nodes[0].slots[0].active);
  EXPECT_EQ(sample.nodes[0].slots[0].wal_status, "reserved");
  EXPECT_EQ(findings_of(sample, {}).size(), 4U);  // three silent agents, and what nobody checked

  LookOptions deep;
  deep.depth = Depth::wal;
  EXPECT_GT(sampler.look(deep).nodes[2].wal.value_or(WalDetail{}).octets, 0U);
  deep.depth = Depth::backups;
  EXPECT_TRUE(sampler.look(deep).nodes[0].answered);
}

TEST(PostgresqlSightLook, ReadsWhomAServerWouldFollowAndNoPassword) {
  const auto upstream = upstream_of_conninfo(
      "host=10.0.0.1,db2 port=5432,5433 user=repl password='se cret' application_name=n1 "
      "target_session_attrs=primary");
  Upstream expected;
  expected.known = true;
  expected.places = {{"10.0.0.1", "", "5432"}, {"db2", "", "5433"}};
  expected.application_name = "n1";
  expected.session_attrs = "primary";
  EXPECT_EQ(upstream, expected);
  EXPECT_EQ(upstream_of_conninfo("postgresql://repl:secret@10.0.0.1:7/?hostaddr=10.0.0.2").places,
            (std::vector<UpstreamPlace>{{"10.0.0.1", "10.0.0.2", "7"}}));
  EXPECT_FALSE(upstream_of_conninfo("host='unended").known);
  EXPECT_TRUE(upstream_of_conninfo("").known);
}

TEST(PostgresqlSightLook, SeesALimitThatStopsReplayAndASlotThatStays) {
  TestCluster cluster;
  ASSERT_TRUE(cluster.is_up());
  auto sampler = cluster.sampler();
  auto sample = look_until(sampler, all_stream);
  EXPECT_EQ(value_of(sample.nodes[0].setup.settings, "wal_segment_size"), "1048576");
  EXPECT_EQ(value_of(sample.nodes[1].setup.settings, "max_connections"),
            cluster.sql(1, "SHOW max_connections"));
  EXPECT_EQ(sample.nodes[1].setup.upstream.places.size(), 3U);
  EXPECT_EQ(sample.nodes[1].setup.upstream.session_attrs, "primary");
  EXPECT_EQ(sample.nodes[1].setup.upstream.slot, "n2");
  EXPECT_EQ(sample.nodes[1].setup.pause_state, "not paused");
  EXPECT_EQ(warnings(sample, {Action::demote, "n1", {}, "", 0, 0, {}}, {}), std::vector<Finding>{});

  // A larger limit on the primary: its standbys stop when they replay that it has one.
  cluster.sql(0, "ALTER SYSTEM SET max_connections = 90");
  cluster.sql(0, "ALTER SYSTEM SET wal_level = logical");
  cluster.sql(0, "SELECT pg_reload_conf()");
  sample = look_until(
      sampler, [](const ClusterSample& seen) { return seen.nodes[0].setup.pending.size() == 2; });
  EXPECT_EQ(sample.nodes[0].setup.pending,
            (std::vector<std::string>{"max_connections", "wal_level"}));
  cluster.script("stop", {"n1"});
  cluster.script("start", {"n1"});
  cluster.sql(0, "SELECT pg_create_logical_replication_slot('cdc', 'test_decoding')");
  sample = look_until(sampler, [](const ClusterSample& seen) {
    return seen.nodes[1].setup.pause_state == "paused" && is_writer(seen.nodes[0]) &&
           seen.nodes[0].slots.size() == 3;
  });
  EXPECT_FALSE(lower_limits(sample, sample.nodes[1]).empty());
  EXPECT_TRUE(sample.nodes[0].slots[0].logical);
  EXPECT_EQ(sample.nodes[0].slots[0].plugin, "test_decoding");
  EXPECT_EQ(sample.nodes[0].slots[0].database, "postgres");
}

TEST(PostgresqlSightLook, ADeadServerIsShownAsItIsAndDelaysLittle) {
  TestCluster cluster;
  ASSERT_TRUE(cluster.is_up());
  auto sampler = cluster.sampler();
  look_until(sampler, all_stream);
  const auto allowed = cluster.settings().connection.connect_deadline_ms;

  // Killed: the connection is broken and the port closed. Nobody waits.
  cluster.script("kill", {"n3"});
  auto begin = steady_clock::now();
  auto sample = sampler.look();
  EXPECT_LT(ms_since(begin), allowed);
  EXPECT_FALSE(sample.nodes[2].answered);
  EXPECT_FALSE(sample.nodes[2].timed_out);
  EXPECT_THAT(sample.nodes[2].error, HasSubstr("Connection refused"));
  EXPECT_TRUE(sample.nodes[0].answered && sample.nodes[1].answered);
  ASSERT_TRUE(sample.nodes[2].last_seen);
  EXPECT_GT(sample.nodes[2].last_seen->position, 0U);

  // Frozen, as a hung host: first the connection that stands, then a new one, gets no answer.
  cluster.freeze(1);
  for (int round = 0; round < 2; ++round) {
    begin = steady_clock::now();
    sample = sampler.look();
    const auto took = ms_since(begin);
    EXPECT_GE(took, allowed - 5);
    EXPECT_LT(took, allowed + 500);
    EXPECT_FALSE(sample.nodes[1].answered);
    EXPECT_TRUE(sample.nodes[1].timed_out);
    EXPECT_EQ(sample.nodes[1].error, "no answer within 1000 ms");
    EXPECT_TRUE(sample.nodes[0].answered);
  }
  cluster.thaw();
  // Both come back, and the look needs no help for it.
  cluster.script("start", {"n3"});
  sample = look_until(sampler, all_stream);

  // A server that was restarted between two looks: its connection is stale, the look is not.
  cluster.script("stop", {"n2"});
  cluster.script("start", {"n2"});
  look_until(sampler, all_stream);
  EXPECT_EQ(cluster.sql(1,
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                        " WHERE application_name = 'aeromq'"),
            "t");
  EXPECT_TRUE(sampler.look().nodes[1].answered);
}

TEST(PostgresqlSightLook, ARawPromotionIsSeenAsTwoWritersOnTwoTimelines) {
  TestCluster cluster;
  ASSERT_TRUE(cluster.is_up());
  auto sampler = cluster.sampler();
  look_until(sampler, all_stream);
  ASSERT_EQ(cluster.sql(1, "SELECT pg_promote()"), "t");
  // The old primary goes on and writes on its own: from here the histories are two.
  cluster.sql(0, "CREATE TABLE fork (n int)");
  const auto sample = look_until(sampler, [](const ClusterSample& seen) {
    return writers(seen) == 2 && seen.nodes[1].timeline == 2;
  });
  ASSERT_EQ(sample.nodes[1].ancestors.size(), 1U);
  EXPECT_EQ(sample.nodes[1].ancestors[0].timeline, 1U);
  EXPECT_LT(sample.nodes[1].ancestors[0].end, sample.nodes[0].position);
  EXPECT_EQ(sample.nodes[0].timeline, 1U);
  std::vector<std::string> codes;
  for (const auto& finding : findings_of(sample, {})) codes.push_back(finding.code);
  EXPECT_THAT(codes, testing::IsSupersetOf({"SEVERAL_WRITERS", "TIMELINES_FORKED"}));
  const auto all = checks(sample, {Action::promote, "n3", {}, "", 0, 0, {}}, {});
  for (const auto& check : all)
    EXPECT_EQ(check.passes, check.passes && check.code != "WRITABLE_PRIMARY_EXISTS") << check.text;
}

TEST(PostgresqlSightLook, AfterAPromotionAStandbyFollowsOnTheNewTimeline) {
  TestCluster cluster;
  ASSERT_TRUE(cluster.is_up());
  auto sampler = cluster.sampler();
  look_until(sampler, all_stream);
  // What a look keeps must not hold up a shutdown.
  const auto begin = steady_clock::now();
  cluster.script("stop", {"n1"});
  EXPECT_LT(ms_since(begin), 10'000U);
  ASSERT_EQ(cluster.sql(1, "SELECT pg_promote()"), "t");
  const auto sample = look_until(sampler, [](const ClusterSample& seen) {
    return is_writer(seen.nodes[1]) && seen.nodes[2].answered && seen.nodes[2].timeline == 2 &&
           upstream_of(seen, seen.nodes[2]) == &seen.nodes[1];
  });
  EXPECT_FALSE(sample.nodes[0].answered);
  EXPECT_EQ(sample.nodes[2].ancestors, sample.nodes[1].ancestors);
  ASSERT_EQ(sample.nodes[2].ancestors.size(), 1U);
  EXPECT_EQ(state_text(sample, sample.nodes[2]), "streaming from n2");
}

TEST(PostgresqlSightLook, WithoutTheRightToSeeSessionsNothingIsBelieved) {
  TestCluster cluster;
  ASSERT_TRUE(cluster.is_up());
  cluster.sql(0, "CREATE ROLE blind LOGIN REPLICATION");
  cluster.settings().connection.user = "blind";
  auto sampler = cluster.sampler();
  const auto sample = sampler.look();
  EXPECT_FALSE(sample.nodes[0].answered);
  EXPECT_THAT(sample.nodes[0].error, HasSubstr("needs pg_monitor"));
  cluster.settings().connection.user = "nobody_at_all";
  auto stranger = cluster.sampler();
  const auto refused = stranger.look();
  EXPECT_FALSE(refused.nodes[0].answered);
  EXPECT_EQ(refused.nodes[0].sqlstate, "28000");
  EXPECT_THAT(refused.nodes[0].error, HasSubstr("FATAL:  role \"nobody_at_all\" does not exist"));
}

TEST(PostgresqlSightLook, WithoutAPlaceTheTimelineOfAStandbyIsNotKnownAndTheRestIs) {
  TestCluster cluster;
  ASSERT_TRUE(cluster.is_up());
  auto sampler = cluster.sampler();
  look_until(sampler, all_stream);
  cluster.script("stop", {"n1"});
  ASSERT_EQ(cluster.sql(1, "SELECT pg_promote()"), "t");
  // n3 is on timeline 2 now; a server that receives nothing must be asked for its timeline.
  const auto on_two = [](const ClusterSample& seen) {
    return seen.nodes[2].answered && seen.nodes[2].timeline == 2 && seen.nodes[2].receiver;
  };
  look_until(sampler, on_two);
  cluster.script("stop", {"n2"});
  const auto taken = cluster.take_senders(2, 20);
  const auto sample = look_until(sampler, [](const ClusterSample& seen) {
    return seen.nodes[2].answered && !seen.nodes[2].receiver;
  });
  EXPECT_EQ(sample.nodes[2].timeline, 0U);
  EXPECT_THAT(sample.nodes[2].timeline_error, HasSubstr("all 20 of max_wal_senders are taken"));
  EXPECT_GT(sample.nodes[2].position, 0U);
  const auto all = checks(sample, {Action::promote, "n3", {}, "", 0, 0, {}}, {});
  const auto behind = std::ranges::find(all, "TIMELINE_BEHIND", &Check::code);
  ASSERT_NE(behind, all.end());
  EXPECT_FALSE(behind->passes);
  EXPECT_THAT(behind->text, HasSubstr("the timeline of n3 is not known"));
}

TEST(PostgresqlSightLook, NothingButTlsWithAVerifiedCertificateAndScramIsUsed) {
  TestCluster cluster({"--tls"});
  ASSERT_TRUE(cluster.is_up());
  const auto tls = cluster.folder() + "/tls/";
  auto& connection = cluster.settings().connection;
  connection.sslmode = "verify-full";
  connection.sslrootcert = tls + "ca.crt";
  connection.passfile = tls + "passfile";
  cluster.settings().nodes[1].host = "::1";
  cluster.settings().nodes[2].host = "localhost";
  {
    auto sampler = cluster.sampler();
    const auto sample = look_until(sampler, all_stream);
    EXPECT_EQ(sample.nodes[1].host.substr(0, 6), "[::1]:");
    EXPECT_EQ(state_text(sample, sample.nodes[2]), "streaming from n1");
    EXPECT_EQ(cluster.sql(0,
                          "SELECT bool_and(s.ssl) FROM pg_stat_ssl s JOIN pg_stat_activity a"
                          " USING (pid) WHERE a.application_name = 'aeromq'"),
              "t");
  }
  const auto refused = [&] {
    auto sampler = cluster.sampler();
    return sampler.look().nodes[0];
  };
  // Whatever we make of it, a server spoke.
  test::ScratchFolder scratch;
  ::chmod(scratch.path().c_str(), 0755);
  connection.passfile = scratch.put("passfile", "*:*:*:aeromq:wrong\n");
  ::chmod(connection.passfile.c_str(), 0600);
  auto node = refused();
  EXPECT_EQ(node.sqlstate, "28P01");
  EXPECT_TRUE(node.spoke);
  connection.passfile = tls + "passfile";
  connection.sslrootcert = cluster.folder() + "/n1/server.crt";  // of no authority
  node = refused();
  EXPECT_FALSE(node.answered);
  EXPECT_THAT(node.error, HasSubstr("certificate verify failed"));
  EXPECT_TRUE(node.spoke);
  connection.sslrootcert = tls + "ca.crt";
  cluster.script("certificate", {"n1", "--days", "-1"});
  cluster.sql(0, "SELECT pg_reload_conf()");
  look_until_refused(cluster, "certificate verify failed");
}

}  // namespace
}  // namespace aeromq::postgresql
