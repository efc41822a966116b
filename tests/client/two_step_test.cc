// The words of a confirmation: a program's line and a person's phrase. What is not exactly a yes is
// none (C2, C4, C5).
#include "client/ctl/two_step.h"

#include <gmock/gmock.h>

#include "client/ctl/dialogue.h"

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
  EXPECT_EQ(parse_reply(good(), token()).value(), (Reply{true, {}, {}}));
  EXPECT_EQ(parse_reply(good(R"(,"acknowledge":["A","B"],"accept_responsibility":"I do")"), token())
                .value(),
            (Reply{true, {"A", "B"}, "I do"}));
}

TEST(TwoStep, AnAbandonment) {
  EXPECT_EQ(parse_reply(R"({"abandon":")" + to_hex(token().view()) + "\"}", token()).value(),
            (Reply{false, {}, {}}));
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
        Wrong{"Trailing", good() + "{}", "stdin"}),
    [](const auto& one) { return one.param.name; });

client::Pending pending(CommandName name) {
  client::Pending made;
  made.explanation.command = text_of(name);
  made.explanation.node = "node2";
  made.explanation.cluster = "batman";
  made.explanation.risks = {{"RISK_ONE", "P6-A2", "may live"}, {"RISK_TWO", "P6-S1", "may lose"}};
  made.asked.confirmation = command_row(name).confirmation;
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
  EXPECT_THAT(keys, ::testing::ElementsAre("request", "token", "confirmation", "expires_in_ms",
                                           "explanation", "explanation_digest", "risks"));
  EXPECT_EQ(value["token"], kHex);
  EXPECT_EQ(value["confirmation"], "enhanced");
  EXPECT_EQ(value["risks"][1]["id"], "RISK_TWO");
  EXPECT_EQ(json_line(value).find('\n'), std::string::npos);
}

TEST(Dialogue, ThePhraseNamesActionNodeAndCluster) {
  EXPECT_EQ(phrase(pending(CommandName::request_promotion).explanation), "promote node2 on batman");
  EXPECT_EQ(phrase(pending(CommandName::request_demotion).explanation), "demote node2 on batman");
  EXPECT_EQ(phrase(pending(CommandName::force_promotion).explanation),
            "force-promote node2 on batman");
  EXPECT_EQ(phrase(pending(CommandName::run_diagnostics).explanation), "run diagnostics on batman");
}

TEST(Dialogue, AStandardConfirmationAsksForThePhraseOnly) {
  const auto asked = prompts(pending(CommandName::request_promotion), "14:17:02Z");
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].text, "Type \"promote node2 on batman\" to confirm (expires 14:17:02Z): ");
  EXPECT_TRUE(accepts(asked[0], "promote node2 on batman"));
  for (const auto* other :
       {"", "y", "yes", "promote node2", "promote node2 on batman ", " promote node2 on batman",
        "Promote node2 on batman", "promote node3 on batman"})
    EXPECT_FALSE(accepts(asked[0], other)) << other;
}

TEST(Dialogue, AnOverrideAsksForEachRiskThenForTheSentence) {
  const auto asked = prompts(pending(CommandName::force_promotion), "soon");
  ASSERT_EQ(asked.size(), 4U);
  EXPECT_EQ(asked[1].answer, "RISK_ONE");
  EXPECT_EQ(asked[2].answer, "RISK_TWO");
  EXPECT_FALSE(accepts(asked[1], "RISK_TWO"));
  EXPECT_EQ(asked[3].question, Question::responsibility);
  EXPECT_FALSE(accepts(asked[3], ""));
  EXPECT_FALSE(accepts(asked[3], " \t "));
  EXPECT_TRUE(accepts(asked[3], "I take it upon me"));
}

}  // namespace
}  // namespace aeromq::ctl
