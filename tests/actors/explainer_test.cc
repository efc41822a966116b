// Same command, same snapshot = same octets; facts only; a bad snapshot is refused (C6, C7, A12).
#include "actors/explainer/explainer.h"

#include <gtest/gtest.h>

#include "actors/explainer/after_the_act.h"
#include "tests/actors/model_kernel.h"

namespace aeromq {
namespace {

class ExplainerTest : public testing::Test {
 protected:
  explicit ExplainerTest(CommandName name = CommandName::force_promotion) : name_(name) {
    KernelCall call;
    call.kind = CallKind::survey;
    call.command = text_of(name_);
    call.node = "n2";
    snapshot_ = ModelKernel().answer(call).snapshot;
  }
  Envelope explained() {
    RequestId id;
    id.counter = 1;
    id.kernel_action = true;
    const auto command = encode(Submit{std::string(text_of(name_)), "n2", reason_, "", {}});
    const Surveyed body{Authority::operator_, command, encode(snapshot_), ""};
    return Explainer().on(message(id, body), now_).send.at(0);
  }
  Explanation explanation() {
    const auto answer = explained();
    EXPECT_EQ(answer.type, MessageType::explained);
    return decode<Explanation>(decode<Explained>(answer.body).value().explanation).value();
  }
  Error refusal() {
    const auto answer = explained();
    EXPECT_EQ(answer.type, MessageType::refused_by_explainer);
    return decode<Refused>(answer.body).value().error;
  }

