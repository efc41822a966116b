// The real agent beside servers that are not as usual: called otherwise, changed since their start,
// held up by their archiver. What it says is what is so.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

#include "tests/postgresql/agent_cluster.h"

namespace aeromq::postgresql {
namespace {

std::string say(const Result<AgentClaim>& claim) {
  return claim ? std::string(text_of(claim->state)) + " " + claim->code + " " + claim->text
               : claim.error().message;
}
bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

void configure(const AgentCluster& cluster, const std::string& node, const std::string& line) {
  std::ofstream(cluster.directory() + "/" + node + "/extra.conf", std::ios::app) << line << "\n";
}

/// Stops `node` past its agent and starts it under the name postmaster, as some units do.
void start_as_postmaster(const AgentCluster& cluster, const std::string& node) {
  cluster.tool("stop", node);
  const auto link = cluster.directory() + "/postmaster";
  std::filesystem::create_symlink(PG_BIN "/postgres", link);
  const std::string user = ::geteuid() == 0 ? "runuser -u postgres -- " : "";
  const auto words = user + "setsid " + link + " -D " + cluster.data(node) + " >> " +
                     cluster.directory() + "/" + node + "/postgresql.log 2>&1 < /dev/null &";
  ASSERT_EQ(std::system(words.c_str()), 0);
  ASSERT_TRUE(within_a_minute([&] { return cluster.is_standby(node); }));
}

// Its agent must neither take it for stopped, nor judge a promotion by its files while it runs.
void expect_seen_by_any_name(AgentCluster& cluster) {
  ASSERT_NO_FATAL_FAILURE(start_as_postmaster(cluster, "n2"));
  ASSERT_TRUE(cluster.wait_whole("n1"));
  const auto status = cluster.status("n2");
  ASSERT_TRUE(status);
  EXPECT_TRUE(status->running);
  EXPECT_EQ(status->server.postmaster, static_cast<std::uint64_t>(cluster.postmaster("n2")));
  EXPECT_GT(status->server.attached, 3U);
  EXPECT_GT(status->server.processes, 3U);
  EXPECT_TRUE(status->server.listens);
  EXPECT_EQ(status->server.data_directory, std::filesystem::canonical(cluster.data("n2")).string());
}

// Seen before anything is stopped.
void expect_refused_before(AgentCluster& cluster) {
  configure(cluster, "n1", "work_mem = 64MiB");
  const auto claim = cluster.act(cluster.next_request(), Action::demote, "n1");
  ASSERT_TRUE(claim);
  EXPECT_EQ(claim->code, "CANNOT_START_AGAIN") << say(claim);
  EXPECT_TRUE(has(claim->text, "work_mem")) << say(claim);
  EXPECT_TRUE(cluster.is_primary("n1"));
}

// A proof that does not lie in the target's own files is none.
void expect_the_proof_in_its_files(AgentCluster& cluster, const RequestId& demotion) {
  ASSERT_GT(cluster.decided("n1", demotion).shutdown_end, 0U);
  auto link = cluster.link("n2");
  ASSERT_TRUE(link && link->open(cluster.history(), cluster.next_term(), 5000));
  auto act = cluster.act_of(cluster.next_request(), Action::promote, "n2");
  act.shutdown_end += 8;
  const auto claim = link->act(act, 60'000);
  ASSERT_TRUE(claim);
  EXPECT_EQ(claim->code, "IDENTITY_MISMATCH") << say(claim);
  EXPECT_TRUE(cluster.is_standby("n2"));
}

TEST(PostgresqlAgentTruth, AServerOfAnotherNameAndOneThatCannotStartAgain) {
  AgentCluster cluster;
  ASSERT_TRUE(cluster.wait_whole("n1"));
  ASSERT_NO_FATAL_FAILURE(expect_seen_by_any_name(cluster));
  ASSERT_NO_FATAL_FAILURE(expect_refused_before(cluster));
}

// A fast shutdown waits for the archiver as long as that hangs: what it was for is done before.
TEST(PostgresqlAgentTruth, AnArchiverThatHangsHoldsNoDemotionUp) {
  AgentCluster cluster({20'000, 10'000, 12'000});
  configure(cluster, "n1", "archive_mode = on");
  configure(cluster, "n1", "archive_command = 'sleep 100'");
  cluster.tool("stop", "n1");
  cluster.tool("start", "n1");
  ASSERT_TRUE(cluster.wait_whole("n1"));
  cluster.sql("n1", "SELECT pg_switch_wal()");
  const auto request = cluster.next_request();
  const auto claim = cluster.act(request, Action::demote, "n1");
  ASSERT_TRUE(claim && claim->state == ClaimState::executed) << say(claim);
  EXPECT_TRUE(has(claim->text, "had not ended 2000 ms later")) << say(claim);
  EXPECT_TRUE(has(claim->text, "no other server archives them")) << say(claim);
  EXPECT_TRUE(cluster.is_standby("n1")) << say(claim);
  ASSERT_NO_FATAL_FAILURE(expect_the_proof_in_its_files(cluster, request));
}

}  // namespace
}  // namespace aeromq::postgresql
