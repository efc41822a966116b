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
#include "tests/postgresql/fake_server.h"
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
    settings_.log = folder_ / "log";
    settings_.promote_deadline_ms = 1;
    settings_.receive_deadline_ms = 1;
    other_.node = "n2";
    other_.answered = true;
    other_.timeline = 3;
    other_.position = 0x4000100;
  }
  bool touched() const { return std::filesystem::exists(folder_ / "touched"); }
  /// A pg_ctl of the test's own.
  void script(const std::string& name, const std::string& text) {
    const auto path = folder_.put("bin/" + name, "#!/bin/sh\ncd '" + folder_.path() + "'\n" + text);
    std::filesystem::permissions(path, std::filesystem::perms(0755));
  }
  void control(const std::string& state) {
    script("pg_controldata",
           "echo 'pg_control version number:            1300'\n"
           "echo 'Database system identifier:           7'\n"
           "echo 'Database cluster state:               " +
               state +
               "'\n"
               "echo 'Latest checkpoint location:           0/4000028'\n"
               "echo \"Latest checkpoint's TimeLineID:       3\"\n"
               "echo 'Minimum recovery ending location:     0/0'\n"
               "echo \"Min recovery ending loc's timeline:   0\"\n"
               "echo 'WAL block size:                       8192'\n"
               "echo 'Bytes per WAL segment:                16777216'\n");
  }

  /// Claims for `server`, or for none, and runs an act whose look began `age_ms` ago; the journal's
  /// word on it.
  AgentClaim run(Action action, std::uint64_t age_ms, const test::FakeServer* server = nullptr,
                 const std::string& members = {}) {
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
    if (server != nullptr) {
      claim.postmaster = static_cast<std::uint64_t>(server->pid());
      claim.started_ms = server->started_ms();
    }
    EXPECT_EQ(journal->claim(claim), Journal::Claiming::claimed);
    Hand hand(settings_, instance, *journal,
              {[&] {
                 ClusterSample sample;
                 sample.began_ms = process::now().boot_ns / kNanosPerMs - age_ms;
                 sample.nodes = {other_};
                 return sample;
               },
               [](const ClusterSample&, const Intent&) { return std::vector<Check>{}; }});
    hand.run(act);
    return journal->word_on(act.act.request, 0);
  }

  /// n2, which has all of it.
  NodeSample other_;
  test::ScratchFolder folder_;
  AgentSettings settings_;
};

