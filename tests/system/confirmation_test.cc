// Everything short of the one right yes executes nothing, for each command that is confirmed
// (C1 to C5, F8.2, B1).
#include "tests/system/system_test.h"

namespace aeromq::system_tests {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

class Confirmation : public SystemTest {
 protected:
  void SetUp() override {
    SystemTest::SetUp();
    ledger_ = stack().ledger();
  }
  void TearDown() override { EXPECT_EQ(stack().ledger(), ledger_) << "the register changed"; }

  static std::vector<Words> confirmed() {
    return {{"diag", "diagnostics"},
            {"demote", "a", "--reason", "x"},
            {"promote", "b", "--reason", "x"},
            {"force-promote", "b", "--reason", "x"}};
  }

  static void expect_nothing_dispatched(const std::string& request) {
    ASSERT_NE(request, "");
    EXPECT_THAT(stages(request), Not(Contains("dispatched"))) << request;
    EXPECT_FALSE(executed(request));
  }

  /// Spoils the right reply and expects `exit_code` with `said` in what is told.
  static void expect_refused(const Words& words, const std::function<std::string(Asked&)>& line,
                             int exit_code, const std::string& said) {
    auto asked = ask("operator", words);
    ASSERT_NE(asked.request, "") << words[0];
    const auto spoilt = line(asked);
    const auto ended = asked.answer(spoilt);
    EXPECT_EQ(ended.exit_code, exit_code) << words[0] << " " << spoilt << ended.out << ended.err;
    EXPECT_THAT(ended.out, HasSubstr(said)) << words[0] << " " << spoilt;
    auto told = last_object(ended.out);
    EXPECT_EQ(told["outcome"], "not executed") << ended.out;
    EXPECT_EQ(told["request"], asked.request);
    expect_nothing_dispatched(asked.request);
    EXPECT_TRUE(poll_until(kSoonMs, [&] {
      const auto all = stages(asked.request);
      return std::ranges::count(all, "confirmation_ended") + std::ranges::count(all, "refused") > 0;
    })) << "its end is on record";
  }

