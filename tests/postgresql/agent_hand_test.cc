// The agent's hand with a scripted look and a scripted pg_ctl: what it judged by is too old when it
// would touch the server.
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/postgresql/agent/action.h"
#include "process/clock.h"
#include "process/kill_point.h"
#include "tests/support/scratch_folder.h"

namespace aeromq::postgresql {
namespace {

/// A standby on disk, or a primary; a pg_ctl that only notes that it was run.
class PostgresqlAgentHand : public testing::Test {
 protected:
  PostgresqlAgentHand() {
    process::register_kill_points(agent_kill_points());
    std::filesystem::create_directories(folder_ / "data/pg_wal");
    std::filesystem::create_directories(folder_ / "bin");
    const auto script =
        folder_.put("bin/pg_ctl", "#!/bin/sh\ntouch '" + folder_.path() + "/touched'\nexit 1\n");
    std::filesystem::permissions(script, std::filesystem::perms(0755));
    settings_.node = "n1";
    settings_.data = folder_ / "data";
    settings_.bin = folder_ / "bin";
    settings_.journal = folder_ / "journal.sqlite";
    settings_.promote_deadline_ms = 1;
  }
  bool touched() const { return std::filesystem::exists(folder_ / "touched"); }

  /// Claims and runs an act whose look began `age_ms` ago; the journal's word on it.
  AgentClaim run(Action action, std::uint64_t age_ms, const std::string& members = {}) {
    auto journal = Journal::open(settings_.journal, "n1", Journal::Mode::read_write);
    const Instance instance(settings_);
    AgentAct act;
    act.act.request.session.dispatcher = 1;
    act.act.request.counter = 1;
    act.act.request.kernel_action = true;
    act.act.action = action;
    act.act.node = "n1";
    act.term = 1;
    act.members = members;
    HistoryId history;
    history.octets[0] = 1;
    EXPECT_TRUE(journal->promise(history, 1));
    ClaimEntry claim;
    claim.request = act.act.request;
    claim.term = 1;
    claim.action = action;
    claim.node = "n1";
    EXPECT_EQ(journal->claim(claim), Journal::Claiming::claimed);
    Hand hand(settings_, instance, *journal,
              {[&] {
                 ClusterSample sample;
                 sample.began_ms = process::now().boot_ns / kNanosPerMs - age_ms;
                 return sample;
               },
               [](const ClusterSample&, const Intent&) { return std::vector<Check>{}; }});
    hand.run(act);
    return journal->word_on(act.act.request, 0);
  }

