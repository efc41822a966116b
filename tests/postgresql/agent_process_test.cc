// The real agent beside real servers: what it does, what it refuses, and what is true and told
// after it was killed at each of its steps.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>

#include "messages/text.h"
#include "tests/postgresql/agent_cluster.h"
#include "tests/support/child.h"

namespace aeromq::postgresql {
namespace {

bool has_file(const std::string& path) {
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0;
}

std::string say(const AgentClaim& claim) {
  return std::string(text_of(claim.state)) + " " + claim.code + " " + claim.text;
}
std::string say(const Result<AgentClaim>& claim) {
  return claim ? say(*claim) : claim.error().message;
}

/// Demotes `from` and promotes `to`, both as they should go.
void switch_over(AgentCluster& cluster, const std::string& from, const std::string& to) {
  const auto down = cluster.next_request();
  ASSERT_EQ(say(cluster.act(down, Action::demote, from)).substr(0, 8), "executed");
  ASSERT_EQ(cluster.decided(from, down).state, ClaimState::executed);
  const auto up = cluster.next_request();
  ASSERT_EQ(say(cluster.act(up, Action::promote, to)).substr(0, 8), "executed");
  ASSERT_TRUE(cluster.wait_whole(to));
}

TEST(PostgresqlAgentProcess, DemotesAndPromotesAndRefusesWhatItMust) {
  AgentCluster cluster;
  ASSERT_TRUE(cluster.wait_whole("n1"));
  const auto timeline = cluster.sql("n1", "SELECT timeline_id FROM pg_control_checkpoint()");
  // A primary that lives cannot have a second one beside it.
  const auto early = cluster.next_request();
  const auto rejected = cluster.act(early, Action::promote, "n2");
  ASSERT_TRUE(rejected);
  EXPECT_EQ(rejected->state, ClaimState::rejected) << say(rejected);
  EXPECT_EQ(rejected->code, "WRITABLE_PRIMARY_EXISTS") << say(rejected);

  const auto down = cluster.next_request();
  const auto demoted = cluster.act(down, Action::demote, "n1");
  ASSERT_TRUE(demoted) << say(demoted);
  ASSERT_EQ(demoted->state, ClaimState::executed) << say(demoted);
  EXPECT_GT(demoted->shutdown_checkpoint, 0U);
  EXPECT_TRUE(has_file(cluster.data("n1") + "/standby.signal"));
  EXPECT_TRUE(cluster.is_standby("n1"));
  EXPECT_EQ(cluster.decided("n1", down), *demoted);
  // The id is spent: a repeat tells of the first one and does nothing.
  const auto repeat = cluster.act(down, Action::demote, "n1");
  ASSERT_TRUE(repeat);
  EXPECT_TRUE(repeat->repeat);
  EXPECT_EQ(repeat->state, ClaimState::executed);
  EXPECT_TRUE(cluster.act(early, Action::promote, "n2")->repeat);

  const auto up = cluster.next_request();
  const auto promoted = cluster.act(up, Action::promote, "n2");
  ASSERT_TRUE(promoted) << say(promoted);
  ASSERT_EQ(promoted->state, ClaimState::executed) << say(promoted);
  EXPECT_GT(promoted->timeline, 1U);
  // The new timeline begins exactly where its proof ends.
  EXPECT_GT(demoted->shutdown_end, demoted->shutdown_checkpoint);
  EXPECT_EQ(promoted->effects.back(),
            (Effect{"switch_position", "", position_text(demoted->shutdown_end)}));
  EXPECT_TRUE(promoted->alarms.empty()) << promoted->text;
  EXPECT_TRUE(cluster.wait_whole("n2"));
  // A server that an agent started outlives it, and is taken up again.
  const auto pid = cluster.status("n1")->pid;
  cluster.tool("agent-stop", "n1");
  EXPECT_TRUE(cluster.is_standby("n1"));
  cluster.tool("agent-start", "n1");
  EXPECT_EQ(cluster.status("n1")->pid, pid);
}

TEST(PostgresqlAgentProcess, RootMayLookAndOrderButNotServe) {
  if (::geteuid() != 0) GTEST_SKIP() << "this test is not root";
  AgentCluster cluster;
  const auto served = cluster.verb("n1", "serve");
  EXPECT_EQ(served.code, 2) << served.out;
  EXPECT_NE(served.out.find("not as root"), std::string::npos) << served.out;
  EXPECT_EQ(cluster.verb("n1", "status").code, 0);
  EXPECT_EQ(cluster.verb("n1", "bind 0a0b0c0d --reason 'a new register'").code, 0);
  EXPECT_EQ(to_hex(cluster.status("n1")->history.octets), "0a0b0c0d");
  EXPECT_EQ(cluster.act(cluster.next_request(), Action::demote, "n1").error().code,
            "OTHER_HISTORY");
}

TEST(PostgresqlAgentProcess, AnActCountsOnlyOnTheConnectionThatOpenedItsTerm) {
  AgentCluster cluster;
  ASSERT_TRUE(cluster.wait_whole("n1"));
  auto first = cluster.link("n1");
  auto second = cluster.link("n1");
  ASSERT_TRUE(first && second);
  const auto act_on = [&](AgentLink& link, const RequestId& request) {
    const auto claim = link.act(cluster.act_of(request, Action::demote, "n1"), 5000);
    return claim && claim->state == ClaimState::none ? claim->code : say(claim);
  };
  const auto request = cluster.next_request();
  EXPECT_EQ(act_on(*first, request), "STALE_TERM") << "nobody opened";
  ASSERT_TRUE(first->open(cluster.history(), cluster.next_term(), 5000));
  EXPECT_EQ(act_on(*second, request), "STALE_TERM") << "another connection's term";
  ASSERT_TRUE(second->open(cluster.history(), cluster.next_term(), 5000));
  EXPECT_EQ(act_on(*first, request), "STALE_TERM") << "a higher term was opened";
  HistoryId other;
  other.octets = {9, 9, 9, 9};
  EXPECT_EQ(second->open(other, 100, 5000).error().code, "OTHER_HISTORY");
  const auto word = second->ask(request, 5000);
  ASSERT_TRUE(word);
  EXPECT_EQ(word->state, ClaimState::none);
  EXPECT_EQ(word->promised, 2U);
  EXPECT_TRUE(cluster.is_primary("n1"));
}

TEST(PostgresqlAgentProcess, APersonStopsAndStarts) {
  AgentCluster cluster;
  ASSERT_TRUE(cluster.wait_whole("n1"));
  EXPECT_EQ(cluster.verb("n3", "stop --reason disk").code, 0);
  EXPECT_FALSE(cluster.status("n3")->running);
  // Neither the agent nor its next run undoes that.
  cluster.tool("agent-stop", "n3");
  cluster.tool("agent-start", "n3");
  ASSERT_TRUE(within_a_minute([&] { return !cluster.status("n3")->not_started.empty(); }));
  EXPECT_NE(cluster.status("n3")->not_started.find("disk"), std::string::npos);
  // With a standby unseen, a primary that is down stays down until a person says so.
  cluster.tool("stop", "n1");
  cluster.tool("agent-stop", "n1");
  cluster.tool("agent-start", "n1");
  ASSERT_TRUE(within_a_minute([&] {
    return cluster.status("n1")->not_started.find("n3 does not answer") != std::string::npos;
  }));
  EXPECT_EQ(cluster.status("n1")->pid, 0U) << "a start that is weighed counts as running";
  EXPECT_EQ(cluster.verb("n3", "start --reason mended").code, 0);
  const auto again = cluster.verb("n3", "start --reason again");
  EXPECT_EQ(again.code, 10);
  EXPECT_EQ(again.out, "aeromq-pg-agent: SERVER_RUNS: the server runs\n");
  ASSERT_TRUE(within_a_minute([&] { return cluster.is_primary("n1"); })) << "all are seen now";
  EXPECT_EQ(cluster.verb("n1", "outcome " + cluster.next_request().text()).code, 30);
  EXPECT_NE(cluster.verb("n3", "journal").out.find("mended"), std::string::npos);
  // A server that dies under a living agent stays as it is.
  ASSERT_TRUE(cluster.wait_whole("n1"));
  cluster.tool("kill", "n1");
  ASSERT_TRUE(within_a_minute([&] { return !cluster.status("n1")->not_started.empty(); }));
  EXPECT_FALSE(cluster.status("n1")->running);
}

struct Point {
  const char* name;
  ClaimState after;
};

TEST(PostgresqlAgentProcess, ADemotionKilledAtEachStep) {
#ifndef AEROMQ_CHAOS
  GTEST_SKIP() << "no kill points in this build";
#endif
  AgentCluster cluster;
  std::string primary = "n1";
  std::string other = "n2";
  for (const auto& [point, after] :
       {Point{"act.received", ClaimState::none}, Point{"act.claimed", ClaimState::rejected},
        Point{"act.validated", ClaimState::rejected}, Point{"act.asked", ClaimState::rejected},
        Point{"demote.stopped", ClaimState::rejected}, Point{"demote.noted", ClaimState::rejected},
        Point{"demote.received", ClaimState::rejected},
        Point{"demote.signalled", ClaimState::executed},
        Point{"act.result_written", ClaimState::executed},
        Point{"demote.started", ClaimState::executed},
        Point{"act.answered", ClaimState::executed}}) {
    SCOPED_TRACE(point);
    ASSERT_TRUE(cluster.wait_whole(primary));
    cluster.arm(std::string("pgagent.") + point);
    const auto request = cluster.next_request();
    (void)cluster.act(request, Action::demote, primary);
    ASSERT_TRUE(cluster.wait_agent_dead(primary));
    cluster.tool("agent-start", primary);
    const auto claim = cluster.decided(primary, request);
    EXPECT_EQ(claim.state, after) << say(claim);
    if (after == ClaimState::rejected) {
      EXPECT_EQ(claim.code, "VOIDED") << say(claim);
    }
    EXPECT_EQ(has_file(cluster.data(primary) + "/standby.signal"), after == ClaimState::executed);
    if (after != ClaimState::executed) continue;
    EXPECT_GT(claim.shutdown_checkpoint, 0U);
    ASSERT_TRUE(within_a_minute([&] { return cluster.is_standby(primary); }));
    const auto up = cluster.next_request();
    const auto promoted = cluster.act(up, Action::promote, other);
    ASSERT_TRUE(promoted && promoted->state == ClaimState::executed) << say(promoted);
    std::swap(primary, other);
  }
}

TEST(PostgresqlAgentProcess, APromotionKilledAtEachStep) {
#ifndef AEROMQ_CHAOS
  GTEST_SKIP() << "no kill points in this build";
#endif
  AgentCluster cluster;
  std::string primary = "n1";
  std::string other = "n2";
  // After promote.asked either may be true; what is told must be what is so.
  for (const auto& [point, after] :
       {Point{"act.claimed", ClaimState::rejected}, Point{"act.validated", ClaimState::rejected},
        Point{"act.asked", ClaimState::rejected}, Point{"promote.asked", ClaimState::none},
        Point{"promote.seen", ClaimState::executed},
        Point{"act.result_written", ClaimState::executed},
        Point{"act.answered", ClaimState::executed}}) {
    SCOPED_TRACE(point);
    ASSERT_TRUE(cluster.wait_whole(primary));
    const auto down = cluster.next_request();
    ASSERT_TRUE(cluster.act(down, Action::demote, primary));
    ASSERT_EQ(cluster.decided(primary, down).state, ClaimState::executed);
    cluster.arm(std::string("pgagent.") + point);
    const auto request = cluster.next_request();
    (void)cluster.act(request, Action::promote, other);
    ASSERT_TRUE(cluster.wait_agent_dead(other));
    cluster.tool("agent-start", other);
    const auto claim = cluster.decided(other, request);
    if (after != ClaimState::none) {
      EXPECT_EQ(claim.state, after) << say(claim);
    }
    ASSERT_TRUE(within_a_minute([&] { return !cluster.sql(other, "SELECT 1").empty(); }));
    ASSERT_EQ(cluster.is_primary(other), claim.state == ClaimState::executed) << say(claim);
    if (claim.state != ClaimState::executed) {
      const auto again = cluster.next_request();
      const auto promoted = cluster.act(again, Action::promote, other);
      ASSERT_TRUE(promoted && promoted->state == ClaimState::executed) << say(promoted);
    }
    std::swap(primary, other);
  }
}

/// Kills the startup process of `node` when it first syncs `path`.
class StartupKiller {
 public:
  StartupKiller(const AgentCluster& cluster, const std::string& node, const std::string& path) {
    const auto pid =
        cluster.sql(node, "SELECT pid FROM pg_stat_activity WHERE backend_type = 'startup'");
    child_.emplace(std::vector<std::string>{"/usr/bin/strace", "-p", pid, "-P", path, "-e",
                                            "trace=fsync", "-e", "inject=fsync:signal=SIGKILL"},
                   test::Child::Errors::with_output);
    const auto line = child_->line();
    attached_ = line && line->find("attached") != std::string::npos;
  }
  bool attached() const { return attached_; }

