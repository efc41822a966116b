// The real agent beside servers that are not as usual: called otherwise, changed since their start,
// held up by their archiver. What it says is what is so.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

#include "messages/text.h"
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

// The answer must say that the server did not come back, and why.
void expect_told_that_it_is_down(AgentCluster& cluster) {
  configure(cluster, "n1", "work_mem = 64MiB");
  const auto request = cluster.next_request();
  const auto claim = cluster.act(request, Action::demote, "n1");
  ASSERT_TRUE(claim && claim->state == ClaimState::executed) << say(claim);
  EXPECT_EQ(cluster.decided("n1", request), *claim);
  EXPECT_TRUE(has(claim->text, "the server is down: it did not start: ")) << say(claim);
  EXPECT_TRUE(has(claim->text, "work_mem")) << say(claim);
  const auto status = cluster.status("n1");
  EXPECT_FALSE(status->running);
  EXPECT_FALSE(status->server.listens);
  EXPECT_EQ(status->server.attached, 0U);
  EXPECT_TRUE(has(status->log_end, "work_mem")) << status->log_end;
  configure(cluster, "n1", "work_mem = 64MB");
}

// A promotion that does not go on exactly where its proof ends is an alarm, though it is executed.
void expect_an_alarm(AgentCluster& cluster, const RequestId& demotion) {
  const auto demoted = cluster.decided("n1", demotion);
  ASSERT_GT(demoted.shutdown_end, 0U);
  auto link = cluster.link("n2");
  ASSERT_TRUE(link && link->open(cluster.history(), cluster.next_term(), 5000));
  auto act = cluster.act_of(cluster.next_request(), Action::promote, "n2");
  act.shutdown_end += 8;
  const auto claim = link->act(act, 60'000);
  ASSERT_TRUE(claim && claim->state == ClaimState::executed) << say(claim);
  ASSERT_EQ(claim->alarms.size(), 1U) << say(claim);
  EXPECT_EQ(claim->alarms[0].code, "SWITCHED_BEFORE_CHECKPOINT");
  EXPECT_TRUE(has(claim->text, position_text(demoted.shutdown_end))) << say(claim);
}

TEST(PostgresqlAgentTruth, AServerOfAnotherNameAndOneThatCannotStartAgain) {
  AgentCluster cluster;
  ASSERT_TRUE(cluster.wait_whole("n1"));
  ASSERT_NO_FATAL_FAILURE(expect_seen_by_any_name(cluster));
  ASSERT_NO_FATAL_FAILURE(expect_told_that_it_is_down(cluster));
  EXPECT_EQ(cluster.verb("n1", "start --reason mended").code, 0);
  const auto up = cluster.next_request();
  const auto promoted = cluster.act(up, Action::promote, "n2");
  ASSERT_TRUE(promoted && promoted->state == ClaimState::executed) << say(promoted);
  ASSERT_TRUE(cluster.wait_whole("n2"));
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
  ASSERT_NO_FATAL_FAILURE(expect_an_alarm(cluster, request));
}

}  // namespace
}  // namespace aeromq::postgresql
