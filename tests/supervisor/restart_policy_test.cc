// When a process is started again, and after how long.
#include "supervisor/restart_policy.h"

#include <gtest/gtest.h>
#include <signal.h>

namespace aeromq::supervisor {
namespace {

using enum AfterEnd;
using Mode = RestartPolicy::Mode;

constexpr Ending kExited1{Ending::Kind::exited, 1};
constexpr Ending kKilled{Ending::Kind::signalled, SIGKILL};
constexpr Ending kPoisoned{Ending::Kind::exited, 70};
constexpr Ending kFenced{Ending::Kind::exited, 71};

TEST(RestartPolicy, TheDelayDoublesUpToFiveSeconds) {
  RestartPolicy policy("broker", Mode::restart);
  for (const std::uint64_t delay : {100, 200, 400, 800, 1600, 3200, 5000, 5000})
    EXPECT_EQ(policy.on_end(kExited1, 0), (Verdict{restart, delay}));
}

TEST(RestartPolicy, TenSecondsAliveResetTheDelay) {
  RestartPolicy policy("broker", Mode::restart);
  policy.on_end(kKilled, 0);
  EXPECT_EQ(policy.on_end(kKilled, 9999), (Verdict{restart, 200}));
  EXPECT_EQ(policy.on_end(kKilled, 10000), (Verdict{restart, 100}));
}

TEST(RestartPolicy, APoisonedWriterStaysDead) {
  RestartPolicy writer("audit-writer", Mode::restart);
  EXPECT_EQ(writer.on_end(kPoisoned, 0).what, poisoned);
  EXPECT_EQ(writer.on_end(kFenced, 0).what, restart);
  EXPECT_EQ(writer.on_end({Ending::Kind::signalled, 70}, 0).what, restart);
}

TEST(RestartPolicy, AFencedDispatcherStaysDead) {
  RestartPolicy dispatcher("dispatcher", Mode::restart);
  EXPECT_EQ(dispatcher.on_end(kFenced, 0).what, fenced);
  EXPECT_EQ(dispatcher.on_end(kPoisoned, 0).what, restart);
}

TEST(RestartPolicy, WithoutRestartEverythingStaysDeadAndTheReasonIsKept) {
  EXPECT_EQ(RestartPolicy("broker", Mode::leave_dead).on_end(kKilled, 0).what, left_dead);
  EXPECT_EQ(RestartPolicy("audit-writer", Mode::leave_dead).on_end(kPoisoned, 0).what, poisoned);
}

TEST(Ending, IsToldInWords) {
  EXPECT_EQ(to_text(kPoisoned), "exit code 70");
  EXPECT_EQ(to_text(kKilled), "killed by SIGKILL");
}

}  // namespace
}  // namespace aeromq::supervisor