  CommandName name_;
  std::string reason_ = "why";
  KernelSnapshot snapshot_;
  Moment now_;
};

TEST_F(ExplainerTest, SameCommandAndSnapshotSameOctetsWhateverTheTimeAndTheReason) {
  const auto first = decode<Explained>(explained().body).value().explanation;
  now_ = {77, 88};
  reason_ = "another reason";
  EXPECT_EQ(decode<Explained>(explained().body).value().explanation, first);
  snapshot_.nodes[1].position += 1;
  EXPECT_NE(decode<Explained>(explained().body).value().explanation, first);
}

TEST_F(ExplainerTest, NamesTheActionTheRisksAndWhatWasNotChecked) {
  const auto made = explanation();
  EXPECT_NE(made.action.find("node n2 of cluster batman"), std::string::npos);
  EXPECT_EQ(made.confirmation, ConfirmationKind::enhanced);
  ASSERT_EQ(made.risks.size(), 1U);
  EXPECT_EQ(made.risks[0].id, "OLD_PRIMARY_NOT_PROVEN_DOWN");
  EXPECT_EQ(made.checks, snapshot_.checks);
  EXPECT_EQ(made.fencing_epoch, 3U);
  EXPECT_NE(std::ranges::find(made.not_checked, "acknowledged writes may be lost: amount unknown"),
            made.not_checked.end());
  EXPECT_NE(std::ranges::find(made.invariants, "P6-S1: no acknowledged write is lost"),
            made.invariants.end());
  EXPECT_NE(std::ranges::find(made.components, "node n1, which holds write authority"),
            made.components.end());
}

TEST_F(ExplainerTest, SaysWhatTheKernelCouldNotSeeInTheKernelsWords) {
  const std::string words = "n1 was last seen at 0/4057FA8, 12034 ms before";
  snapshot_.not_checked = {words};
  EXPECT_EQ(explanation().not_checked.back(), words);
}

TEST_F(ExplainerTest, WarningsOfTheSnapshotArePartOfWhatIsConfirmed) {
  const auto before = decode<Explained>(explained().body).value().explanation;
  snapshot_.findings = {{"WILL_NOT_FOLLOW", Severity::warning, "n3 names n1 alone"}};
  EXPECT_EQ(explanation().warnings, snapshot_.findings);
  EXPECT_NE(decode<Explained>(explained().body).value().explanation, before);
}

TEST_F(ExplainerTest, SaysWhatCannotBeUndoneOfEveryKernelAction) {
  for (const auto& row : command_table()) {
    if (!row.kernel_action()) continue;
    SCOPED_TRACE(text_of(row.name));
    name_ = row.name;
    KernelCall call;
    call.kind = CallKind::survey;
    call.command = text_of(name_);
    call.node = "n2";
    snapshot_ = ModelKernel().answer(call).snapshot;
    const auto lines = explanation().irreversible;
    EXPECT_NE(std::ranges::find(lines, "the fencing epoch grows and never goes back"), lines.end());
    const bool may_lose_writes =
        std::ranges::find(
            lines, "acknowledged writes that this node does not hold are not in that history") !=
        lines.end();
    EXPECT_EQ(may_lose_writes, name_ == CommandName::force_promotion);
  }
}

TEST_F(ExplainerTest, EachFactHasItsSourceAndAge) {
  for (const auto& fact : explanation().facts) {
    EXPECT_FALSE(fact.source.empty()) << fact.name;
    EXPECT_EQ(fact.age_ms, fact.source == "kernel" ? 0U : 200U) << fact.name;
  }
}

TEST_F(ExplainerTest, StatesFactsAndGivesNoAdvice) {
  const auto octets = encode(explanation());
  const std::string text(as_text(octets));
  for (const auto* word : {"recommend", "should", "safe to", "will succeed", "best"})
    EXPECT_EQ(text.find(word), std::string::npos) << word;
}

TEST_F(ExplainerTest, AContradictionIsRefused) {
  snapshot_.holder = "n3";
  EXPECT_EQ(refusal().code, "MIXED_VIEW");
}

TEST_F(ExplainerTest, ASurveyWithoutChecksIsRefused) {
  snapshot_.checks.clear();
  EXPECT_EQ(refusal().code, "KERNEL_UNAVAILABLE");
}

TEST_F(ExplainerTest, ARiskThatStandsTwiceIsRefused) {
  snapshot_.checks.push_back(snapshot_.checks[0]);
  EXPECT_EQ(refusal().code, "MIXED_VIEW");
}

TEST_F(ExplainerTest, WhatDoesNotFitOneMessageIsRefusedNotCut) {
  snapshot_.checks.resize(32, snapshot_.checks[0]);
  for (std::size_t i = 0; i < 32; ++i) {
    snapshot_.checks[i].code = "CODE" + std::to_string(i);
    snapshot_.checks[i].overridable = true;
  }
  EXPECT_EQ(refusal().code, "KERNEL_UNAVAILABLE");
}

TEST_F(ExplainerTest, UnreadableInputIsRefused) {
  RequestId id;
  id.counter = 1;
  const auto step = Explainer().on({MessageType::surveyed, id, "alice", {0xC1}}, {});
  EXPECT_EQ(decode<Refused>(step.send.at(0).body).value().error.outcome, Outcome::not_executed);
}

// A demotion that names who is to follow.
class SuccessorTest : public testing::Test {
 protected:
  static Envelope explained(const std::string& named, const std::string& surveyed) {
    RequestId id;
    id.counter = 1;
    id.kernel_action = true;
    KernelCall call;
    call.kind = CallKind::survey;
    call.command = "request_demotion";
    call.node = "n1";
    call.successor = surveyed;
    const auto snapshot = ModelKernel().answer(call).snapshot;
    const Surveyed body{Authority::operator_,
                        encode(Submit{"request_demotion", "n1", "why", "", named}),
                        encode(snapshot), ""};
    return Explainer().on(message(id, body), {}).send.at(0);
  }
};

TEST_F(SuccessorTest, IsNamedInTheActionAndPreviewed) {
  const auto answer = explained("n2", "n2");
  ASSERT_EQ(answer.type, MessageType::explained);
  const auto made = decode<Explanation>(decode<Explained>(answer.body)->explanation).value();
  EXPECT_EQ(made.successor, "n2");
  EXPECT_NE(made.action.find("node n2"), std::string::npos) << made.action;
  EXPECT_FALSE(made.successor_checks.empty());
  EXPECT_TRUE(std::ranges::any_of(made.components, [](const std::string& line) {
    return line.find("node n2, the successor") == 0;
  }));
  EXPECT_TRUE(made.risks.empty()) << "a preview is nothing to acknowledge";
}

TEST_F(SuccessorTest, AKernelThatKnowsNoneIsNotBelieved) {
  for (const auto* surveyed : {"", "n3"}) {
    const auto answer = explained("n2", surveyed);
    ASSERT_EQ(answer.type, MessageType::refused_by_explainer) << surveyed;
    EXPECT_EQ(decode<Refused>(answer.body)->error.code, "KERNEL_UNAVAILABLE");
  }
  EXPECT_EQ(explained("", "n2").type, MessageType::refused_by_explainer);
}

TEST_F(SuccessorTest, WithoutOneNothingIsSaidOfIt) {
  const auto answer = explained("", "");
  ASSERT_EQ(answer.type, MessageType::explained);
  const auto made = decode<Explanation>(decode<Explained>(answer.body)->explanation).value();
  EXPECT_EQ(made.action, "take write authority from node n1 of cluster batman");
}

TEST(AfterTheAct, TheRecordOfADemotionNamesItsSuccessor) {
  Record record;
  record.stage = Stage::executed;
  record.command = "request_demotion";
  record.node = "n1";
  record.successor = "n2";
  EXPECT_EQ(what_happened(record).at(0),
            "the kernel executed request_demotion of n1, with n2 to follow");
}

TEST(AfterTheAct, SaysTheSameOfTheSameRecord) {
  Record record;
  record.stage = Stage::rejected;
  record.command = "request_promotion";
  record.node = "n2";
  record.kernel_code = record.error_code = "PRIMARY_EXISTS";
  record.kernel_text = record.error_message = "n1 holds write authority";
  record.error_invariants = {"P6-A1"};
  record.outcome = RecordOutcome::not_executed;
  EXPECT_EQ(what_happened(record),
            (std::vector<std::string>{
                "the kernel rejected request_promotion of n2; nothing changed",
                "the kernel said PRIMARY_EXISTS: n1 holds write authority",
                "P6-A1: at most one node holds write authority", "outcome: not executed"}));
}

TEST(AfterTheAct, NeverEmptyForAnyStageOrVerdict) {
  for (std::size_t i = 0; i < EnumNames<Stage>::value.size(); ++i) {
    Record record;
    record.stage = static_cast<Stage>(i);
    EXPECT_FALSE(what_happened(record).at(0).empty());
  }
  for (std::size_t i = 0; i < EnumNames<Verdict>::value.size(); ++i) {
    OutcomeAnswer outcome;
    outcome.verdict = static_cast<Verdict>(i);
    EXPECT_FALSE(what_happened(outcome).at(0).empty());
  }
}

TEST(AfterTheAct, AnExecutionNamesItsEffects) {
  RequestResult result;
  result.command = "request_promotion";
  result.executed = true;
  result.answer.effects = {{"holder", "", "n2"}};
  EXPECT_EQ(what_happened(result, "n2"),
            (std::vector<std::string>{"the kernel executed request_promotion of n2",
                                      "holder: none -> n2"}));
}

}  // namespace
}  // namespace aeromq
