// The real agent beside servers in trouble: frozen, killed, not heard by their standbys, kept by
// somebody else. What it says then is what is so, and nothing that it gave up comes true later.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <future>

#include "tests/postgresql/agent_cluster.h"
#include "tests/support/child.h"

namespace aeromq::postgresql {
namespace {

using std::filesystem::exists;

std::string say(const AgentClaim& claim) {
  return std::string(text_of(claim.state)) + " " + claim.code + " " + claim.text;
}
std::string say(const Result<AgentClaim>& claim) {
  return claim ? say(*claim) : claim.error().message;
}
bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// An act that takes long, beside the test.
std::future<Result<AgentClaim>> begin(AgentCluster& cluster, const RequestId& request,
                                      Action action, const std::string& node) {
  return std::async(std::launch::async, [&cluster, request, action, node] {
    return cluster.act(request, action, node);
  });
}

/// Until the agent has the claim and says that it does `phase`.
bool wait_phase(const AgentCluster& cluster, const std::string& node, const std::string& phase) {
  return within_a_minute([&] {
    const auto status = cluster.status(node);
    return status && !status->open_claim.empty() && has(status->phase, phase);
  });
}

/// A session of somebody else, until it goes.
class Session {
 public:
  Session(const AgentCluster& cluster, const std::string& node, const std::string& name)
      : psql_({PG_BIN "/psql", "-XAtqw", "-d",
               "host=127.0.0.1 user=postgres dbname=postgres application_name='" + name +
                   "' port=" + cluster.sql(node, "SHOW port"),
               "-c", "SELECT pg_sleep(600)"}) {
    seen_ = within_a_minute([&] {
      return cluster.sql(node, "SELECT count(*) FROM pg_stat_activity WHERE application_name = '" +
                                   name + "'") == "1";
    });
  }
  bool seen() const { return seen_; }

