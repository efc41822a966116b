// The agent's hand with a scripted look and a scripted pg_ctl: what it judged by is too old when it
// would touch the server.
#include <gtest/gtest.h>

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
  AgentClaim run(Action action, std::uint64_t age_ms) {
    auto journal = Journal::open(settings_.journal, "n1", Journal::Mode::read_write);
    const Instance instance(settings_);
    AgentAct act;
    act.act.request.session.dispatcher = 1;
    act.act.request.counter = 1;
    act.act.request.kernel_action = true;
    act.act.action = action;
    act.act.node = "n1";
    act.term = 1;
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