  test::ScratchFolder folder_;
  AgentSettings settings_;
};

/// A server that is down and a primary on disk, beside n2 as the test has it.
class PostgresqlAgentStart : public PostgresqlAgentHand {
 protected:
  PostgresqlAgentStart() {
    const auto script = folder_.put("bin/pg_controldata",
                                    "#!/bin/sh\n"
                                    "echo 'pg_control version number:            1300'\n"
                                    "echo 'Database system identifier:           7'\n"
                                    "echo 'Database cluster state:               shut down'\n"
                                    "echo 'Latest checkpoint location:           0/4000028'\n"
                                    "echo \"Latest checkpoint's TimeLineID:       3\"\n"
                                    "echo 'Minimum recovery ending location:     0/0'\n"
                                    "echo \"Min recovery ending loc's timeline:   0\"\n");
    std::filesystem::permissions(script, std::filesystem::perms(0755));
    settings_.cluster.nodes.resize(2);
    settings_.cluster.nodes[0].name = "n1";
    settings_.cluster.nodes[1].name = "n2";
    other_.node = "n2";
    other_.answered = true;
    other_.timeline = 3;
    other_.agent.emplace();
  }
  /// Why it does not start; empty: pg_ctl was asked to start it.
  std::string start() {
    auto journal = Journal::open(settings_.journal, "n1", Journal::Mode::read_write);
    const Instance instance(settings_);
    Hand* started = nullptr;
    Hand hand(settings_, instance, *journal,
              {[&] {
                 // Announced before it looks: of two that meet, one sees the other.
                 EXPECT_TRUE(started->is_starting());
                 ClusterSample sample;
                 sample.nodes = {other_};
                 return sample;
               },
               [](const ClusterSample&, const Intent&) { return std::vector<Check>{}; }});
    started = &hand;
    hand.start_if_safe();
    EXPECT_FALSE(hand.is_starting());
    return touched() ? "" : hand.holds();
  }
  NodeSample other_;
};

TEST_F(PostgresqlAgentStart, APrimaryStartsBesideAStandbyThatIsQuiet) { EXPECT_EQ(start(), ""); }

TEST_F(PostgresqlAgentStart, APrimaryDoesNotStartWhileAnotherAgentIsSilent) {
  other_.agent.reset();
  EXPECT_NE(start().find("the agent of n2 does not answer"), std::string::npos);
}

TEST_F(PostgresqlAgentStart, APrimaryDoesNotStartWhileAnotherIsBeingPromoted) {
  other_.agent->open_claim.resize(1);
  EXPECT_NE(start().find("a promotion may be under way on n2"), std::string::npos);
  other_.agent->open_claim.clear();
  other_.agent->promote_signal = true;
  EXPECT_NE(start().find("a promotion may be under way on n2"), std::string::npos);
}

TEST_F(PostgresqlAgentStart, APrimaryDoesNotStartBesideAnotherOrBehindANewerTimeline) {
  other_.timeline = 4;
  EXPECT_NE(start().find("n2 is on timeline 4"), std::string::npos);
  other_.in_recovery = false;
  EXPECT_NE(start().find("so is n2"), std::string::npos);
  other_.answered = false;
  EXPECT_NE(start().find("n2 does not answer"), std::string::npos);
}

// It would touch the server after its claim was given up.
TEST_F(PostgresqlAgentHand, APgCtlThatADeadAgentLeftIsEnded) {
  const auto program = folder_.put("bin/pg_ctl", "#!/bin/sh\nkill -STOP $$\n");
  const auto left = ::fork();
  if (left == 0) {
    ::execl(program.c_str(), program.c_str(), "promote", "-D", settings_.data.c_str(), nullptr);
    ::_exit(127);
  }
  for (int i = 0; i < 500 && find_pg_ctl(settings_.data).empty(); ++i) ::poll(nullptr, 0, 10);
  EXPECT_EQ(find_pg_ctl(settings_.data), std::vector<pid_t>{left});
  EXPECT_TRUE(find_pg_ctl(folder_ / "other").empty());
  EXPECT_TRUE(Instance(settings_).end_strays());
  int status = 0;
  ::kill(left, SIGKILL);  // should it have failed
  ::waitpid(left, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_TRUE(find_pg_ctl(settings_.data).empty());
}

TEST_F(PostgresqlAgentHand, AKernelWithOtherMembersIsRefusedBeforeAnythingIsTouched) {
  folder_.put("data/standby.signal", "");
  const auto claim = run(Action::promote, 0, "0123456789abcdef");
  EXPECT_EQ(claim.state, ClaimState::rejected);
  EXPECT_EQ(claim.code, "MEMBERS_DIFFER");
  EXPECT_EQ(claim.text, "the kernel has the member list 0123456789abcdef, the agent of n1 has " +
                            members_digest(settings_.cluster));
  EXPECT_FALSE(touched());
}

TEST_F(PostgresqlAgentHand, AKernelWithTheSameMembersComesAsFarAsTheLook) {
  folder_.put("data/standby.signal", "");
  const auto members = members_digest(settings_.cluster);
  EXPECT_EQ(run(Action::promote, kMostValidationAgeMs + 100, members).code, "VALIDATION_TOO_OLD");
}

TEST_F(PostgresqlAgentHand, APromotionIsNotJudgedByAnOldLook) {
  folder_.put("data/standby.signal", "");
  const auto claim = run(Action::promote, kMostValidationAgeMs + 100);
  EXPECT_EQ(claim.state, ClaimState::rejected);
  EXPECT_EQ(claim.code, "VALIDATION_TOO_OLD") << claim.text;
  EXPECT_FALSE(touched());
}

TEST_F(PostgresqlAgentHand, ADemotionIsNotJudgedByAnOldLook) {
  const auto claim = run(Action::demote, kMostValidationAgeMs + 100);
  EXPECT_EQ(claim.code, "VALIDATION_TOO_OLD") << claim.text;
  EXPECT_FALSE(touched());
}

TEST_F(PostgresqlAgentHand, AYoungerLookIsActedBy) {
  folder_.put("data/standby.signal", "");
  EXPECT_NE(run(Action::promote, kMostValidationAgeMs / 2).code, "VALIDATION_TOO_OLD");
  EXPECT_TRUE(touched());
}

}  // namespace
}  // namespace aeromq::postgresql