 private:
  test::Child psql_;
  bool seen_ = false;
};

void expect_manager_refused(AgentCluster& cluster) {
  for (const auto* name : {"Patroni heartbeat", "repmgrd"}) {
    const Session session(cluster, "n2", name);
    ASSERT_TRUE(session.seen());
    const auto request = cluster.next_request();
    const auto refused = cluster.act(request, Action::demote, "n1");
    ASSERT_TRUE(refused) << say(refused);
    EXPECT_EQ(refused->code, "MANAGER_AT_WORK") << say(refused);
    EXPECT_TRUE(has(refused->text, std::string("a session of ") + name + " is on n2"));
    EXPECT_TRUE(cluster.is_primary("n1"));
    const auto repeat = cluster.act(request, Action::demote, "n1");
    ASSERT_TRUE(repeat) << say(repeat);
    EXPECT_TRUE(repeat->repeat);
    EXPECT_EQ(repeat->text, refused->text) << "the first answer stays, whatever is so by now";
  }
  cluster.sql("n2",
              "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE "
              "'%pg_sleep%' AND pid <> pg_backend_pid()");
}

/// A demotion of n1 that names who is to follow.
Result<AgentClaim> demote_for(AgentCluster& cluster, const std::string& successor) {
  auto to = cluster.link("n1");
  if (!to) return fail(to.error());
  if (auto opened = to->open(cluster.history(), cluster.next_term(), 5000); !opened)
    return fail(opened.error());
  auto act = cluster.act_of(cluster.next_request(), Action::demote, "n1");
  act.act.successor = successor;
  return to->act(act, 60'000);
}

// It is up and as far as the others, but the last word of the primary would not reach it.
void expect_successor_must_stream(AgentCluster& cluster) {
  const std::string receivers = "SELECT count(*) FROM pg_stat_wal_receiver";
  cluster.sql("n2", "ALTER SYSTEM SET primary_conninfo = 'host=127.0.0.1 port=1'");
  cluster.sql("n2", "SELECT pg_reload_conf()");
  ASSERT_TRUE(within_a_minute([&] { return cluster.sql("n2", receivers) == "0"; }));
  const auto refused = demote_for(cluster, "n2");
  ASSERT_TRUE(refused) << say(refused);
  EXPECT_EQ(refused->code, "SUCCESSOR_NOT_READY") << say(refused);
  EXPECT_TRUE(has(refused->text, "n2 could not be promoted: ")) << say(refused);
  EXPECT_TRUE(cluster.is_primary("n1"));
  cluster.sql("n2", "ALTER SYSTEM RESET primary_conninfo");
  cluster.sql("n2", "SELECT pg_reload_conf()");
  ASSERT_TRUE(cluster.wait_whole("n1"));
}

// What it had received, a server that was stopped speaks of no more; its disk does.
void expect_received_wal_is_read(const AgentCluster& cluster) {
  cluster.sql("n2", "SELECT pg_wal_replay_pause()");
  cluster.sql("n1", "CREATE TABLE received AS SELECT generate_series(1, 3000)");
  const auto end = cluster.sql("n1", "SELECT pg_current_wal_flush_lsn()");
  ASSERT_TRUE(within_a_minute([&] {
    return cluster.sql("n2", "SELECT pg_last_wal_receive_lsn() >= '" + end + "'") == "t";
  }));
  const auto least = std::stoull(cluster.sql("n1", "SELECT '" + end + "'::pg_lsn - '0/0'"));
  cluster.tool("stop", "n2");
  EXPECT_TRUE(within_a_minute([&] {
    const auto status = cluster.status("n2");
    return status && !status->running && status->wal_end >= least && status->wal_timeline == 1;
  })) << cluster.status("n2")->wal_end
      << " of " << least;
  EXPECT_LT(cluster.status("n2")->minimum_recovery_end, least);
  cluster.tool("start", "n2");
}

// An error in a settings file is found while the server runs, and in PostgreSQL's words.
void expect_new_start_is_tried(const AgentCluster& cluster) {
  const auto trial = [&] { return cluster.status("n1").value_or(AgentStatus{}).next_start; };
  EXPECT_TRUE(within_a_minute([&] { return trial().tried && trial().refused.empty(); }))
      << trial().refused;
  EXPECT_FALSE(trial().needs.empty());
  cluster.sql("n1", "ALTER SYSTEM SET hba_file = '/nowhere/pg_hba.conf'");
  EXPECT_TRUE(within_a_minute([&] { return has(trial().refused, "/nowhere/pg_hba.conf"); }));
  cluster.sql("n1", "ALTER SYSTEM RESET hba_file");
  std::ofstream(cluster.data("n1") + "/postgresql.conf", std::ios::app) << "work_mem = 64MiB\n";
  EXPECT_TRUE(within_a_minute(
      [&] { return has(trial().refused, "invalid value for parameter \"work_mem\""); }));
  std::ofstream(cluster.data("n1") + "/postgresql.conf") << "include '../postgresql.conf'\n";
  EXPECT_TRUE(within_a_minute([&] { return trial().tried && trial().refused.empty(); }));
}

/// Everything of these hosts ends at once, and nothing of it ran to an end.
void cut_the_power(const AgentCluster& cluster) {
  for (const auto& name : cluster.names) cluster.tool("agent-kill", name);
  for (const auto& name : cluster.names) cluster.tool("kill", name);
}

// The primary's host is up first and sees nobody: its server waits until it is known that there is
// no other primary. Standbys start at once.
void expect_comes_back(AgentCluster& cluster) {
  cut_the_power(cluster);
  cluster.tool("agent-start", "n1");
  ASSERT_TRUE(within_a_minute(
      [&] { return has(cluster.status("n1")->not_started, "n2 does not answer"); }));
  cluster.tool("agent-start", "n2");
  ASSERT_TRUE(within_a_minute([&] { return cluster.is_standby("n2"); }));
  EXPECT_EQ(cluster.status("n1")->pid, 0U) << "n3 is not seen yet";
  cluster.tool("agent-start", "n3");
  ASSERT_TRUE(cluster.wait_whole("n1"));
  EXPECT_EQ(cluster.status("n1")->not_started, "");
}

// The survivors may differ by what the dead one still sent: the one that has more is taken.
std::string force(AgentCluster& cluster, const std::vector<std::string>& acknowledged,
                  std::string& taken) {
  std::string said;
  for (const auto* node : {"n2", "n3"}) {
    auto to = cluster.link(node);
    if (!to || !to->open(cluster.history(), cluster.next_term(), 5000)) return "not opened";
    auto act = cluster.act_of(cluster.next_request(), Action::force_promote, node);
    act.act.overrides = acknowledged;
    const auto claim = to->act(act, 60'000);
    if (!claim) return claim.error().message;
    taken = node;
    said = claim->state == ClaimState::executed ? "executed" : claim->code + ": " + claim->text;
    if (claim->code != "PREFIX_VIOLATION") break;
  }
  return said;
}

void expect_forced(AgentCluster& cluster) {
  std::string taken;
  EXPECT_TRUE(has(force(cluster, {"ACKNOWLEDGED_WRITES_UNPROVEN"}, taken), "WRITABLE_PRIMARY"));
  // Its agent lives, and proves that the server is down: of that nothing is to be acknowledged.
  cluster.tool("kill", "n1");
  ASSERT_TRUE(within_a_minute(
      [&] { return cluster.sql("n2", "SELECT count(*) FROM pg_stat_wal_receiver") == "0"; }));
  const auto unaccepted = force(cluster, {}, taken);
  EXPECT_TRUE(has(unaccepted, "FACTS_CHANGED")) << unaccepted;
  EXPECT_TRUE(has(unaccepted, "ACKNOWLEDGED_WRITES_UNPROVEN")) << unaccepted;
  ASSERT_EQ(force(cluster, {"ACKNOWLEDGED_WRITES_UNPROVEN"}, taken), "executed");
  EXPECT_TRUE(cluster.is_primary(taken));
  // Its host comes back: there is another primary now, and a server on an old branch stays down.
  cluster.tool("agent-kill", "n1");
  cluster.tool("agent-start", "n1");
  ASSERT_TRUE(within_a_minute(
      [&] { return has(cluster.status("n1")->not_started, "and so is " + taken); }));
  EXPECT_EQ(cluster.status("n1")->pid, 0U);
  const auto shown = cluster.verb("n1", "status");
  EXPECT_TRUE(has(shown.out, "not started: it is a primary on disk")) << shown.out;
}

TEST(PostgresqlAgentTrouble, AManagerAPowerCutAndAPrimaryThatIsGone) {
  AgentCluster cluster;
  ASSERT_TRUE(cluster.wait_whole("n1"));
  ASSERT_NO_FATAL_FAILURE(expect_manager_refused(cluster));
  ASSERT_NO_FATAL_FAILURE(expect_successor_must_stream(cluster));
  ASSERT_NO_FATAL_FAILURE(expect_new_start_is_tried(cluster));
  ASSERT_NO_FATAL_FAILURE(expect_received_wal_is_read(cluster));
  ASSERT_TRUE(cluster.wait_whole("n1"));
  ASSERT_NO_FATAL_FAILURE(expect_comes_back(cluster));
  ASSERT_NO_FATAL_FAILURE(expect_forced(cluster));
}

// The standbys stand still: the last word of the primary reaches nobody, so it stays primary.
void expect_stays_primary_unheard(AgentCluster& cluster) {
  for (const auto* node : {"n2", "n3"}) cluster.freeze(cluster.backend(node, "walreceiver"));
  const auto request = cluster.next_request();
  auto acting = begin(cluster, request, Action::demote, "n1");
  ASSERT_TRUE(wait_phase(cluster, "n1", "waiting for a standby"));
  auto link = cluster.link("n2");
  ASSERT_TRUE(link);
  const auto elsewhere = link->ask(request, 5000);
  EXPECT_EQ(elsewhere->state, ClaimState::none) << "only its own agent knows it";
  EXPECT_FALSE(exists(cluster.data("n1") + "/standby.signal"));
  const auto claim = acting.get();
  cluster.thaw();
  ASSERT_TRUE(claim) << say(claim);
  EXPECT_EQ(claim->state, ClaimState::rejected);
  EXPECT_EQ(claim->code, "CHECKPOINT_NOT_RECEIVED") << say(claim);
  EXPECT_TRUE(has(claim->text, "n2 at ") && has(claim->text, "n3 at ")) << say(claim);
  EXPECT_FALSE(exists(cluster.data("n1") + "/standby.signal"));
  ASSERT_TRUE(cluster.wait_whole("n1"));
}

// One standby has its last word; but the one that is to follow has not.
void expect_waits_for_the_successor(AgentCluster& cluster) {
  cluster.freeze(cluster.backend("n2", "walreceiver"));
  const auto claim = demote_for(cluster, "n2");
  const bool other_has_it = cluster.is_standby("n3");
  cluster.thaw();
  EXPECT_TRUE(other_has_it);
  ASSERT_TRUE(claim) << say(claim);
  EXPECT_EQ(claim->code, "CHECKPOINT_NOT_RECEIVED") << say(claim);
  EXPECT_TRUE(has(claim->text, "n2 is not strictly past the shutdown checkpoint")) << say(claim);
  EXPECT_FALSE(exists(cluster.data("n1") + "/standby.signal"));
  ASSERT_TRUE(cluster.wait_whole("n1"));
}

// The postmaster stands still when it is to be stopped. Once it goes on it hears that it should
// end: until then nobody can say what becomes of the demotion, and it stays open.
void expect_open_until_heard(AgentCluster& cluster) {
  cluster.arm("pgagent.act.asked", "stop");
  const auto request = cluster.next_request();
  auto acting = begin(cluster, request, Action::demote, "n1");
  const bool passed = within_a_minute([&] { return !cluster.armed(); });
  cluster.freeze(cluster.postmaster("n1"));
  ::kill(cluster.agent("n1"), SIGCONT);
  ASSERT_TRUE(passed);
  ASSERT_TRUE(wait_phase(cluster, "n1", "settling"));
  const auto repeat = cluster.act(request, Action::demote, "n1");
  ASSERT_TRUE(repeat) << say(repeat);
  EXPECT_TRUE(repeat->repeat);
  EXPECT_EQ(repeat->state, ClaimState::open) << say(repeat);
  EXPECT_TRUE(has(cluster.verb("n1", "start --reason now").out, "SERVER_RUNS") ||
              has(cluster.verb("n1", "stop --reason now").out, "CLAIM_OPEN"));
  cluster.thaw();
  (void)acting.get();
  const auto claim = cluster.decided("n1", request);
  EXPECT_EQ(claim.code, "VOIDED") << say(claim);
  EXPECT_FALSE(exists(cluster.data("n1") + "/standby.signal"));
  ASSERT_TRUE(cluster.wait_whole("n1")) << "started again, as what it was";
}

// The promotion is asked for, and the process that should do it stands still. What is given up
// does not come true when that process could go on.
void expect_never_promoted_later(AgentCluster& cluster) {
  const auto down = cluster.next_request();
  ASSERT_TRUE(cluster.act(down, Action::demote, "n1"));
  ASSERT_EQ(cluster.decided("n1", down).state, ClaimState::executed);
  cluster.freeze(cluster.backend("n2", "startup"));
  const auto request = cluster.next_request();
  auto acting = begin(cluster, request, Action::promote, "n2");
  ASSERT_TRUE(wait_phase(cluster, "n2", "promoting"));
  (void)acting.get();
  const auto claim = cluster.decided("n2", request);
  cluster.thaw();
  EXPECT_EQ(claim.code, "VOIDED") << say(claim);
  ASSERT_TRUE(within_a_minute([&] { return cluster.is_standby("n2"); }));
  EXPECT_FALSE(exists(cluster.data("n2") + "/promote"));
  EXPECT_TRUE(exists(cluster.data("n2") + "/standby.signal"));
  // It can be promoted by a new request, and only by that: there is one new timeline.
  const auto up = cluster.next_request();
  const auto promoted = cluster.act(up, Action::promote, "n2");
  ASSERT_TRUE(promoted && promoted->state == ClaimState::executed) << say(promoted);
  EXPECT_EQ(promoted->timeline, 2U);
  ASSERT_TRUE(cluster.wait_whole("n2"));
}

TEST(PostgresqlAgentTrouble, ServersThatStandStill) {
#ifndef AEROMQ_CHAOS
  GTEST_SKIP() << "no kill points in this build";
#endif
  AgentCluster cluster({3000, 1000, 4000});
  ASSERT_TRUE(cluster.wait_whole("n1"));
  // A primary that stops waits so long for a standby that stands still.
  std::ofstream(cluster.directory() + "/n1/extra.conf") << "wal_sender_timeout = '1s'\n";
  cluster.sql("n1", "SELECT pg_reload_conf()");
  ASSERT_NO_FATAL_FAILURE(expect_stays_primary_unheard(cluster));
  ASSERT_NO_FATAL_FAILURE(expect_waits_for_the_successor(cluster));
  ASSERT_NO_FATAL_FAILURE(expect_open_until_heard(cluster));
  ASSERT_NO_FATAL_FAILURE(expect_never_promoted_later(cluster));
}

}  // namespace
}  // namespace aeromq::postgresql
