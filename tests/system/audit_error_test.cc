// Exactly the sync of the outcome's record fails: the kernel has acted, and the log cannot say so
// (hole 14). Needs the right to trace a process; without it the suite is skipped and says so.
#include <signal.h>

#include <fstream>

#include "chaos/disk/tracer.h"
#include "tests/system/system_test.h"

namespace aeromq::system_tests {
namespace {

using ::testing::HasSubstr;

class AuditError : public SystemTest {
 protected:
  void SetUp() override {
    if (!chaos::disk::Tracer::permitted(stack().dir()))
      GTEST_SKIP() << "SKIPPED: no right to trace a process";
    SystemTest::SetUp();
  }
  void TearDown() override {
    if (stack().pid_of("aeromq-audit-writer") > 0) return;
    // Cured by a person.
    stack().stop();
    ASSERT_NO_THROW(stack().start());
  }

  /// Confirms `asked`; the first sync after the writer has heard the kernel's answer fails.
  static Ended answer_unrecorded(Asked& asked) {
    const auto writer = stack().pid_of("aeromq-audit-writer");
    std::ofstream(stack().dir() / "kill.new") << "audit-writer.acted.received 1 stop\n";
    std::filesystem::rename(stack().dir() / "kill.new", stack().dir() / "kill");
    asked.child->write(asked.yes_line());
    EXPECT_TRUE(poll_until(kSoonMs, [] { return !stack().armed(); })) << "nobody acted";
    EXPECT_TRUE(chaos::disk::wait_stopped(writer, kSoonMs));
    const chaos::disk::Tracer tracer(writer, "fdatasync", "error=EIO:when=1", stack().dir() / "strace");
    if (writer > 1) ::kill(writer, SIGCONT);
    auto ended = asked.child->wait(kSoonMs);
    EXPECT_EQ(tracer.fired(), 1U) << "the fault did not happen";
    EXPECT_TRUE(stack().says("(pid " + std::to_string(writer) +
                                 ") ended: exit code 70: it could not write the audit log",
                             kSoonMs));
    EXPECT_EQ(stack().pid_of("aeromq-audit-writer"), -1)
        << "a poisoned writer is not started again";
    return ended;
  }
};

TEST_F(AuditError, OutcomeHole14_ExecutedAndNotRecordedIsToldAsExecuted) {
  auto asked = ask("operator", legal());
  ASSERT_NE(asked.request, "");
  const auto ended = answer_unrecorded(asked);
  const auto error = last_object(ended.err)["error"].is_object() ? last_object(ended.err)["error"]
                                                                 : last_object(ended.err);
  EXPECT_EQ(error["code"], "AUDIT_UNAVAILABLE") << ended.err;
  EXPECT_EQ(error["outcome"], "executed") << ended.err;
  EXPECT_EQ(ended.exit_code, 30) << "whoever reads only the code must ask";
  EXPECT_TRUE(executed(asked.request));
  EXPECT_EQ(stack().kernel({"outcome", asked.request}).exit_code, 0)
      << "the ledger is read without a control plane that could record the question";
  stack().stop();
  ASSERT_NO_THROW(stack().start());
  ASSERT_TRUE(stack().settle());
  EXPECT_EQ(ctl("operator", {"outcome", asked.request}).exit_code, 0);
  const auto verified = stack().read_log({"verify"});
  EXPECT_THAT(verified.exit_code, ::testing::AnyOf(0, 43)) << verified.out;
  EXPECT_THAT(verified.out, HasSubstr("(unclean)")) << "the log must say how that run ended";
}

TEST_F(AuditError, OutcomeHole14_RejectedAndNotRecordedIsToldInTheKernelsWords) {
  auto asked = ask("operator", {"demote", holder() == "a" ? "b" : "a", "--reason", "a test"});
  ASSERT_NE(asked.request, "");
  const auto ended = answer_unrecorded(asked);
  const auto error = last_object(ended.err)["error"].is_object() ? last_object(ended.err)["error"]
                                                                 : last_object(ended.err);
  EXPECT_EQ(error["code"], "AUDIT_UNAVAILABLE") << ended.err;
  EXPECT_EQ(error["outcome"], "not executed") << ended.err;
  const auto words = chaos::ledger_text(stack().register_file(), asked.request, "text");
  EXPECT_NE(words, "");
  EXPECT_THAT(error.value("message", ""),
              HasSubstr("the kernel answered: rejected NOT_PRIMARY: " + words));
  EXPECT_EQ(stack().kernel({"outcome", asked.request}).exit_code, 20);
}

}  // namespace
}  // namespace aeromq::system_tests
