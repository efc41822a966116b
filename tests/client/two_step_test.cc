// The words of a confirmation: a program's line and a person's phrase. What is not exactly a yes is
// none (C2, C4, C5).
#include "client/ctl/two_step.h"

#include <gmock/gmock.h>

#include "client/ctl/dialogue.h"
#include "messages/given.h"

namespace aeromq::ctl {
namespace {

Token token() {
  Token made;
  made.octets.fill(0xAB);
  return made;
}

std::string good(const std::string& more = "") {
  return R"({"confirm":")" + to_hex(token().view()) + '"' + more + "}";
}

TEST(TwoStep, AConfirmation) {
  EXPECT_EQ(parse_reply(good(), token()).value(), (Reply{true, {}, {}, {}}));
  EXPECT_EQ(parse_reply(good(R"(,"sentence":"demote a on b","acknowledge":["A","B"],)"
                             R"("accept_responsibility":" I do\t")"),
                        token())
                .value(),
            (Reply{true, "demote a on b", {"A", "B"}, "I do"}))
      << "blanks at the ends are nobody's words";
}

TEST(TwoStep, AnAbandonment) {
  EXPECT_EQ(parse_reply(R"({"abandon":")" + to_hex(token().view()) + "\"}", token()).value(),
            (Reply{false, {}, {}, {}}));
}

struct Wrong {
  const char* name;
  std::string line;
  std::string field;
};

class TwoStepWrong : public ::testing::TestWithParam<Wrong> {};

TEST_P(TwoStepWrong, IsNoConfirmation) {
  const auto reply = parse_reply(GetParam().line, token());
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, "INVALID_INPUT");
  EXPECT_EQ(reply.error().field, GetParam().field);
}

const std::string kHex = to_hex(token().view());

INSTANTIATE_TEST_SUITE_P(
    Lines, TwoStepWrong,
    ::testing::Values(
        Wrong{"Empty", "", "stdin"}, Wrong{"Word", "yes", "stdin"}, Wrong{"List", "[]", "stdin"},
        Wrong{"Text", "\"confirm\"", "stdin"}, Wrong{"Nothing", "{}", "confirm"},
        Wrong{"OtherToken", R"({"confirm":"00"})", "confirm"},
        Wrong{"UpperCaseToken", R"({"confirm":")" + std::string("ABAB") + "\"}", "confirm"},
        Wrong{"NumberToken", R"({"confirm":1})", "confirm"},
        Wrong{"TrueToken", R"({"confirm":true})", "confirm"},
        Wrong{"UnknownKey", good(R"(,"yes":true)"), "yes"},
        Wrong{"TwiceConfirm", good(R"(,"confirm":")" + kHex + '"'), "confirm"},
        Wrong{"TwiceAcknowledge", good(R"(,"acknowledge":[],"acknowledge":["A"])"), "acknowledge"},
        Wrong{"Both", good(R"(,"abandon":")" + kHex + '"'), "abandon"},
        Wrong{"AbandonWithMore", R"({"abandon":")" + kHex + R"(","acknowledge":[]})", "abandon"},
        Wrong{"AcknowledgeText", good(R"(,"acknowledge":"A")"), "acknowledge"},
        Wrong{"AcknowledgeNumber", good(R"(,"acknowledge":[1])"), "acknowledge"},
        Wrong{"ResponsibilityTrue", good(R"(,"accept_responsibility":true)"),
              "accept_responsibility"},
        Wrong{"SentenceNull", good(R"(,"sentence":null)"), "sentence"},
        Wrong{"TwiceSentence", good(R"(,"sentence":"a","sentence":"b")"), "sentence"},
        Wrong{"Trailing", good() + "{}", "stdin"}),
    [](const auto& one) { return one.param.name; });

client::Pending pending(CommandName name) {
  client::Pending made;
  made.explanation.command = text_of(name);
  made.explanation.node = "node2";
  made.explanation.cluster = "batman";
  made.explanation.risks = {{"RISK_ONE", "P6-A2", "may live"}, {"RISK_TWO", "P6-S1", "may lose"}};
  made.asked.confirmation = made.explanation.confirmation = command_row(name).confirmation;
  const auto given = given_for(made.explanation);
  made.asked.sentence = given.sentence;
  made.asked.responsibility_sentence = given.responsibility_sentence;
  made.asked.token = token();
  made.asked.expires_in_ms = 60000;
  made.received = std::chrono::steady_clock::now();
  made.request.counter = 1;
  return made;
}

TEST(TwoStep, ThePendingLine) {
  const auto value = pending_json(pending(CommandName::force_promotion));
  std::vector<std::string> keys;
  for (const auto& [key, member] : value.items()) keys.push_back(key);
  EXPECT_THAT(keys, ::testing::ElementsAre("request", "token", "confirmation", "sentence",
                                           "expires_in_ms", "explanation", "explanation_digest",
                                           "risks", "responsibility_sentence"));
  EXPECT_EQ(value["sentence"], "force-promote node2 on batman");
  EXPECT_FALSE(
      pending_json(pending(CommandName::request_demotion)).contains("responsibility_sentence"));
  EXPECT_EQ(value["token"], kHex);
  EXPECT_EQ(value["confirmation"], "enhanced");
  EXPECT_EQ(value["risks"][1]["id"], "RISK_TWO");
  EXPECT_EQ(json_line(value).find('\n'), std::string::npos);
}

TEST(Given, TheSentenceNamesActionNodeAndCluster) {
  const auto sentence = [](CommandName name) { return pending(name).asked.sentence; };
  EXPECT_EQ(sentence(CommandName::request_promotion), "promote node2 on batman");
  EXPECT_EQ(sentence(CommandName::request_demotion), "demote node2 on batman");
  EXPECT_EQ(sentence(CommandName::force_promotion), "force-promote node2 on batman");
  EXPECT_EQ(sentence(CommandName::run_diagnostics), "run diagnostics on batman");
}

TEST(Dialogue, AStandardConfirmationAsksForTheSentenceOnly) {
  const auto asked = prompts(pending(CommandName::request_promotion), "14:17:02Z");
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].text, "Type \"promote node2 on batman\" to confirm (expires 14:17:02Z): ");
  EXPECT_EQ(asked[0].answer, "promote node2 on batman");
}

TEST(Dialogue, AnOverrideAsksForEachRiskThenForResponsibility) {
  const auto asked = prompts(pending(CommandName::force_promotion), "soon");
  ASSERT_EQ(asked.size(), 4U);
  EXPECT_EQ(asked[1].answer, "RISK_ONE");
  EXPECT_EQ(asked[2].answer, "RISK_TWO");
  EXPECT_EQ(asked[3].question, Question::responsibility);
  EXPECT_EQ(asked[3].answer, "I take responsibility: force-promote node2 on batman");
}

TEST(Dialogue, OnlyTheBlanksAtTheEndsAreTakenAway) {
  EXPECT_EQ(trimmed(" \tpromote  node2 on batman \t"), "promote  node2 on batman");
  EXPECT_EQ(trimmed(" \t "), "");
  EXPECT_EQ(trimmed("\xC2\xA0yes"), "\xC2\xA0yes") << "a no-break space is a word's";
}

}  // namespace
}  // namespace aeromq::ctl
