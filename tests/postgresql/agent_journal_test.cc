// The journal: what is in it stays, ids are claimed once, terms only grow, a question is answered
// from one moment.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <thread>

#include "kernel/postgresql/agent/journal.h"
#include "tests/support/scratch_folder.h"

namespace aeromq::postgresql {
namespace {

HistoryId history(std::uint8_t first) {
  HistoryId id;
  id.octets[0] = first;
  return id;
}

RequestId request(std::uint32_t counter) {
  RequestId id;
  id.session.history = history(1);
  id.session.dispatcher = 1;
  id.session.epoch = 1;
  id.session.number = 1;
  id.counter = counter;
  id.kernel_action = true;
  return id;
}

ClaimEntry claim_of(std::uint32_t counter, std::uint64_t term) {
  ClaimEntry claim;
  claim.request = request(counter);
  claim.term = term;
  claim.node = "n1";
  claim.principal = "anna";
  claim.boot_ms = 1000;
  return claim;
}

ResultEntry result_of(std::uint32_t counter, bool executed) {
  ResultEntry result;
  result.request = request(counter);
  result.executed = executed;
  result.code = executed ? "" : "VOIDED";
  result.timeline = 7;
  return result;
}

class PostgresqlAgentJournal : public testing::Test {
 protected:
  Journal open() {
    auto journal = Journal::open(path_, "n1", Journal::Mode::read_write);
    EXPECT_TRUE(journal) << journal.error().message;
    return std::move(*journal);
  }
  test::ScratchFolder folder_;
  std::string path_ = folder_ / "journal.sqlite";
};

TEST_F(PostgresqlAgentJournal, AllOfItIsThereAfterARestart) {
  {
    auto journal = open();
    ASSERT_TRUE(journal.promise(history(1), 5));
    EXPECT_EQ(journal.claim(claim_of(1, 5)), Journal::Claiming::claimed);
    journal.step({request(1), StepName::asked, 0, 0});
    journal.step({request(1), StepName::stopped, 0x4000028, 3});
    journal.note({"stop", 33, "disk", {}});
  }
  auto journal = open();
  EXPECT_EQ(journal.bound(), history(1));
  EXPECT_EQ(journal.promised(), 5U);
  const auto open_claim = journal.open_claim();
  ASSERT_TRUE(open_claim);
  EXPECT_EQ(open_claim->claim, claim_of(1, 5));
  EXPECT_TRUE(open_claim->asked());
  EXPECT_EQ(open_claim->stopped()->value, 0x4000028U);
  EXPECT_EQ(journal.last_note().reason, "disk");
  journal.result(result_of(1, true));
  EXPECT_FALSE(journal.open_claim());
  EXPECT_EQ(open().word_on(request(1), 0).state, ClaimState::executed);
}

TEST_F(PostgresqlAgentJournal, TermsOnlyGrowAndBelongToTheirHistory) {
  auto journal = open();
  ASSERT_TRUE(journal.promise(history(1), 5));
  EXPECT_EQ(journal.promise(history(1), 5).error().code, "STALE_TERM");
  EXPECT_EQ(journal.promise(history(1), 4).error().code, "STALE_TERM");
  EXPECT_EQ(journal.promise(history(2), 9).error().code, "OTHER_HISTORY");
  // A journal that took another's place promises nothing in its name.
  EXPECT_EQ(journal.promise(history(1), 9, "another").error().code, "OTHER_JOURNAL");
  EXPECT_EQ(journal.promised(), 5U);
  EXPECT_EQ(journal.promised(), 5U);
  journal.bind(history(2), 0, "a new register");
  EXPECT_EQ(journal.promised(), 0U);
  ASSERT_TRUE(journal.promise(history(2), 1));
  EXPECT_EQ(journal.promise(history(1), 6).error().code, "OTHER_HISTORY");
  // The way back does not open what was promised away.
  journal.bind(history(1), 0, "the old one after all");
  EXPECT_EQ(journal.promised(), 5U);
}

TEST_F(PostgresqlAgentJournal, AnIdIsClaimedOnceUnderTheHighestTermAlone) {
  auto journal = open();
  EXPECT_EQ(journal.claim(claim_of(1, 0)), Journal::Claiming::term_over);
  ASSERT_TRUE(journal.promise(history(1), 5));
  EXPECT_EQ(journal.claim(claim_of(1, 4)), Journal::Claiming::term_over);
  EXPECT_EQ(journal.claim(claim_of(1, 6)), Journal::Claiming::term_over);
  EXPECT_EQ(journal.claim(claim_of(1, 5)), Journal::Claiming::claimed);
  EXPECT_EQ(journal.claim(claim_of(1, 5)), Journal::Claiming::known);
  EXPECT_EQ(journal.claim(claim_of(2, 5)), Journal::Claiming::other_open);
  journal.result(result_of(1, false));
  EXPECT_EQ(journal.claim(claim_of(1, 5)), Journal::Claiming::known);
  EXPECT_EQ(journal.claim(claim_of(2, 5)), Journal::Claiming::claimed);
}

TEST_F(PostgresqlAgentJournal, AQuestionNamesClaimAndPromiseOfOneMoment) {
  auto journal = open();
  ASSERT_TRUE(journal.promise(history(1), 1));
  std::thread writer([&] {
    for (std::uint32_t i = 1; i <= 40; ++i) {
      ASSERT_TRUE(journal.promise(history(1), 2 * i));
      ASSERT_EQ(journal.claim(claim_of(i, 2 * i)), Journal::Claiming::claimed);
      journal.result(result_of(i, true));
      ASSERT_TRUE(journal.promise(history(1), 2 * i + 1));
    }
  });
  // "No claim" under a higher promise is final: such an answer must never be taken back.
  for (std::uint32_t i = 1; i <= 40;) {
    const auto word = journal.word_on(request(i), 0);
    if (word.state == ClaimState::none) {
      EXPECT_LE(word.promised, 2 * i);
    } else {
      ++i;
    }
  }
  writer.join();
}

TEST_F(PostgresqlAgentJournal, WordsOfAnOpenAndOfAnUnknownId) {
  auto journal = open();
  ASSERT_TRUE(journal.promise(history(1), 5));
  ASSERT_EQ(journal.claim(claim_of(1, 5)), Journal::Claiming::claimed);
  const auto word = journal.word_on(request(1), 1500);
  EXPECT_EQ(word.state, ClaimState::open);
  EXPECT_EQ(word.since_ms, 500U);
  EXPECT_EQ(word.principal, "anna");
  EXPECT_EQ(journal.word_on(request(2), 1500).state, ClaimState::none);
  EXPECT_EQ(journal.word_on(request(2), 1500).promised, 5U);
  EXPECT_EQ(journal.word_on(request(2), 1500).journal, journal.name());
}

/// Another program's hand on the file. The error, or empty.
std::string by_hand(const std::string& path, const std::string& sql) {
  sqlite3* handle = nullptr;
  EXPECT_EQ(sqlite3_open(path.c_str(), &handle), SQLITE_OK);
  char* error = nullptr;
  sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, &error);
  const std::string said = error == nullptr ? "" : error;
  sqlite3_free(error);
  sqlite3_close(handle);
  return said;
}

TEST_F(PostgresqlAgentJournal, TheFileItselfRefusesToForget) {
  {
    auto journal = open();
    ASSERT_TRUE(journal.promise(history(1), 5));
    ASSERT_EQ(journal.claim(claim_of(1, 5)), Journal::Claiming::claimed);
  }
  EXPECT_EQ(by_hand(path_, "DELETE FROM entry"), "an entry is never deleted");
  EXPECT_EQ(by_hand(path_, "UPDATE entry SET body = x''"), "an entry never changes");
  EXPECT_EQ(by_hand(path_,
                    "INSERT INTO entry(kind, request, body, wall_ms) "
                    "VALUES('claim', x'01', x'', 0)"),
            "a claim is open");
  EXPECT_EQ(by_hand(path_,
                    "INSERT INTO entry(kind, request, body, wall_ms) "
                    "VALUES('result', x'01', x'', 0)"),
            "a result without a claim");
}

TEST_F(PostgresqlAgentJournal, OneThatIsGoneIsMadeAnewByAPersonAlone) {
  std::string name;
  {
    auto journal = open();
    name = journal.name();
    EXPECT_FALSE(Journal::begin(path_, "n1")) << "one is there";
  }
  for (const auto* part : {"", "-wal", "-shm"}) std::filesystem::remove(path_ + part);
  const auto gone = Journal::open(path_, "n1", Journal::Mode::read_write);
  ASSERT_FALSE(gone);
  EXPECT_THAT(gone.error().message, testing::HasSubstr("the journal is gone"));
  EXPECT_FALSE(std::filesystem::exists(path_));
  const auto begun = Journal::begin(path_, "n1");
  ASSERT_TRUE(begun) << begun.error().message;
  EXPECT_NE(begun->name(), name);
}

TEST_F(PostgresqlAgentJournal, NothingElseIsTakenForAJournal) {
  { open(); }
  EXPECT_FALSE(Journal::open(path_, "n2", Journal::Mode::read_write));
  EXPECT_FALSE(Journal::open(folder_ / "none", "n1", Journal::Mode::read_only));
  EXPECT_FALSE(Journal::open(folder_.put("text", "no journal"), "n1", Journal::Mode::read_write));
  // The remains of a lost journal: a new one beside them would know of no claim.
  folder_.put("lost.sqlite-wal", "remains");
  EXPECT_FALSE(Journal::open(folder_ / "lost.sqlite", "n1", Journal::Mode::read_write));
}

}  // namespace
}  // namespace aeromq::postgresql
