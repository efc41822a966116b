// The register's file: what survives, what can't be changed, what reading never does.
#include "kernel/store.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

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

TEST(Store, KeepsTheRegisterAndForgetsReports) {
  const test::ScratchFolder folder;
  auto state = three_nodes();
  auto store = Store::create(folder / "r", state);
  ASSERT_TRUE(store);
  all_report(state, kStart);
  apply(state, Action::demote, "a");
  store->begin();
  store->write_register(state);
  store->commit();
  const auto loaded = Store::open(folder / "r", Store::Mode::read_only)->load();
  EXPECT_EQ(loaded.fencing_epoch, 2U);
  EXPECT_EQ(loaded.holder, "");
  EXPECT_EQ(loaded.last_primary, "a");
  EXPECT_EQ(loaded.demoted_epoch, 2U);
  EXPECT_EQ(loaded.acknowledged, 500U);
  EXPECT_EQ(loaded.history, state.history);
  EXPECT_FALSE(loaded.nodes.at("a").heard);
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

TEST(Store, OutcomeHole12_ARestoredRegisterHasAnotherHistory) {
  InProcessKernel kernel;
  kernel.fresh();
  auto one = kernel.open(1);
  const auto id = id_of(one->opened(), kStart / 1000 + 9, 1);
  const auto path = kernel.path();
  {
    auto store = Store::open(path, Store::Mode::read_write);
    store->renew_history(HistoryId{{9, 9, 9, 9}}, 12);
  }
  kernel.restart();
  auto two = kernel.open(1);
  EXPECT_EQ(two->call(outcome_call(id))->outcome.front().verdict, Verdict::unknown);
  EXPECT_EQ(two->call({})->snapshot.fencing_epoch, 12U);
}

}  // namespace
}  // namespace aeromq::kernel
