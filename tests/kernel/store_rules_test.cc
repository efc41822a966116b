// What every store keeps, whatever it is made of.
#include <gtest/gtest.h>

#include "process/log.h"
#include "tests/kernel/in_process_kernel.h"

namespace aeromq::kernel {
namespace {

LedgerRow row_of(std::uint32_t counter) {
  LedgerRow row;
  row.request = {{HistoryId{{1, 2, 3, 4}}, 1, 1, 99, 1}, counter, true};
  row.executed = true;
  row.action = Action::demote;
  row.node = "a";
  row.principal = "olga";
  row.answer.status = ActStatus::executed;
  row.answer.text = "done";
  return row;
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

TEST(Store, WhatWasNotCommittedIsGone) {
  const test::ScratchFolder folder;
  auto state = three_nodes();
  {
    auto store = Store::create(folder / "r", state);
    ASSERT_TRUE(store);
    store->begin();
    store->write_row(row_of(1));
    store->write_epoch(1, 4);
    store->write_snapshot_limit(77);
    state.acknowledged = 9;
    state.holder = "b";
    store->write_register(state);
    // Its own changes it sees already.
    EXPECT_TRUE(store->find_row(row_of(1).request));
    EXPECT_EQ(store->ledger_rows(), 1U);
    EXPECT_EQ(store->epoch_of(1), 4U);
    EXPECT_EQ(store->snapshot_limit(), 77U);
    EXPECT_EQ(store->load().holder, "b");
  }
  const auto store = Store::open(folder / "r", Store::Mode::read_write);
  EXPECT_FALSE(store->find_row(row_of(1).request));
  EXPECT_EQ(store->ledger_rows(), 0U);
  EXPECT_EQ(store->epoch_of(1), 0U);
  EXPECT_EQ(store->snapshot_limit(), 0U);
  EXPECT_EQ(store->load(), Store::open(folder / "r", Store::Mode::read_only)->load());
  EXPECT_EQ(store->load().holder, "a");
}

TEST(Store, AStatementAloneIsItsOwnTransaction) {
  const test::ScratchFolder folder;
  {
    auto store = Store::create(folder / "r", three_nodes());
    store->write_row(row_of(1));
    store->write_epoch(1, 4);
    store->write_acknowledged(8);
    store->write_fence({2, 3, 7, "gone", 5});
    store->add_nodes({"b", "d"});
  }
  const auto store = Store::open(folder / "r", Store::Mode::read_only);
  EXPECT_EQ(store->find_row(row_of(1).request), row_of(1));
  EXPECT_EQ(store->epoch_of(1), 4U);
  EXPECT_EQ(store->epoch_of(2), 3U);
  EXPECT_EQ(store->load().acknowledged, 8U);
  EXPECT_EQ(store->load().nodes.size(), 4U);
  EXPECT_EQ(store->fences(), (std::vector<FenceRow>{{2, 3, 7, "gone", 5}}));
}

TEST(Store, IsMadeOnceAndOpenedOnlyWhereItIs) {
  const test::ScratchFolder folder;
  EXPECT_FALSE(Store::exists(folder / "r"));
  EXPECT_FALSE(Store::open(folder / "r", Store::Mode::read_write));
  EXPECT_TRUE(Store::create(folder / "r", three_nodes()));
  EXPECT_TRUE(Store::exists(folder / "r"));
  EXPECT_FALSE(Store::create(folder / "r", three_nodes()));
}

TEST(StoreDeathTest, WhatTheRulesForbidEndsTheProcess) {
  process::start_log("store");
  const test::ScratchFolder folder;
  auto store = Store::create(folder / "r", three_nodes());
  store->write_row(row_of(1));
  store->write_epoch(1, 4);
  EXPECT_DEATH(store->write_row(row_of(1)), "UNIQUE");
  EXPECT_DEATH(store->write_epoch(1, 4), "an epoch only grows");
  EXPECT_DEATH(store->write_epoch(1, 3), "an epoch only grows");
  EXPECT_DEATH(store->commit(), "no transaction is active");
  store->begin();
  EXPECT_DEATH(store->begin(), "within a transaction");
  auto reader = Store::open(folder / "r", Store::Mode::read_only);
  EXPECT_DEATH(reader->write_acknowledged(3), "readonly");
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
