// An errand at an agent: what is sent, and what may be concluded when it breaks off.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/postgresql/service/errands.h"
#include "kernel/postgresql/service/kernel.h"
#include "process/kill_point.h"

namespace aeromq::postgresql {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

auto lost() { return fail(make_error(ErrorCode::answer_lost)); }

/// An agent that answers as it is told, and what it was asked.
struct Script {
  std::vector<std::string> asked;
  bool reached = true;
  std::optional<Error> open_fails, act_fails, ask_fails;
  AgentClaim claim;
  std::string journal;  ///< that was named
};

class ScriptedDoor final : public AgentDoor {
 public:
  explicit ScriptedDoor(Script& script) : script_(script) {}
  Result<AgentOpened> open(HistoryId, std::uint64_t term, const std::string& journal) override {
    script_.asked.push_back("open " + std::to_string(term));
    script_.journal = journal;
    if (script_.open_fails) return fail(*script_.open_fails);
    return AgentOpened{term, {}};
  }
  Result<AgentClaim> act(const AgentAct& act) override {
    script_.asked.push_back("act " + std::to_string(act.term));
    if (script_.act_fails) return fail(*script_.act_fails);
    return script_.claim;
  }
  Result<AgentClaim> ask(const RequestId&) override {
    script_.asked.emplace_back("ask");
    if (script_.ask_fails) return fail(*script_.ask_fails);
    return script_.claim;
  }

 private:
  Script& script_;
};

class PostgresqlServiceErrands : public testing::Test {
 protected:
  PostgresqlServiceErrands() { process::register_kill_points(kill_points()); }
  Word act() {
    AgentAct errand;
    errand.term = 7;
    return carry_out(connect_, {}, errand, "j1");
  }
  Word ask(std::uint64_t term, const std::string& journal = {}) {
    return find_out(connect_, {}, {"n1", {}, journal, term});
  }
  Script script_;
  Connect connect_ = [this](const std::string&) -> Result<std::unique_ptr<AgentDoor>> {
    if (!script_.reached) return fail(make_error(ErrorCode::not_reached));
    return std::make_unique<ScriptedDoor>(script_);
  };
};

TEST_F(PostgresqlServiceErrands, AnActIsSentOnceAfterItsPromise) {
  script_.claim.state = ClaimState::executed;
  const auto word = act();
  EXPECT_EQ(word.kind, Word::Kind::said);
  EXPECT_EQ(word.claim.state, ClaimState::executed);
  EXPECT_THAT(script_.asked, ElementsAre("open 7", "act 7"));
  EXPECT_EQ(script_.journal, "j1");
}

TEST_F(PostgresqlServiceErrands, APromiseToAnotherRegisterIsNoTermOfThisOne) {
  script_.claim.promised = 9;
  script_.open_fails = kernel_rejection("STALE_TERM", "9 was promised", {"P6-A2"});
  EXPECT_EQ(act().claim.promised, 9U);
  EXPECT_EQ(ask(7).claim.promised, 9U);
  script_.open_fails = kernel_rejection("OTHER_HISTORY", "bound to another", {"P6-A2"});
  EXPECT_EQ(act().claim.promised, 0U);
  EXPECT_EQ(ask(7).claim.promised, 0U);
}

TEST_F(PostgresqlServiceErrands, AnotherJournalsWordIsNoWord) {
  script_.claim.journal = "j2";
  EXPECT_EQ(ask(0, "j1").kind, Word::Kind::not_sent);
  script_.claim.journal = "j1";
  EXPECT_EQ(ask(0, "j1").kind, Word::Kind::said);
}

TEST_F(PostgresqlServiceErrands, WithoutAPromiseNothingIsSent) {
  script_.reached = false;
  EXPECT_EQ(act().kind, Word::Kind::not_sent);
  EXPECT_THAT(script_.asked, IsEmpty());
  script_.reached = true;
  script_.open_fails = lost().value();
  EXPECT_EQ(act().kind, Word::Kind::not_sent);
  EXPECT_THAT(script_.asked, ElementsAre("open 7"));
}

TEST_F(PostgresqlServiceErrands, ARefusedTermIsNotSentAndTellsWhatWasPromised) {
  script_.open_fails = make_error(ErrorCode::invalid_input, "not higher", "term");
  script_.claim.promised = 99;
  const auto word = act();
  EXPECT_EQ(word.kind, Word::Kind::not_sent);
  EXPECT_EQ(word.claim.promised, 99U);
  EXPECT_THAT(script_.asked, ElementsAre("open 7", "ask"));
}

TEST_F(PostgresqlServiceErrands, OfALostAnswerNothingIsConcludedAndNothingIsSentAgain) {
  script_.act_fails = lost().value();
  EXPECT_EQ(act().kind, Word::Kind::lost);
  EXPECT_THAT(script_.asked, ElementsAre("open 7", "act 7"));
}

TEST_F(PostgresqlServiceErrands, FindingOutOpensAHigherTermBeforeItAsks) {
  const auto word = ask(8);
  EXPECT_EQ(word.kind, Word::Kind::said);
  EXPECT_TRUE(word.promised_term);
  EXPECT_THAT(script_.asked, ElementsAre("open 8", "ask"));
  script_.asked.clear();
  EXPECT_FALSE(ask(0).promised_term);
  EXPECT_THAT(script_.asked, ElementsAre("ask"));
}

TEST_F(PostgresqlServiceErrands, ATermThatWasNotSaidIsGoodForTheNextTry) {
  script_.reached = false;
  EXPECT_EQ(ask(8).kind, Word::Kind::not_sent);
  script_.reached = true;
  script_.open_fails = lost().value();
  EXPECT_EQ(ask(8).kind, Word::Kind::lost);
  script_.open_fails = make_error(ErrorCode::invalid_input, "another history", "history");
  const auto word = ask(8);
  EXPECT_EQ(word.kind, Word::Kind::said);
  EXPECT_FALSE(word.promised_term);
}

}  // namespace
}  // namespace aeromq::postgresql
