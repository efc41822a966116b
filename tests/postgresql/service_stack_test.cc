// The kernel of a PostgreSQL cluster against real servers: what it says became of a request is what
// the servers are, whoever was killed in between, and it is said for ever.
#include "tests/postgresql/service_stack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "process/clock.h"

namespace aeromq::postgresql {
namespace {

std::uint32_t lease_s() {
  return static_cast<std::uint32_t>(process::now().boot_ns / kNanosPerMs / 1000 + 300);
}

/// Connects as a dispatcher and sends one act that fits the register as it is.
struct Sent {
  std::optional<kernel::EmbeddedLink> link;
  Act act;
};
Sent send(Stack& stack, Action action, const std::string& node, std::uint32_t counter = 1) {
  Sent sent;
  const auto seen = stack.look();
  auto link = stack.open();
  if (!seen || !link) {
    ADD_FAILURE() << "no kernel";
    return sent;
  }
  sent.link.emplace(std::move(*link));
  sent.act = kernel::act_of(kernel::id_of(sent.link->opened(), lease_s(), counter), action, node,
                            seen->fencing_epoch);
  EXPECT_TRUE(sent.link->send(kernel::act_call(sent.act)));
  return sent;
}

ActAnswer answer_of(Sent& sent) {
  ActAnswer got;
  EXPECT_TRUE(in_time([&] {
    const auto answer = sent.link->receive();
    if (answer) got = answer->act;
    return answer || !sent.link->alive();
  }));
  return got;
}
ActAnswer ask(Stack& stack, Action action, const std::string& node) {
  auto sent = send(stack, action, node);
  return answer_of(sent);
}
std::string text_of_answer(const ActAnswer& answer) {
  return std::string(text_of(answer.status)) + " " + answer.code + ": " + answer.text;
}

/// The same id once more, by a dispatcher with a newer epoch.
ActAnswer repeat(Stack& stack, const Act& act) {
  auto link = stack.open();
  if (!link) return {};
  const auto answer = link->ask(kernel::act_call(act), kLongMs);
  return answer ? answer->act : ActAnswer{};
}

/// That the last word on `act` is what the servers are.
void expect_true(Stack& stack, const Act& act, const OutcomeAnswer& told, const std::string& was) {
  const bool executed = told.verdict == Verdict::executed;
  const auto primary =
      act.action == Action::demote ? (executed ? "" : was) : (executed ? act.node : was);
  EXPECT_TRUE(stack.settled(primary)) << text_of(told.verdict) << ", so the primary is " << primary;
  const auto again = repeat(stack, act);
  if (told.verdict == Verdict::not_executed) {
    EXPECT_EQ(again.status, ActStatus::refused) << text_of_answer(again);
  } else {
    EXPECT_EQ(again.status, ActStatus::duplicate) << text_of_answer(again);
    EXPECT_EQ(again.first_executed, executed);
  }
  const auto last = stack.outcome(act.request);
  ASSERT_TRUE(last);
  EXPECT_EQ(last->verdict, told.verdict);
}

TEST(PostgresqlServiceStack, APlannedSwitchIsTwoActsAndARepeatIsNone) {
  Stack stack;
  ASSERT_TRUE(stack.settled("n1"));
  const auto rejected = ask(stack, Action::promote, "n2");
  EXPECT_EQ(rejected.status, ActStatus::rejected) << text_of_answer(rejected);
  EXPECT_EQ(rejected.code, "WRITABLE_PRIMARY_EXISTS");
  auto sent = send(stack, Action::demote, "n1");
  const auto demoted = answer_of(sent);
  ASSERT_EQ(demoted.status, ActStatus::executed) << text_of_answer(demoted);
  EXPECT_GT(stack.look()->acknowledged, 0U);
  const auto promoted = ask(stack, Action::promote, "n2");
  ASSERT_EQ(promoted.status, ActStatus::executed) << text_of_answer(promoted);
  EXPECT_TRUE(stack.settled("n2"));
  EXPECT_EQ(stack.look()->fencing_epoch, 3U);
  EXPECT_EQ(repeat(stack, sent.act).status, ActStatus::duplicate);
  stack.kill_kernel();
  EXPECT_EQ(stack.outcome_by_hand(sent.act.request), 0);
  stack.start_kernel();
  EXPECT_EQ(stack.outcome(sent.act.request)->verdict, Verdict::executed);
  EXPECT_TRUE(stack.settled("n2"));
  EXPECT_EQ(stack.look()->fencing_epoch, 3U);
}

TEST(PostgresqlServiceStack, AnActGoesOnWithoutItsDispatcherAndReadsGoOnBesideIt) {
  Stack stack;
  ASSERT_TRUE(stack.settled("n1"));
  auto sent = send(stack, Action::demote, "n1");
  // It is granted, and a reading is answered while the agent is at work.
  EXPECT_TRUE(in_time([&] {
    const auto seen = stack.look();
    const auto* node = seen ? &seen->nodes.front() : nullptr;
    return node != nullptr && (node->state.find("claimed") != std::string::npos ||
                               node->reported != NodeRole::primary);
  }));
  sent.link.reset();
  const auto told = stack.final_outcome(sent.act.request);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->verdict, Verdict::executed) << told->why;
  expect_true(stack, sent.act, *told, "n1");
}

TEST(PostgresqlServiceStack, APrimaryThatDiedIsReplacedByForce) {
  Stack stack;
  ASSERT_TRUE(stack.settled("n1"));
  ASSERT_EQ(stack.cluster({"agent-kill", "", "n1"}), 0);
  ASSERT_EQ(stack.cluster({"kill", "", "n1"}), 0);
  ASSERT_TRUE(in_time([&] {
    const auto seen = stack.look();
    return seen && seen->nodes.front().stale;
  }));
  const auto seen = stack.look();
  auto link = stack.open();
  ASSERT_TRUE(link);
  auto act = kernel::act_of(kernel::id_of(link->opened(), lease_s(), 1), Action::force_promote,
                            "n2", seen->fencing_epoch);
  const auto unacknowledged = link->ask(kernel::act_call(act), kLongMs);
  ASSERT_TRUE(unacknowledged);
  EXPECT_EQ(unacknowledged->act.code, "FACTS_CHANGED") << text_of_answer(unacknowledged->act);
  // The survivors may differ by what the dead one had still sent: the one that has more is taken.
  std::optional<ActAnswer> last;
  std::uint32_t counter = 1;
  for (const auto* node : {"n2", "n3"}) {
    act.request = kernel::id_of(link->opened(), lease_s(), ++counter);
    act.node = node;
    act.overrides = {"PRIMARY_NOT_PROVABLY_DOWN", "ACKNOWLEDGED_WRITES_UNPROVEN"};
    const auto answer = link->ask(kernel::act_call(act), kLongMs);
    ASSERT_TRUE(answer);
    last = answer->act;
    if (last->status == ActStatus::executed || last->code != "PREFIX_VIOLATION") break;
  }
  EXPECT_EQ(last->status, ActStatus::executed) << text_of_answer(*last);
  EXPECT_TRUE(in_time([&] { return stack.look()->holder == act.node; }));
}

TEST(PostgresqlServiceStack, WithoutAnAgentNothingIsSentAndTheRejectionIsFinal) {
  Stack stack;
  ASSERT_TRUE(stack.settled("n1"));
  ASSERT_EQ(stack.cluster({"agent-kill", "", "n1"}), 0);
  const auto rejected = ask(stack, Action::demote, "n1");
  EXPECT_EQ(rejected.status, ActStatus::rejected) << text_of_answer(rejected);
  EXPECT_TRUE(stack.settled("n1"));
}

// Who dies where. A point of the kernel or of the agent; both come back.
struct Death {
  const char* point;
  Action action;
};
std::string name_of(const testing::TestParamInfo<Death>& info) {
  std::string name = std::string(text_of(info.param.action)) + "_" + info.param.point;
  for (auto& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
}

/// What the file of the dead kernel said finally, as an exit code, is what is said now.
void expect_kept(int dead, Verdict now) {
  const std::map<int, Verdict> final_words{
      {0, Verdict::executed}, {10, Verdict::not_executed}, {20, Verdict::rejected}};
  const auto at = final_words.find(dead);
  if (at != final_words.end()) {
    EXPECT_EQ(now, at->second);
  }
}

class PostgresqlServiceDeath : public testing::TestWithParam<Death> {};

TEST_P(PostgresqlServiceDeath, TheOutcomeIsRightFinalAndNeverChanges) {
#ifndef AEROMQ_CHAOS
  GTEST_SKIP() << "no kill points in this build";
#endif
  const bool of_kernel = std::string_view(GetParam().point).starts_with("kernel.");
  Stack stack;
  ASSERT_TRUE(stack.settled("n1"));
  std::string was = "n1";
  std::string node = "n1";
  if (GetParam().action == Action::promote) {
    ASSERT_EQ(ask(stack, Action::demote, "n1").status, ActStatus::executed);
    was.clear();
    node = "n2";
  }
  stack.arm(GetParam().point);
  auto sent = send(stack, GetParam().action, node);
  if (of_kernel) {
    // Readings go on meanwhile: they are what sees a claim.
    ASSERT_TRUE(in_time([&] {
      (void)stack.look();
      return !stack.armed();
    })) << "never passed";
    ASSERT_TRUE(stack.kernel_died());
    // A dead kernel's file says nothing final that the next run could not keep.
    const int dead = stack.outcome_by_hand(sent.act.request);
    stack.start_kernel();
    const auto told = stack.final_outcome(sent.act.request);
    ASSERT_TRUE(told && told->final_) << (told ? told->why : "no answer");
    expect_kept(dead, told->verdict);
    expect_true(stack, sent.act, *told, was);
  } else {
    ASSERT_TRUE(in_time([&] { return !stack.armed(); })) << "never passed";
    ASSERT_EQ(stack.start_agent(node), 0);
    const auto told = stack.final_outcome(sent.act.request);
    ASSERT_TRUE(told && told->final_) << (told ? told->why : "no answer");
    expect_true(stack, sent.act, *told, was);
  }
}

INSTANTIATE_TEST_SUITE_P(, PostgresqlServiceDeath,
                         testing::Values(Death{"kernel.act.looked", Action::demote},
                                         Death{"kernel.act.granting", Action::demote},
                                         Death{"kernel.act.granted", Action::demote},
                                         Death{"kernel.act.granted", Action::promote},
                                         Death{"kernel.act.connecting", Action::demote},
                                         Death{"kernel.act.opened", Action::demote},
                                         Death{"kernel.act.opened", Action::promote},
                                         Death{"kernel.act.claimed", Action::demote},
                                         Death{"kernel.act.heard", Action::demote},
                                         Death{"kernel.act.heard", Action::promote},
                                         Death{"kernel.act.settling", Action::demote},
                                         Death{"kernel.act.committed", Action::promote},
                                         Death{"kernel.act.answered", Action::demote},
                                         Death{"pgagent.open.promised", Action::demote},
                                         Death{"pgagent.act.claimed", Action::promote},
                                         Death{"pgagent.act.result_written", Action::demote}),
                         name_of);

// Somebody's hand between the agent's look and its promotion: the old primary leads once more, so
// the new one switches beyond the record that was its proof.
TEST(PostgresqlServiceStack, AnAlarmStandsUntilAPersonHasClearedIt) {
  Stack stack;
  ASSERT_TRUE(stack.settled("n1"));
  const auto demoted = ask(stack, Action::demote, "n1");
  ASSERT_EQ(demoted.status, ActStatus::executed) << text_of_answer(demoted);
  stack.put_before_pg_ctl("n2", R"sh(
if [[ " $* " == *" promote "* ]]; then {
  data=$nodes/n1/data
  sql="$real/psql -X -h 127.0.0.1 -p $(sed -n 4p $data/postmaster.pid) -U postgres -d postgres -At"
  $real/pg_ctl stop -D $data -m fast -w
  rm $data/standby.signal
  $real/pg_ctl start -D $data -l $nodes/n1/postgresql.log -w
  $sql -c 'CREATE TABLE foreign_rows(x int)'
  for i in {1..400}; do
    [ "$($sql -c "SELECT count(*) FROM pg_stat_replication
                  WHERE application_name = 'n2' AND replay_lsn >= pg_current_wal_lsn()")" = 1 ] && break
    sleep 0.05
  done
  $real/pg_ctl stop -D $data -m fast -w
  touch $data/standby.signal
} >/dev/null 2>&1; fi)sh");
  const auto promoted = ask(stack, Action::promote, "n2");
  ASSERT_EQ(promoted.status, ActStatus::executed) << text_of_answer(promoted);
  EXPECT_THAT(promoted.text, testing::HasSubstr("ALARM SWITCHED_BEYOND_CHECKPOINT"));
  const auto shows_alarm = [&] {
    // Who only looks names no version, and is told no findings.
    auto link = stack.open(2);
    const auto seen = link ? link->ask({}, kLongMs) : fail(link.error());
    return seen && std::ranges::any_of(seen->snapshot.findings, [](const Finding& finding) {
             return finding.severity == Severity::alarm &&
                    finding.code == "SWITCHED_BEYOND_CHECKPOINT";
           });
  };
  EXPECT_TRUE(shows_alarm());
  ASSERT_EQ(stack.cluster({"start", "", "n1"}), 0);
  EXPECT_TRUE(stack.settled("n2"));
  EXPECT_EQ(ask(stack, Action::demote, "n2").code, "ALARM_STANDS");
  stack.kill_kernel();
  EXPECT_EQ(stack.by_hand({"clear-alarm", "2", "--reason", "another"}), 2);
  EXPECT_EQ(stack.by_hand({"clear-alarm", "1", "--reason", "the rows were fetched"}), 0);
  stack.start_kernel();
  EXPECT_FALSE(shows_alarm());
  EXPECT_TRUE(stack.settled("n2"));
  const auto on = ask(stack, Action::demote, "n2");
  EXPECT_EQ(on.status, ActStatus::executed) << text_of_answer(on);
}

}  // namespace
}  // namespace aeromq::postgresql
