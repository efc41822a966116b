// Terms and grants in the register file: they only grow, one is open, none ever changes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/embedded.h"
#include "kernel/postgresql/service/grants.h"
#include "kernel/sqlite.h"
#include "tests/kernel/fixtures.h"
#include "tests/support/scratch_folder.h"

namespace aeromq::postgresql {
namespace {

using kernel::Database;
using kernel::Store;
using testing::HasSubstr;

const Opened kOpened{HistoryId{{1, 2, 3, 4}}, 1, 5, 0, 0, "demo"};

class PostgresqlServiceGrants : public testing::Test {
 protected:
  void SetUp() override {
    auto made = Store::create(path_, kernel::three_nodes(), kPostgresqlRegister);
    ASSERT_TRUE(made) << made.error().message;
    store_.emplace(std::move(*made));
  }
  Act act(std::uint32_t counter) const {
    return kernel::act_of(kernel::id_of(kOpened, 5000, counter), Action::demote, "a", 3);
  }
  void grant(const Act& act) {
    RegisterTerms terms(store_->database());
    store_->begin();
    Grants(store_->database()).write({act, terms.next_term(), GrantState::open, 1, 2, "j1"});
    store_->commit();
  }
  void settle(const Act& act) {
    kernel::LedgerRow row;
    row.request = act.request;
    row.not_executed = true;
    row.answer = kernel::refused("NEVER_CLAIMED", "");
    store_->begin();
    store_->write_row(row);
    Grants(store_->database()).settle(act.request);
    store_->commit();
  }
  std::string refused(const char* sql) {
    auto database = Database::open(path_, false);
    const auto ran = database->try_run(sql);
    return ran ? "" : ran.error().message;
  }
  test::ScratchFolder folder_;
  std::string path_ = folder_ / "register";
  std::optional<Store> store_;
};

TEST_F(PostgresqlServiceGrants, AGrantIsReadBackAsItWasWritten) {
  EXPECT_FALSE(Grants(store_->database()).open());
  grant(act(1));
  const auto open = Grants(store_->database()).open();
  ASSERT_TRUE(open);
  EXPECT_EQ(*open, (Grant{act(1), 1, GrantState::open, 1, 2, "j1"}));
  settle(act(1));
  EXPECT_FALSE(Grants(store_->database()).open());
  const auto settled = Grants(store_->database()).find(act(1).request);
  ASSERT_TRUE(settled);
  EXPECT_EQ(settled->state, GrantState::settled);
  const auto row = store_->find_row(act(1).request);
  ASSERT_TRUE(row);
  EXPECT_TRUE(row->not_executed);
  EXPECT_FALSE(row->executed);
}

TEST_F(PostgresqlServiceGrants, TermsOnlyGrowAlsoOverAReopening) {
  RegisterTerms terms(store_->database());
  EXPECT_EQ(terms.next_term(), 1U);
  EXPECT_EQ(terms.next_term(), 2U);
  terms.heard_of(9);
  terms.heard_of(4);
  // A damaged journal's number does not use the terms up.
  terms.heard_of(std::uint64_t{1} << 62);
  terms.heard_of(~std::uint64_t{0});
  EXPECT_EQ(terms.last(), 9U);
  store_.reset();
  auto again = Store::open(path_, Store::Mode::read_write, kPostgresqlRegister);
  ASSERT_TRUE(again);
  EXPECT_EQ(RegisterTerms(again->database()).next_term(), 10U);
  EXPECT_THAT(refused("UPDATE term SET term = 10"), HasSubstr("a term only grows"));
  EXPECT_THAT(refused("DELETE FROM term"), HasSubstr("never deleted"));
}

TEST_F(PostgresqlServiceGrants, NobodyChangesAGrantOrOpensASecond) {
  grant(act(1));
  EXPECT_THAT(refused("UPDATE grants SET state = 1"), HasSubstr("with its ledger row"));
  EXPECT_THAT(refused("UPDATE grants SET state = 1, term = 5"), HasSubstr("a grant is settled"));
  EXPECT_THAT(refused("DELETE FROM grants"), HasSubstr("never deleted"));
  EXPECT_THAT(refused("INSERT INTO grants SELECT zeroblob(20), term + 1, node, act, 0, 1, 1, '' "
                      "FROM grants"),
              HasSubstr("UNIQUE"));
  settle(act(1));
  EXPECT_THAT(refused("UPDATE grants SET state = 0"), HasSubstr("never changes"));
  EXPECT_THAT(refused("UPDATE grants SET node = 'b'"), HasSubstr("never changes"));
  EXPECT_THAT(
      refused("INSERT INTO grants SELECT zeroblob(20), 1, node, act, 0, 1, 1, '' FROM grants"),
      HasSubstr("newer term"));
  grant(act(2));
  EXPECT_EQ(Grants(store_->database()).open()->term, 2U);
}

TEST_F(PostgresqlServiceGrants, OneThatIsSetAsideMakesRoomAndIsSettledOnce) {
  grant(act(1));
  Grants grants(store_->database());
  grants.set_aside(act(1).request);
  EXPECT_FALSE(grants.open());
  grant(act(2));
  const auto unsettled = grants.unsettled();
  ASSERT_EQ(unsettled.size(), 2U);
  EXPECT_EQ(unsettled[0].state, GrantState::aside);
  EXPECT_EQ(unsettled[1].state, GrantState::open);
  EXPECT_THAT(refused("UPDATE grants SET state = 0 WHERE state = 2"), HasSubstr("never changes"));
  EXPECT_THAT(refused("UPDATE grants SET state = 1 WHERE state = 2"), HasSubstr("ledger row"));
  settle(act(1));
  EXPECT_EQ(grants.unsettled().size(), 1U);
}

TEST_F(PostgresqlServiceGrants, ATermThatThisRegisterNeverGaveIsRememberedUntilANewHistory) {
  RegisterTerms terms(store_->database());
  grant(act(1));
  terms.heard_of(1);
  EXPECT_EQ(terms.promised_beyond(), 0U);
  terms.heard_of(5);
  EXPECT_EQ(terms.promised_beyond(), 5U);
  EXPECT_EQ(terms.next_term(), 6U);
  store_->renew_history(HistoryId{{9}}, 0);
  EXPECT_EQ(terms.promised_beyond(), 0U);
  EXPECT_EQ(terms.last(), 6U);
}

TEST_F(PostgresqlServiceGrants, AJournalKeepsItsNameUntilAPersonForgetsIt) {
  Journals journals(store_->database());
  EXPECT_EQ(journals.of("a"), "");
  journals.learn("a", "j1", 5);
  journals.learn("b", "j2", 5);
  EXPECT_EQ(journals.of("a"), "j1");
  journals.forget("a", 0, "the disk is gone", 6);
  EXPECT_EQ(journals.of("a"), "");
  EXPECT_EQ(journals.of("b"), "j2");
  EXPECT_THAT(refused("UPDATE journals SET journal = 'j3'"), HasSubstr("never changes"));
  EXPECT_THAT(refused("DELETE FROM journals"), HasSubstr("never deleted"));
}

TEST_F(PostgresqlServiceGrants, NoKindOfKernelOpensTheOthersFile) {
  store_.reset();
  const auto wrong = Store::open(path_, Store::Mode::read_write);
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message, HasSubstr("aeromq-register-postgresql-2"));
  const auto other = folder_ / "embedded";
  ASSERT_TRUE(Store::create(other, kernel::three_nodes()));
  EXPECT_FALSE(Store::open(other, Store::Mode::read_only, kPostgresqlRegister));
}

TEST_F(PostgresqlServiceGrants, TheSecondVersionHasAlarmsAndChangesOfMembersThatStay) {
  EXPECT_EQ(refused("INSERT INTO alarms VALUES(1, 'LOST', 'rows', x'00', 5)"), "");
  EXPECT_THAT(refused("DELETE FROM alarms"), HasSubstr("never deleted"));
  EXPECT_EQ(refused("INSERT INTO member_changes VALUES(1, 'n4', 'added', 0, 'why', 5)"), "");
  EXPECT_THAT(refused("UPDATE member_changes SET uid = 1"), HasSubstr("never changes"));
  EXPECT_EQ(refused("UPDATE meta SET value = 7 WHERE key = 'shutdown_end'"), "");
}

TEST_F(PostgresqlServiceGrants, ADeadKernelsFileNamesTheAgentThatKnows) {
  store_->write_epoch(1, 5);
  grant(act(1));
  const auto open = postgresql::outcome_of_dead(*store_, act(1).request, kernel::at_ms(1));
  EXPECT_EQ(open.verdict, Verdict::not_yet_decided);
  EXPECT_THAT(open.why, HasSubstr("aeromq-pg-agent outcome " + act(1).request.text()));
  EXPECT_EQ(postgresql::outcome_of_dead(*store_, act(2).request, kernel::at_ms(1)).verdict,
            Verdict::not_executed);
  settle(act(1));
  const auto done = postgresql::outcome_of_dead(*store_, act(1).request, kernel::at_ms(1));
  EXPECT_EQ(done.verdict, Verdict::not_executed);
  EXPECT_TRUE(done.final_);
}

}  // namespace
}  // namespace aeromq::postgresql