 private:
  chaos::Ledger ledger_;
};

TEST_F(Confirmation, AnotherToken) {
  for (const auto& words : confirmed()) {
    expect_refused(
        words,
        [](Asked& asked) {
          auto reply = asked.reply();
          auto token = reply["confirm"].get<std::string>();
          token.back() = token.back() == '0' ? '1' : '0';
          reply["confirm"] = token;
          return reply.dump() + "\n";
        },
        11, "\"field\":\"confirm\"");
  }
}

TEST_F(Confirmation, NotExactlyAReply) {
  const std::vector<std::function<std::string(Asked&)>> spoilt{
      [](Asked&) { return std::string("yes\n"); },
      [](Asked&) { return std::string("no\n"); },
      [](Asked& asked) {
        auto reply = asked.reply();
        reply.erase("sentence");
        return reply.dump() + "\n";
      },
      [](Asked& asked) {
        auto reply = asked.reply();
        reply["sentence"] = "no";
        return reply.dump() + "\n";
      },
      [](Asked& asked) {
        auto reply = asked.reply();
        reply["sentence"] = asked.reply()["sentence"].get<std::string>() + ".";
        return reply.dump() + "\n";
      },
      [](Asked&) { return std::string("\n"); },
      [](Asked&) { return std::string("[]\n"); },
      [](Asked&) { return std::string("{}\n"); },
      [](Asked& asked) { return "[" + asked.reply().dump() + "]\n"; },
      [](Asked& asked) { return asked.reply().dump() + asked.reply().dump() + "\n"; },
      [](Asked& asked) {
        auto reply = asked.reply();
        reply["surplus"] = 1;
        return reply.dump() + "\n";
      },
      [](Asked& asked) {
        auto reply = asked.reply();
        reply["abandon"] = reply["confirm"];
        return reply.dump() + "\n";
      },
      [](Asked& asked) {
        auto reply = asked.reply();
        reply["confirm"] = true;
        return reply.dump() + "\n";
      },
      [](Asked& asked) {
        auto reply = asked.reply();
        reply["acknowledge"] = "all";
        return reply.dump() + "\n";
      },
      [](Asked& asked) {
        const auto token = asked.pending["token"].dump();
        return "{\"confirm\":" + token + ",\"confirm\":" + token + "}\n";
      },
  };
  const auto all = confirmed();
  for (std::size_t i = 0; i < spoilt.size(); ++i)
    expect_refused(all[i % all.size()], spoilt[i], 11, "ABANDONED");
}

TEST_F(Confirmation, AbandonAndEndOfInput) {
  for (const auto& words : confirmed()) {
    expect_refused(
        words,
        [](Asked& asked) {
          return json{{"abandon", asked.pending["token"]}}.dump() + "\n";
        },
        11, "ABANDONED");
    expect_refused(
        words, [](Asked&) { return std::string(); }, 11, "ABANDONED");
    // A yes without its end of line is none.
    expect_refused(
        words, [](Asked& asked) { return asked.reply().dump(); }, 11, "ABANDONED");
  }
}

TEST_F(Confirmation, SurplusAcknowledgement) {
  const auto surplus = [](Asked& asked) {
    auto reply = asked.reply();
    reply["acknowledge"].push_back("ANOTHER_RISK");
    return reply.dump() + "\n";
  };
  for (const auto& words : confirmed()) {
    if (words[0] == "force-promote")
      expect_refused(words, surplus, 10, "ACKNOWLEDGEMENT_MISSING");
    else  // nothing stands there to be acknowledged
      expect_refused(words, surplus, 2, "\"field\":\"acknowledge\"");
  }
}

TEST_F(Confirmation, ForcedPromotionNeedsEachRiskAndResponsibility) {
  const auto forced = confirmed()[3];
  {
    auto asked = ask("operator", forced);
    EXPECT_EQ(asked.pending["confirmation"], "enhanced");
    EXPECT_FALSE(asked.pending["risks"].empty());
    EXPECT_EQ(asked.answer("").exit_code, 11);
  }
  const auto with = [](const char* key, const json& value) {
    return [key, value](Asked& asked) {
      auto reply = asked.reply();
      reply[key] = value;
      return reply.dump() + "\n";
    };
  };
  expect_refused(forced, with("acknowledge", json::array()), 10, "ACKNOWLEDGEMENT_MISSING");
  expect_refused(forced, with("acknowledge", json::array({"ALL"})), 10, "ACKNOWLEDGEMENT_MISSING");
  for (const char* other : {"", "   ", "no", "I accept responsibility for this test."})
    expect_refused(forced, with("accept_responsibility", other), 11,
                   "\"field\":\"accept_responsibility\"");
}

TEST_F(Confirmation, WrongWordsTyped) {
  struct Case {
    Words words;
    std::vector<std::string> typed;
  };
  const std::string force = "force-promote b on aeromq";
  const std::string risk = "OLD_PRIMARY_NOT_PROVEN_DOWN";
  for (const auto& [words, typed] :
       {Case{confirmed()[0], {"yes"}}, Case{confirmed()[1], {"y"}},
        Case{confirmed()[1], {"demote b on aeromq"}}, Case{confirmed()[1], {"demote  a on aeromq"}},
        Case{confirmed()[1], {"no"}}, Case{confirmed()[2], {""}},
        Case{confirmed()[2], {"promote b"}}, Case{confirmed()[3], {"promote b on aeromq"}},
        Case{confirmed()[3], {force, ""}}, Case{confirmed()[3], {force, "all"}},
        Case{confirmed()[3], {force, risk, " "}}, Case{confirmed()[3], {force, risk, "no"}}}) {
    auto screen = terminal("table", words);
    for (const auto& line : typed) {
      ASSERT_TRUE(screen->wait_for("(expires ", kSoonMs)) << screen->shown();
      ASSERT_TRUE(screen->wait_for("): ", kSoonMs));
      screen->type(line + "\r");
    }
    EXPECT_EQ(screen->wait(kSoonMs), 11) << screen->shown();
    EXPECT_THAT(screen->shown(), HasSubstr("not executed"));
    expect_nothing_dispatched(request_in(screen->shown()));
  }
}

TEST_F(Confirmation, InterruptedBeforeTheYes) {
  for (const auto& words : confirmed())
    for (const char* key : {"\x03", "\x04"}) {  // Ctrl-C, Ctrl-D
      auto screen = terminal("table", words);
      ASSERT_TRUE(screen->wait_for("): ", kSoonMs)) << screen->shown();
      ASSERT_TRUE(screen->shown().find("(expires ") != std::string::npos ||
                  screen->wait_for("(expires ", kSoonMs));
      ASSERT_TRUE(
          poll_until(kSoonMs, [&] { return !stages(request_in(screen->shown())).empty(); }));
      screen->type(key);
      EXPECT_EQ(screen->wait(kSoonMs), 11) << screen->shown();
      expect_nothing_dispatched(request_in(screen->shown()));
    }
  auto asked = ask("operator", confirmed()[1]);
  asked.child->kill(SIGINT);
  EXPECT_EQ(asked.child->wait(kSoonMs).exit_code, 11);
  expect_nothing_dispatched(asked.request);
}

TEST_F(Confirmation, WhatWasTypedBeforeItWasAskedIsNoYes) {
  auto screen = terminal("table", confirmed()[1]);
  screen->type("demote a on aeromq\r");  // before the explanation is there
  ASSERT_TRUE(screen->wait_for("(expires ", kSoonMs)) << screen->shown();
  ASSERT_TRUE(screen->wait_for("): ", kSoonMs));
  screen->type("no\r");
  EXPECT_EQ(screen->wait(kSoonMs), 11) << screen->shown();
}

TEST_F(Confirmation, OnlyAnOperatorMayAsk) {
  for (const std::string who : {"observer", "auditor"})
    for (const auto& words : confirmed()) {
      const auto asked = stack().two_step(who, words)->wait(kSoonMs);
      EXPECT_EQ(asked.exit_code, 10) << who << words[0] << asked.out;
      auto told = last_object(asked.out);
      EXPECT_EQ(told["error"]["code"], "NO_AUTHORITY");
      EXPECT_EQ(told["outcome"], "not executed");
      const auto request = request_in(asked.out);
      EXPECT_TRUE(wait_stage(request, "refused")) << "the refusal is on record";
      EXPECT_THAT(stages(request), Not(Contains("confirmation_asked")));
    }
  for (const std::string who : {"observer", "operator"})
    for (const char* verb : {"tail", "verify", "export"})
      EXPECT_EQ(ctl(who, {"audit", verb}).exit_code, 10) << who << verb;
}

class RunsOut : public SystemTest {
 protected:
  static void SetUpTestSuite() {
    start_stack({{{"token_ttl_ms", "1500"}, {"stale_after_ms", "1500"}}, {}, {}});
  }
};

TEST_F(RunsOut, TheConfirmationEndsByItselfAndIsNoYes) {
  const auto before = stack().ledger();
  for (const Words& words :
       {Words{"diag", "diagnostics"}, Words{"demote", "a", "--reason", "x"},
        Words{"promote", "b", "--reason", "x"}, Words{"force-promote", "b", "--reason", "x"}}) {
    auto asked = ask("operator", words);
    ASSERT_NE(asked.request, "");
    EXPECT_LE(asked.pending["expires_in_ms"], 1500);
    // No reply at all: its end is told by itself.
    const auto line = asked.child->read_line(kSoonMs);
    ASSERT_TRUE(line);
    EXPECT_EQ(parsed(*line)["error"]["code"], "CONFIRMATION_EXPIRED") << *line;
    EXPECT_EQ(asked.yes().exit_code, 11);
    EXPECT_TRUE(wait_stage(asked.request, "confirmation_ended"));
    EXPECT_THAT(stages(asked.request), Not(Contains("dispatched")));
  }
  EXPECT_EQ(stack().ledger(), before);
}

}  // namespace
}  // namespace aeromq::system_tests
