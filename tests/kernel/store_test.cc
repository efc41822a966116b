// The register's SQLite file as others see it: what can't be changed, what reading never does.
#include "kernel/store.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "tests/kernel/in_process_kernel.h"

namespace aeromq::kernel {
namespace {

std::string octets_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Runs SQL from outside; the message of its failure, or "".
std::string outside(const std::string& path, const char* sql) {
  sqlite3* database = nullptr;
  sqlite3_open(path.c_str(), &database);
  char* message = nullptr;
  sqlite3_exec(database, sql, nullptr, nullptr, &message);
  const std::string said = message == nullptr ? "" : message;
  sqlite3_free(message);
  sqlite3_close(database);
  return said;
}

TEST(Store, RefusesWhatIsNoRegister) {
  const test::ScratchFolder folder;
  EXPECT_FALSE(Store::open(folder / "none", Store::Mode::read_write));
  folder.put("text", "this is no database, however long it may be ....................");
  EXPECT_FALSE(Store::open(folder / "text", Store::Mode::read_write));
  outside(folder / "other", "CREATE TABLE meta(key, value)");
  EXPECT_FALSE(Store::open(folder / "other", Store::Mode::read_write));
  EXPECT_FALSE(Store::create(folder / "text", three_nodes()));
}

// SQLite would play the old one's pages over the new one: another history, rows come back (E2).
TEST(Store, ANewOneNeverBeginsBesideTheRemainsOfAnother) {
  const test::ScratchFolder folder;
  const auto path = folder / "register";
  for (const auto* left : {"-wal", "-journal"}) {
    std::ofstream(path + left) << "pages of a register whose file is gone";
    const auto made = Store::create(path, three_nodes());
    ASSERT_FALSE(made) << left;
    EXPECT_EQ(made.error().code, "INVALID_INPUT");
    EXPECT_FALSE(Store::exists(path));
    EXPECT_TRUE(Store::exists(path + left));
    std::filesystem::remove(path + left);
  }
  EXPECT_TRUE(Store::create(path, three_nodes()));
}

TEST(Store, ACreationThatDiedAnywhereCanBeDoneAgain) {
  constexpr rlim_t kStep = 2048;
  const test::ScratchFolder folder;
  int died = 0;
  bool made = false;
  for (rlim_t limit = 0; !made; limit += kStep) {
    const auto path = folder / ("r" + std::to_string(limit));
    const pid_t child = ::fork();
    if (child == 0) {
      const rlimit ends{limit, limit};  // the write that passes it ends the process
      ::setrlimit(RLIMIT_FSIZE, &ends);
      const rlimit no_core{0, 0};
      ::setrlimit(RLIMIT_CORE, &no_core);
      ::_exit(Store::create(path, three_nodes()) ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    made = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (!made) ++died;
    if (!Store::exists(path)) {
      ASSERT_TRUE(Store::create(path, three_nodes())) << limit;
    }
    const auto store = Store::open(path, Store::Mode::read_write);
    ASSERT_TRUE(store) << limit << ": " << store.error().message;
    EXPECT_EQ(store->load().holder, "a");
  }
  EXPECT_GT(died, 5);
}

TEST(Store, OutcomeHole19_ALedgerRowNeitherGoesNorChanges) {
  InProcessKernel kernel;
  kernel.fresh();
  kernel.settle();
  auto one = kernel.open(1);
  one->call(act_call(act_of(id_of(one->opened(), kStart / 1000 + 9, 1), Action::demote, "a", 1)));
  EXPECT_EQ(outside(kernel.path(), "DELETE FROM ledger"), "a ledger row is never deleted");
  EXPECT_EQ(outside(kernel.path(), "UPDATE ledger SET executed = 0"), "a ledger row never changes");
  EXPECT_EQ(kernel.kernel().store().ledger_rows(), 1U);
}

TEST(Store, AnEpochOnlyGrows) {
  InProcessKernel kernel;
  kernel.fresh();
  kernel.open(1);
  EXPECT_EQ(outside(kernel.path(), "UPDATE dispatchers SET epoch = 1"), "an epoch only grows");
}

TEST(Store, OutcomeHole17_QuestionsLeaveEveryOctetAsItWas) {
  InProcessKernel kernel;
  kernel.fresh();
  kernel.settle();
  auto one = kernel.open(1);
  const auto id = id_of(one->opened(), kStart / 1000 + 9, 1);
  one->call(act_call(act_of(id, Action::demote, "a", 1)));
  const auto file = octets_of(kernel.path());
  const auto wal = octets_of(kernel.path() + "-wal");
  auto never = id;
  never.counter = 77;
  for (const auto kind : {CallKind::snapshot, CallKind::survey, CallKind::wal, CallKind::snapshots,
                          CallKind::diagnostics, CallKind::outcome}) {
    KernelCall call;
    call.kind = kind;
    call.command = "request_promotion";
    call.node = "b";
    call.about = never;
    ASSERT_TRUE(one->call(call));
  }
  EXPECT_EQ(octets_of(kernel.path()), file);
  EXPECT_EQ(octets_of(kernel.path() + "-wal"), wal);
}

}  // namespace
}  // namespace aeromq::kernel
