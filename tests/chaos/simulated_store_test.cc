// What only the register in memory does: it tells what each transaction changed, and a simulated
// process may end at any kill point of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chaos/simulation/memory_store.h"
#include "tests/kernel/fixtures.h"

namespace aeromq::chaos {
namespace {

using kernel::Store;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class SimulatedStore : public testing::Test {
 protected:
  SimulatedStore() {
    before_ = std::exchange(Shelf::current, &shelf_);
    shelf_.on_commit = [this](const Committed& told) {
      std::vector<std::string> rows;
      for (const auto* row : told.rows) rows.push_back(row->principal);
      told_.push_back({told.transaction, told.before.holder, told.after.state.holder, rows,
                       told.epochs, told.fences.size()});
    };
  }
  ~SimulatedStore() override { Shelf::current = before_; }

  static kernel::LedgerRow row(std::uint32_t counter) {
    kernel::LedgerRow row;
    row.request.counter = counter;
    row.principal = "p" + std::to_string(counter);
    return row;
  }
  struct Told {
    std::uint64_t transaction;
    std::string before;
    std::string after;
    std::vector<std::string> rows;
    std::vector<std::pair<std::uint64_t, std::uint32_t>> epochs;
    std::size_t fences;
  };
  Shelf shelf_;
  Shelf* before_ = nullptr;
  std::vector<Told> told_;
};

TEST_F(SimulatedStore, TellsWhatEachTransactionChanged) {
  auto state = kernel::three_nodes();
  auto store = Store::create("/register", state);
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_EQ(told_[0].before, "");
  EXPECT_EQ(told_[0].after, "a");
  state.holder = "b";
  store->begin();
  store->write_register(state);
  store->write_row(row(7));
  EXPECT_EQ(told_.size(), 1U);
  store->commit();
  ASSERT_EQ(told_.size(), 2U);
  EXPECT_EQ(told_[1].transaction, 2U);
  EXPECT_EQ(told_[1].before, "a");
  EXPECT_EQ(told_[1].after, "b");
  EXPECT_THAT(told_[1].rows, ElementsAre("p7"));
  store->write_fence({3, 4, 0, "gone", 1});
  ASSERT_EQ(told_.size(), 3U);
  EXPECT_THAT(told_[2].epochs, ElementsAre(Pair(3U, 4U)));
  EXPECT_THAT(told_[2].rows, IsEmpty());
  EXPECT_EQ(told_[2].fences, 1U);
}

TEST_F(SimulatedStore, ATransactionThatChangesNothingIsNone) {
  auto store = Store::create("/register", kernel::three_nodes());
  store->begin();
  store->commit();
  store->add_nodes({"a", "b"});
  EXPECT_EQ(told_.size(), 1U);
}

TEST_F(SimulatedStore, AProcessThatEndsInATransactionLeavesTheFileAsItWas) {
  struct Ended {};
  { auto store = Store::create("/register", kernel::three_nodes()); }
  try {
    auto store = Store::open("/register", Store::Mode::read_write);
    store->begin();
    store->write_row(row(1));
    throw Ended{};
  } catch (const Ended&) {
  }
  auto store = Store::open("/register", Store::Mode::read_write);
  EXPECT_EQ(store->ledger_rows(), 0U);
  store->begin();  // and the file is free for the next
  store->write_row(row(1));
  store->commit();
  EXPECT_EQ(told_.size(), 2U);
}

TEST_F(SimulatedStore, WhoeverEndsTheProcessAfterTheCommitLeavesItStanding) {
  struct Ended {};
  auto store = Store::create("/register", kernel::three_nodes());
  shelf_.on_commit = [](const Committed&) { throw Ended{}; };
  EXPECT_THROW(store->write_epoch(1, 1), Ended);
  shelf_.on_commit = nullptr;
  EXPECT_EQ(Store::open("/register", Store::Mode::read_only)->epoch_of(1), 1U);
}

TEST_F(SimulatedStore, EveryHostHasAShelfOfItsOwn) {
  auto store = Store::create("/register", kernel::three_nodes());
  Shelf other;
  Shelf::current = &other;
  EXPECT_FALSE(Store::exists("/register"));
  Shelf::current = &shelf_;
  EXPECT_TRUE(Store::exists("/register"));
  shelf_.reset();
  EXPECT_FALSE(Store::exists("/register"));
  EXPECT_EQ(store->load().holder, "a");  // its process still has the file open
}

}  // namespace
}  // namespace aeromq::chaos