/// A server that is down and a primary on disk, beside n2 as the test has it.
class PostgresqlAgentStart : public PostgresqlAgentHand {
 protected:
  PostgresqlAgentStart() {
    control("shut down");
    settings_.cluster.nodes.resize(2);
    settings_.cluster.nodes[0].name = "n1";
    settings_.cluster.nodes[1].name = "n2";
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

/// A person orders the start.
class PostgresqlAgentOrder : public PostgresqlAgentStart {
 protected:
  Result<std::string> order(const std::string& accepted) {
    auto journal = Journal::open(settings_.journal, "n1", Journal::Mode::read_write);
    const Instance instance(settings_);
    Hand hand(settings_, instance, *journal,
              {[&] {
                 ClusterSample sample;
                 sample.nodes = {other_};
                 return sample;
               },
               [](const ClusterSample&, const Intent&) { return std::vector<Check>{}; }});
    auto done = hand.order_start(7, "OPS-1", accepted);
    sentence_ = hand.sentence();
    note_ = journal->last_note();
    return done;
  }
  std::string sentence_;
  NoteEntry note_;
};

TEST_F(PostgresqlAgentOrder, APersonsWordAloneStartsNoPrimaryBesideAnother) {
  other_.in_recovery = false;
  for (const auto* wrong : {"", "yes", "start n1 as a primary beside n3"}) {
    const auto refused = order(wrong);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "START_REFUSED") << refused.error().message;
    EXPECT_FALSE(touched());
    EXPECT_EQ(note_.what, "") << "nothing was begun";
  }
  EXPECT_EQ(sentence_, "start n1 as a primary beside n2");
  (void)order(sentence_);
  EXPECT_TRUE(touched());
  EXPECT_EQ(note_.what, "start");
  EXPECT_NE(note_.against.find("so is n2"), std::string::npos) << note_.against;
}

TEST_F(PostgresqlAgentOrder, AStandbyOrAPrimaryThatNobodySpeaksAgainstNeedsNoSentence) {
  (void)order("");
  EXPECT_TRUE(touched());
  EXPECT_EQ(note_.against, "");
  other_.in_recovery = false;
  std::filesystem::remove(folder_ / "touched");
  folder_.put("data/standby.signal", "");
  (void)order("");
  EXPECT_TRUE(touched());
}

TEST_F(PostgresqlAgentStart, AfterItsTimeItLooksOnAndStartsNothing) {
  settings_.start_deadline_ms = 0;
  auto journal = Journal::open(settings_.journal, "n1", Journal::Mode::read_write);
  const Instance instance(settings_);
  Hand hand(settings_, instance, *journal,
            {[&] {
               ClusterSample sample;
               sample.nodes = {other_};
               return sample;
             },
             [](const ClusterSample&, const Intent&) { return std::vector<Check>{}; }});
  other_.answered = false;
  hand.start_if_safe();
  EXPECT_FALSE(hand.may_try_again());
  EXPECT_TRUE(hand.looks_on());
  hand.look_on();
  EXPECT_NE(hand.holds().find("n2 does not answer"), std::string::npos) << hand.holds();
  EXPECT_EQ(hand.way_on(), "");
  other_.answered = true;
  hand.look_on();
  EXPECT_FALSE(touched());
  EXPECT_NE(hand.holds().find("nothing speaks against"), std::string::npos) << hand.holds();
  EXPECT_EQ(hand.way_on(), "aeromq-pg-agent start --reason TEXT");
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
  const auto claim = run(Action::promote, 0, nullptr, "0123456789abcdef");
  EXPECT_EQ(claim.state, ClaimState::rejected);
  EXPECT_EQ(claim.code, "MEMBERS_DIFFER");
  EXPECT_EQ(claim.text, "the kernel has the member list 0123456789abcdef, the agent of n1 has " +
                            members_digest(settings_.cluster));
  EXPECT_FALSE(touched());
}

TEST_F(PostgresqlAgentHand, AKernelWithTheSameMembersComesAsFarAsTheLook) {
  folder_.put("data/standby.signal", "");
  const auto members = members_digest(settings_.cluster);
  EXPECT_EQ(run(Action::promote, kMostValidationAgeMs + 100, nullptr, members).code,
            "VALIDATION_TOO_OLD");
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
  const test::FakeServer server(settings_.data);
  server.lock();
  folder_.put("data/standby.signal", "");
  EXPECT_NE(run(Action::promote, kMostValidationAgeMs / 2, &server).code, "VALIDATION_TOO_OLD");
  EXPECT_TRUE(touched());
}

TEST_F(PostgresqlAgentHand, WithoutAServerThereIsNothingToDo) {
  EXPECT_EQ(run(Action::demote, 0).code, "NOT_RUNNING");
  EXPECT_FALSE(touched());
}

// pg_ctl would send its signal to whoever has the number by now.
TEST_F(PostgresqlAgentHand, ANumberThatIsAnothersByNowIsSentNothing) {
  const test::FakeServer server(settings_.data);
  server.lock(3600);
  EXPECT_EQ(run(Action::demote, 0, &server).code, "NOT_RUNNING");
  const Instance instance(settings_);
  EXPECT_FALSE(instance.stop(Instance::Stop::fast).ok());
  EXPECT_FALSE(instance.promote().ok());
  EXPECT_FALSE(touched());
}

TEST_F(PostgresqlAgentHand, AnotherServerThanTheClaimedOneIsNotTouched) {
  const test::FakeServer before(settings_.data);
  const test::FakeServer now(settings_.data);
  now.lock();
  const auto claim = run(Action::demote, 0, &before);
  EXPECT_EQ(claim.code, "IDENTITY_MISMATCH") << claim.text;
  EXPECT_FALSE(touched());
}

/// A server that runs as a primary, and pg_ctl words that end it.
class PostgresqlAgentDemotion : public PostgresqlAgentHand {
 protected:
  PostgresqlAgentDemotion() {
    server_.lock();
    control("shut down");
    script("pg_waldump",
           "echo 'rmgr: XLOG len (rec/tot): 114/   114, tx: 0, lsn: 0/04000028, prev 0/0, "
           "desc: CHECKPOINT_SHUTDOWN redo 0/4000028'\n");
  }
  /// `stop`: what `stop -m fast` does.
  AgentClaim demote(const std::string& stop) {
    script(
        "pg_ctl",
        "end() { kill -9 $(head -1 data/postmaster.pid); rm data/postmaster.pid; }\n"
        "case \"$*\" in\n"
        "*fast*) " +
            stop +
            " ;;\n"
            "*immediate*) end ;;\n"
            "start*) echo 'LOG:  early' >> log; echo 'FATAL:  a wrong setting' >> log; exit 1 ;;\n"
            "esac\n");
    return run(Action::demote, 0, &server_);
  }
  test::FakeServer server_{settings_.data};
};

TEST_F(PostgresqlAgentDemotion, ItSaysThatTheServerIsDownAndWhy) {
  folder_.put("log", "FATAL:  an old story\n");
  const auto claim = demote("end");
  ASSERT_EQ(claim.state, ClaimState::executed) << claim.text;
  EXPECT_EQ(claim.shutdown_checkpoint, 0x4000028U);
  EXPECT_EQ(claim.shutdown_end, 0x40000A0U);
  EXPECT_NE(claim.text.find("the server is down: it did not start: LOG:  early | FATAL:  a wrong"),
            std::string::npos)
      << claim.text;
  EXPECT_TRUE(std::filesystem::exists(settings_.data + "/standby.signal"));
}

TEST_F(PostgresqlAgentDemotion, WhatEndedByItselfWasNotDemoted) {
  const auto claim = demote("end; exit 1");
  EXPECT_EQ(claim.state, ClaimState::rejected);
  EXPECT_EQ(claim.code, "NOT_RUNNING") << claim.text;
  EXPECT_FALSE(std::filesystem::exists(settings_.data + "/standby.signal"));
}

// It waits for an archiver that hangs, and a standby has everything.
TEST_F(PostgresqlAgentDemotion, AServerThatIsShutDownAndLingersIsEnded) {
  settings_.stop_deadline_ms = 6000;
  std::filesystem::create_directories(settings_.data + "/pg_wal/archive_status");
  folder_.put("data/pg_wal/archive_status/000000030000000000000004.ready", "");
  const auto claim = demote("true");
  ASSERT_EQ(claim.state, ClaimState::executed) << claim.text;
  EXPECT_NE(claim.text.find("had not ended 1000 ms later"), std::string::npos) << claim.text;
  EXPECT_NE(claim.text.find("1 segment waits"), std::string::npos) << claim.text;
}

TEST_F(PostgresqlAgentDemotion, AServerThatLingersIsLeftAloneWhileNobodyHasItsEnd) {
  settings_.stop_deadline_ms = 1200;
  other_.position = 0x4000028;
  const auto claim = demote("true");
  EXPECT_EQ(claim.state, ClaimState::rejected) << claim.text;
  EXPECT_FALSE(std::filesystem::exists(settings_.data + "/standby.signal"));
}

}  // namespace
}  // namespace aeromq::postgresql
