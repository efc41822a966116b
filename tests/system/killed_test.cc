// SIGKILL to each process between the explanation and the yes: what is told is true, and stays true
// (F4, F5.1, C3, F10).
#include <signal.h>

#include "tests/system/system_test.h"

namespace aeromq::system_tests {
namespace {

using ::testing::Contains;
using ::testing::Not;

class Killed : public SystemTest {
 protected:
  static pid_t kill_part(const std::string& process) {
    const auto pid = stack().pid_of(process);
    EXPECT_GT(pid, 0) << process;
    if (pid > 0) ::kill(pid, SIGKILL);
    EXPECT_TRUE(poll_until(kSoonMs, [&] { return !chaos::is_alive(pid); })) << process;
    return pid;
  }
  static bool comes_back(const std::string& process, pid_t old) {
    return poll_until(kSoonMs, [&] {
      const auto now = stack().pid_of(process);
      return now > 0 && now != old;
    });
  }

  /// What must hold right after; for ever is judged by EveryAnswerStaysTrue.
  static void judge(const std::string& where, const Asked& asked, const Ended& ended) {
    const bool done = executed(asked.request);
    const int code = ended.exit_code;
    EXPECT_THAT(code, ::testing::AnyOf(0, 10, 11, 12, 30, 31)) << where << ended.out << ended.err;
    if (code == 0) {
      EXPECT_TRUE(done) << where;
    } else if (code != 30 && code != 12) {
      EXPECT_FALSE(done) << where << ": told not executed, and it was";
    }
    ASSERT_TRUE(stack().settle()) << where << ": does not come back";
    const auto outcome = ctl("operator", {"outcome", asked.request}).exit_code;
    EXPECT_THAT(outcome, done ? ::testing::AnyOf(0, 0) : ::testing::AnyOf(10, 30)) << where;
    if (!done) {
      EXPECT_FALSE(executed(asked.request)) << where << ": executed later";
    }
    told_[asked.request] = code;
  }

  static inline std::map<std::string, int> told_;
};

// These hold the pending confirmation, its session or the epoch that its id names.
TEST_F(Killed, ThoseThatCarryThePendingVoidIt) {
  for (const std::string part : {"aeromq-confirmation-keeper", "aeromq-broker", "aeromq-dispatcher",
                                 "aeromq-kernel", "aeromq-audit-writer"}) {
    auto asked = ask("operator", legal());
    ASSERT_NE(asked.request, "") << part;
    const auto before = stack().ledger().executed.size();
    const auto old = kill_part(part);
    EXPECT_TRUE(comes_back(part, old)) << part;
    ASSERT_TRUE(stack().settle()) << part;
    const auto ended = asked.yes();  // its new incarnation must not know it
    EXPECT_THAT(ended.exit_code, ::testing::AnyOf(10, 11, 30, 31)) << part << ended.out;
    EXPECT_EQ(last_object(ended.out)["outcome"], ended.exit_code == 30 ? "unknown" : "not executed")
        << part << ended.out;
    EXPECT_EQ(stack().ledger().executed.size(), before) << part << " executed it";
    EXPECT_THAT(stages(asked.request), Not(Contains("dispatched"))) << part;
    judge(part, asked, ended);
  }
}

// The yes races with the loss: either way is right, as long as what is told is what happened.
TEST_F(Killed, EachAtTheMomentOfTheYes) {
  for (const std::string part :
       {"aeromq-broker", "aeromq-authority-gate", "aeromq-explainer", "aeromq-confirmation-keeper",
        "aeromq-audit-writer", "aeromq-dispatcher", "aeromq-audit-reader", "aeromq-kernel"}) {
    auto asked = ask("operator", legal());
    ASSERT_NE(asked.request, "") << part;
    const auto old = kill_part(part);
    const auto ended = asked.yes();
    EXPECT_TRUE(comes_back(part, old)) << part;
    judge(part, asked, ended);
  }
}

TEST_F(Killed, PartsBesideTheRoadMakeNoDifference) {
  for (const std::string part : {"aeromq-explainer", "aeromq-audit-reader"}) {
    auto asked = ask("operator", legal());
    ASSERT_NE(asked.request, "") << part;
    kill_part(part);
    const auto ended = asked.yes();
    EXPECT_EQ(ended.exit_code, 0) << part << ended.out;
    judge(part, asked, ended);
  }
}

TEST_F(Killed, ClientWhilePending) {
  const auto before = stack().ledger();
  auto asked = ask("operator", legal());
  ASSERT_NE(asked.request, "");
  asked.child->kill(SIGKILL);
  EXPECT_EQ(asked.child->wait(kSoonMs).exit_code, 137);
  EXPECT_TRUE(wait_stage(asked.request, "confirmation_ended"));
  EXPECT_NE(last_record(asked.request, "confirmation_ended")["failure"], "");
  EXPECT_THAT(stages(asked.request), Not(Contains("dispatched")));
  EXPECT_EQ(stack().ledger(), before);
  told_[asked.request] = 31;
}

TEST_F(Killed, ClientRightAfterTheYes) {
  auto asked = ask("operator", legal());
  ASSERT_NE(asked.request, "");
  asked.child->write(asked.yes_line());
  asked.child->kill(SIGKILL);
  EXPECT_EQ(asked.child->wait(kSoonMs).exit_code, 137);
  told_[asked.request] = 30;
}

// With every epoch ended each outcome is final, and no earlier word is wrong.
TEST_F(Killed, EveryAnswerStaysTrue) {
  ASSERT_TRUE(stack().end_all_epochs());
  const auto ledger = stack().ledger();
  for (const auto& [request, code] : told_) {
    const int expected = ledger.executed.contains(request) ? 0 : 10;
    EXPECT_EQ(final_outcome(request), expected) << request << " was told " << code;
    EXPECT_EQ(stack().kernel({"outcome", request}).exit_code, expected);
    if (code == 0 || code == 10 || code == 11 || code == 31) {
      EXPECT_EQ(expected == 0, code == 0) << request << " was told " << code;
    }
    if (expected == 0) {
      EXPECT_THAT(stages(request), Contains("dispatched"));
    }
  }
  const auto verified = stack().read_log({"verify"});
  EXPECT_THAT(verified.exit_code, ::testing::AnyOf(0, 43)) << verified.out;
}

TEST_F(Killed, OnlyOneControlPlaneInADirectory) {
  const auto second = chaos::run(
      {stack().bin() / "aeromq", "up", "--dir", stack().dir(), "--nodes", "a,b,c"}, kSoonMs);
  EXPECT_EQ(second.exit_code, 2) << second.out << second.err;
  EXPECT_NE(second.err, "");
  EXPECT_EQ(ctl("observer", {"inspect", "cluster"}).exit_code, 0) << "the first one serves on";
}

}  // namespace
}  // namespace aeromq::system_tests