 private:
  std::optional<test::Child> child_;
  bool attached_ = false;
};

/// The proven trap: standby.signal is gone, and the server would come back writable on the timeline
/// of its old primary: before the new timeline's history file is there, or after it.
enum class Window { before_history, after_history };
void fall_into_the_trap(Window window, bool with_agent) {
  if (!has_file("/usr/bin/strace")) GTEST_SKIP() << "no strace";
  AgentCluster cluster;
  ASSERT_TRUE(cluster.wait_whole("n1"));
  switch_over(cluster, "n1", "n2");
  const auto down = cluster.next_request();
  ASSERT_TRUE(cluster.act(down, Action::demote, "n2"));
  const auto demoted = cluster.decided("n2", down);
  ASSERT_EQ(demoted.state, ClaimState::executed) << say(demoted);
  const auto request = cluster.next_request();
  {
    char history[32];
    std::snprintf(history, sizeof history, "/pg_wal/%08X.history",
                  static_cast<unsigned>(demoted.timeline + 1));
    // What is synced after the unlink is PGDATA, what is synced after the rename the history.
    const StartupKiller killer(
        cluster, "n3", cluster.data("n3") + (window == Window::before_history ? "" : history));
    if (!killer.attached()) GTEST_SKIP() << "strace may not attach";
    if (with_agent) cluster.arm("pgagent.promote.asked");
    (void)cluster.act(request, Action::promote, "n3");
    if (with_agent) {
      ASSERT_TRUE(cluster.wait_agent_dead("n3"));
      ASSERT_TRUE(
          within_a_minute([&] { return !has_file(cluster.data("n3") + "/postmaster.pid"); }));
      EXPECT_FALSE(has_file(cluster.data("n3") + "/standby.signal"));
    }
  }
  if (with_agent) cluster.tool("agent-start", "n3");
  const auto claim = cluster.decided("n3", request);
  EXPECT_EQ(claim.code, "VOIDED") << say(claim);
  EXPECT_NE(claim.text.find("standby.signal was restored"), std::string::npos) << say(claim);
  EXPECT_EQ(claim.text.find("was put aside") != std::string::npos, window == Window::after_history)
      << say(claim);
  EXPECT_TRUE(has_file(cluster.data("n3") + "/standby.signal"));
  ASSERT_TRUE(within_a_minute([&] { return cluster.is_standby("n3"); }));
  // It follows the next primary, and can become one itself.
  const auto up = cluster.next_request();
  const auto promoted = cluster.act(up, Action::promote, "n2");
  ASSERT_TRUE(promoted && promoted->state == ClaimState::executed) << say(promoted);
  ASSERT_TRUE(cluster.wait_whole("n2"));
  switch_over(cluster, "n2", "n3");
}

TEST(PostgresqlAgentTrap, NoHistoryYet) { fall_into_the_trap(Window::before_history, false); }
TEST(PostgresqlAgentTrap, NoHistoryYetAndTheAgentDiesToo) {
  fall_into_the_trap(Window::before_history, true);
}
TEST(PostgresqlAgentTrap, AHistoryOfATimelineThatNeverBegan) {
  fall_into_the_trap(Window::after_history, true);
}

}  // namespace
}  // namespace aeromq::postgresql
