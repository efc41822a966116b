// The real kernel killed: at every kill point of an act, at every write of its file, and asked
// then.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>

#include "process/clock.h"
#include "tests/kernel/fixtures.h"
#include "tests/kernel/kernel_process.h"

namespace aeromq::kernel {
namespace {

std::uint32_t lease_s() {
  return static_cast<std::uint32_t>(process::now().boot_ns / kNanosPerMs / 1000 + 300);
}

std::string octets_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Verdict ask_running(KernelProcess& kernel, const RequestId& id) {
  auto link = EmbeddedLink::look(kernel.socket());
  const auto answer = link ? link->ask(outcome_call(id)) : fail(link.error());
  return answer && answer->outcome.size() == 1 ? answer->outcome.front().verdict : Verdict::unknown;
}

Verdict ask_dead(const KernelProcess& kernel, const RequestId& id) {
  switch (kernel.verb({"outcome", id.text(), "--config", kernel.config()}).code) {
    case 0:
      return Verdict::executed;
    case 20:
      return Verdict::rejected;
    case 10:
      return Verdict::not_executed;
    default:
      return Verdict::unknown;
  }
}

struct Point {
  const char* name;
  Verdict verdict;
};

class KilledAt : public testing::TestWithParam<Point> {};

TEST_P(KilledAt, TheOutcomeIsRightAndNeverChanges) {
#ifndef AEROMQ_CHAOS
  GTEST_SKIP() << "no kill points in this build";
#endif
  KernelProcess kernel;
  kernel.start();
  kernel.settle_all();
  auto link = EmbeddedLink::open(kernel.socket(), 1);
  ASSERT_TRUE(link);
  const auto id = id_of(link->opened(), lease_s(), 1);
  kernel.arm(GetParam().name);
  (void)link->ask(act_call(act_of(id, Action::demote, "a", 1)));
  ASSERT_EQ(kernel.wait_for_end(), 128 + SIGKILL);
  const auto file = octets_of(kernel.register_file());
  const auto wal = octets_of(kernel.register_file() + "-wal");
  EXPECT_EQ(ask_dead(kernel, id), GetParam().verdict);
  // Looking at a dead kernel's file leaves it octet for octet as it was.
  EXPECT_EQ(octets_of(kernel.register_file()), file);
  EXPECT_EQ(octets_of(kernel.register_file() + "-wal"), wal);
  kernel.start();
  EXPECT_EQ(ask_running(kernel, id), GetParam().verdict);
  auto next = EmbeddedLink::open(kernel.socket(), 1);
  ASSERT_TRUE(next);
  kernel.settle_all();
  const auto repeat = next->ask(act_call(act_of(id, Action::demote, "a", 1)));
  ASSERT_TRUE(repeat);
  EXPECT_EQ(repeat->act.status,
            GetParam().verdict == Verdict::executed ? ActStatus::duplicate : ActStatus::refused);
  EXPECT_EQ(ask_running(kernel, id), GetParam().verdict);
  const auto seen = next->ask({});
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->snapshot.fencing_epoch, GetParam().verdict == Verdict::executed ? 2U : 1U);
}

INSTANTIATE_TEST_SUITE_P(Act, KilledAt,
                         testing::Values(Point{"kernel.call.received", Verdict::not_executed},
                                         Point{"kernel.act.received", Verdict::not_executed},
                                         Point{"kernel.act.begun", Verdict::not_executed},
                                         Point{"kernel.act.validated", Verdict::not_executed},
                                         Point{"kernel.act.written", Verdict::not_executed},
                                         Point{"kernel.act.committed", Verdict::executed},
                                         Point{"kernel.act.answered", Verdict::executed}),
                         [](const auto& given) {
                           std::string name = given.param.name;
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

TEST(KernelCrash, OpenPointsLoseNothingThatWasTold) {
#ifndef AEROMQ_CHAOS
  GTEST_SKIP() << "no kill points in this build";
#endif
  KernelProcess kernel;
  std::uint64_t last = 0;
  for (const auto* point :
       {"kernel.open.received", "kernel.open.committed", "kernel.open.answered"}) {
    kernel.start();
    kernel.arm(point);
    if (const auto link = EmbeddedLink::open(kernel.socket(), 1)) last = link->opened().epoch;
    ASSERT_EQ(kernel.wait_for_end(), 128 + SIGKILL) << point;
  }
  kernel.start();
  EXPECT_GT(EmbeddedLink::open(kernel.socket(), 1)->opened().epoch, last);
}

TEST(KernelCrash, ReadReportAndFencePointsLeaveTheRegisterWhole) {
#ifndef AEROMQ_CHAOS
  GTEST_SKIP() << "no kill points in this build";
#endif
  KernelProcess kernel;
  kernel.start();
  kernel.settle_all();
  const auto die_at = [&](const char* point, const std::function<void()>& provoke) {
    kernel.arm(point);
    provoke();
    ASSERT_EQ(kernel.wait_for_end(), 128 + SIGKILL) << point;
    kernel.start();
  };
  const auto fence = [&] {
    kernel.verb({"fence", "1", "--reason", "a test", "--config", kernel.config()});
  };
  die_at("kernel.call.answered", [&] { kernel.verb({"show", "--config", kernel.config()}); });
  die_at("kernel.report.received", [&] {
    kernel.verb({"role", "--node-file", kernel.node_file("a")});
  });
  die_at("kernel.fence.received", fence);
  EXPECT_EQ(EmbeddedLink::open(kernel.socket(), 1)->opened().epoch, 1U);
  die_at("kernel.fence.committed", fence);
  EXPECT_EQ(EmbeddedLink::open(kernel.socket(), 1)->opened().epoch, 3U);
  const auto seen = EmbeddedLink::look(kernel.socket())->ask({});
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->snapshot.holder, "a");
  EXPECT_EQ(seen->snapshot.acknowledged, 500U);
}

// Each write and sync that SQLite makes for one act: killed at the Nth, for every N until the act
// comes through. Whatever was told, and whatever the file then says, stays so.
TEST(KernelCrash, KilledAtEveryWriteOfTheFile) {
  constexpr int kMost = 40;
  int executed = 0;
  int not_executed = 0;
  for (int nth = 1; nth < kMost; ++nth) {
    KernelProcess kernel;
    kernel.start();
    kernel.settle_all();
    auto link = EmbeddedLink::open(kernel.socket(), 1);
    ASSERT_TRUE(link);
    const auto id = id_of(link->opened(), lease_s(), 1);
    if (!kernel.kill_at_write(nth)) GTEST_SKIP() << "no strace here";
    const auto told = link->ask(act_call(act_of(id, Action::demote, "a", 1)));
    if (told && kernel.running()) {
      EXPECT_EQ(told->act.status, ActStatus::executed);
      break;  // fewer than nth writes: all of them were visited
    }
    ASSERT_EQ(kernel.wait_for_end(), 128 + SIGKILL);
    const auto verdict = ask_dead(kernel, id);
    EXPECT_TRUE(verdict == Verdict::executed || verdict == Verdict::not_executed) << nth;
    EXPECT_TRUE(!told || verdict == Verdict::executed) << nth;
    ++(verdict == Verdict::executed ? executed : not_executed);
    kernel.start();
    EXPECT_EQ(ask_running(kernel, id), verdict) << nth;
    const auto seen = EmbeddedLink::look(kernel.socket())->ask({});
    ASSERT_TRUE(seen);
    EXPECT_EQ(seen->snapshot.holder, verdict == Verdict::executed ? "" : "a") << nth;
    ASSERT_LT(nth, kMost - 1) << "the act never came through";
  }
  EXPECT_GT(not_executed, 0);
}

TEST(KernelCrash, OutcomeHole14_TheLedgerIsReadWithoutAControlPlane) {
  KernelProcess kernel;
  kernel.start();
  kernel.settle_all();
  RequestId done;
  RequestId never;
  RequestId rejected;
  {
    auto link = EmbeddedLink::open(kernel.socket(), 1);
    done = id_of(link->opened(), lease_s(), 1);
    never = id_of(link->opened(), lease_s(), 2);
    rejected = id_of(link->opened(), lease_s(), 3);
    ASSERT_TRUE(link->ask(act_call(act_of(done, Action::demote, "a", 1))));
    ASSERT_TRUE(link->ask(act_call(act_of(rejected, Action::demote, "a", 2))));
  }
  const auto code = [&](const RequestId& id) {
    return kernel.verb({"outcome", id.text(), "--config", kernel.config(), "-o", "json"}).code;
  };
  EXPECT_EQ(code(done), 0);
  EXPECT_EQ(code(rejected), 20);
  EXPECT_EQ(code(never), 30);  // its epoch is current, its lease holds
  kernel.kill();
  EXPECT_EQ(code(done), 0);
  EXPECT_EQ(code(rejected), 20);
  EXPECT_EQ(code(never), 10);
}

// The row of a kernel that was killed before the sync is in the cache only. Whoever is told of it
// is told for ever, so it is synced first; where that fails, nothing is told.
TEST(KernelCrash, OfADeadKernelOnlyWhatIsDurableIsTold) {
  if (std::system("strace -qq -o /dev/null true") != 0) GTEST_SKIP() << "no strace here";
  KernelProcess kernel;
  kernel.start();
  kernel.settle_all();
  RequestId id;
  {
    auto link = EmbeddedLink::open(kernel.socket(), 1);
    ASSERT_TRUE(link);
    id = id_of(link->opened(), lease_s(), 1);
    ASSERT_TRUE(link->ask(act_call(act_of(id, Action::demote, "a", 1))));
  }
  kernel.kill();
  const auto told = [&](const std::string& nth) {
    const auto command =
        "strace -qq -o /dev/null -e trace=fsync -e inject=fsync:error=EIO:when=" + nth +
        " " KERNEL_BINARY " outcome " + id.text() + " --config " + kernel.config() +
        " >/dev/null 2>&1";
    return WEXITSTATUS(std::system(command.c_str()));
  };
  EXPECT_EQ(told("1"), 30);  // the write-ahead log
  EXPECT_EQ(told("2"), 30);  // the register
  EXPECT_EQ(told("3"), 30);  // their folder
  EXPECT_EQ(told("4"), 0);   // nothing more is synced
}

}  // namespace
}  // namespace aeromq::kernel
