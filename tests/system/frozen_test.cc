// A process stopped with an act on its way: told unknown, and the outcome becomes final by itself
// and never changes (F4.3, F5.2, F7.2, D2).
#include <signal.h>

#include "tests/system/system_test.h"

namespace aeromq::system_tests {
namespace {

class Frozen : public SystemTest {
 protected:
  void TearDown() override {
    if (stopped_ > 0) ::kill(stopped_, SIGCONT);
  }

  /// Stops `process`, says yes and waits until the dispatch is on record.
  void say_yes_into(const std::string& process, Asked& asked) {
    asked = ask("operator", legal());
    ASSERT_NE(asked.request, "");
    stopped_ = stack().pid_of(process);
    ASSERT_GT(stopped_, 0);
    ASSERT_EQ(::kill(stopped_, SIGSTOP), 0);
    asked.child->write(asked.yes_line());
    ASSERT_TRUE(wait_stage(asked.request, "dispatched"));
  }

  static void expect_told_unknown(Asked& asked) {
    const auto ended = asked.child->wait(kSoonMs);
    EXPECT_EQ(ended.exit_code, 30) << ended.out << ended.err;
    auto told = last_object(ended.out);
    EXPECT_EQ(told["outcome"], "unknown");
    EXPECT_NE(told["error"]["ask"].get<std::string>().find("outcome " + asked.request),
              std::string::npos)
        << "H2: how to ask is told";
  }

  /// The first final outcome is the last: asked again, after a kernel restart too.
  static void expect_final(const Asked& asked) {
    const int code = final_outcome(asked.request);
    EXPECT_THAT(code, ::testing::AnyOf(0, 10));
    EXPECT_EQ(executed(asked.request), code == 0);
    for (int i = 0; i < 3; ++i)
      EXPECT_EQ(ctl("operator", {"outcome", asked.request}).exit_code, code);
    expect_consistent(asked.request, code);
    EXPECT_EQ(final_outcome(asked.request), code);
  }

  pid_t stopped_ = -1;
};

TEST_F(Frozen, DispatcherThenResumed) {
  Asked asked;
  ASSERT_NO_FATAL_FAILURE(say_yes_into("aeromq-dispatcher", asked));
  EXPECT_FALSE(executed(asked.request));
  const auto meanwhile = stack().kernel({"outcome", asked.request, "-o", "json"});
  EXPECT_EQ(meanwhile.exit_code, 30) << meanwhile.out;
  EXPECT_EQ(parsed(meanwhile.out)["outcome"], "not yet decided") << meanwhile.out;
  expect_told_unknown(asked);
  EXPECT_FALSE(executed(asked.request));
  ASSERT_EQ(::kill(stopped_, SIGCONT), 0);
  ASSERT_TRUE(stack().settle());
  expect_final(asked);
}

TEST_F(Frozen, DispatcherThenKilled) {
  Asked asked;
  ASSERT_NO_FATAL_FAILURE(say_yes_into("aeromq-dispatcher", asked));
  ASSERT_EQ(::kill(stopped_, SIGKILL), 0);
  expect_told_unknown(asked);
  ASSERT_TRUE(stack().settle());
  EXPECT_EQ(final_outcome(asked.request), 10) << "its epoch ended, so it never will";
  expect_final(asked);
}

TEST_F(Frozen, KernelKilledWithAnActInFlight) {
  Asked asked;
  ASSERT_NO_FATAL_FAILURE(say_yes_into("aeromq-kernel", asked));
  ASSERT_EQ(::kill(stopped_, SIGKILL), 0);
  expect_told_unknown(asked);
  ASSERT_TRUE(stack().settle());
  expect_final(asked);
}

TEST_F(Frozen, KernelResumed) {
  Asked asked;
  ASSERT_NO_FATAL_FAILURE(say_yes_into("aeromq-kernel", asked));
  ASSERT_EQ(::kill(stopped_, SIGCONT), 0);
  const auto ended = asked.child->wait(kSoonMs);
  EXPECT_THAT(ended.exit_code, ::testing::AnyOf(0, 30)) << ended.out;
  ASSERT_TRUE(stack().settle());
  if (ended.exit_code == 0) {
    EXPECT_TRUE(executed(asked.request));
  }
  expect_final(asked);
}

TEST_F(Frozen, AuditWriterBeforeTheYes) {
  auto asked = ask("operator", legal());
  ASSERT_NE(asked.request, "");
  const auto before = stack().ledger();
  stopped_ = stack().pid_of("aeromq-audit-writer");
  ASSERT_GT(stopped_, 0);
  ASSERT_EQ(::kill(stopped_, SIGSTOP), 0);
  const auto ended = asked.yes();
  EXPECT_NE(ended.exit_code, 0) << "no durable record, no execution";
  EXPECT_EQ(stack().ledger(), before);
  ASSERT_EQ(::kill(stopped_, SIGCONT), 0);
  ASSERT_TRUE(stack().settle());
  expect_consistent(asked.request, ended.exit_code);
}

}  // namespace
}  // namespace aeromq::system_tests
