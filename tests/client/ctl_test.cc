// aeromq-ctl itself, against a scripted broker: exit codes, the two-step protocol, the dialogue on
// a terminal, interrupts before and after the confirmation left.
#include <gmock/gmock.h>
#include <signal.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/client/ctl_process.h"
#include "tests/client/scripted_broker.h"

namespace aeromq::ctl {
namespace {

using client::a_command;
using client::a_question;
using client::a_view_result;
using client::answer_well;
using client::Script;
using client::ScriptedBroker;
using nlohmann::json;
using test::eventually;
using ::testing::HasSubstr;
using ::testing::Not;

using Arguments = std::vector<std::string>;

Arguments with_file(const ScriptedBroker& broker, Arguments more) {
  Arguments all{"-c", broker.file()};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

struct Ran {
  int code = -1;
  std::string out;
  std::string errors;
};

Ran run(const Arguments& arguments, const std::string& input = {}) {
  CtlProcess ctl(arguments, Front::pipes);
  if (!input.empty()) ctl.type(input);
  ctl.end_input();
  const int code = ctl.end();
  return {code, ctl.out, ctl.errors};
}

const Arguments kPromote{"promote", "node2", "--reason", "OPS-812"};
const Arguments kTwoStep{"promote", "node2", "--reason", "OPS-812", "--two-step"};
constexpr const char* kPrompt = "Type \"promote node2 on batman\"";
constexpr const char* kResponsibility = "I take responsibility: force-promote node2 on batman";
constexpr const char* kPhrase = "promote node2 on batman\n";

/// Answers submits well and does `then` with everything else.
client::OnMessage after_submit(client::OnMessage then) {
  return [then](Script& script, const transport::Received& message) {
    message.header.type == MessageType::submit ? answer_well(script, message)
                                               : then(script, message);
  };
}

std::string confirm_line(const std::string& more = "") {
  return R"({"confirm":"abababababababababababababababab","sentence":"promote node2 on batman")" +
         more + "}\n";
}

json line(const std::string& text, std::size_t index) {
  std::istringstream in(text);
  std::string one;
  for (std::size_t i = 0; i <= index; ++i) std::getline(in, one);
  return json::parse(one);
}

// ---- usage
// ---------------------------------------------------------------------------------------

TEST(Ctl, HelpListsTheExitCodesAndVersionIsTold) {
  const auto help = run({"--help"});
  EXPECT_EQ(help.code, 0);
  for (const auto* code : {"\n   0 ", "\n  11 ", "\n  30 ", "\n  31 ", "\n  49 "})
    EXPECT_THAT(help.out, HasSubstr(code));
  const auto version = run({"--version"});
  EXPECT_EQ(version.code, 0);
  EXPECT_THAT(version.out, HasSubstr("aeromq-ctl 0."));
}

TEST(Ctl, WrongUsageIsTwo) {
  for (const auto& wrong : {Arguments{},
                            {"promote"},
                            {"promote", "node2"},
                            {"inspect"},
                            {"inspect", "node"},
                            {"nonsense"},
                            {"-o", "xml", "status"},
                            {"promote", "n", "--reason", "r", "--yes"},
                            {"inspect", "cluster", "--watch", "0"},
                            {"status"},
                            {"outcome", "9C41"},
                            {"outcome", "9C41-E07A-B2D3-5F18-K3QV-7M2A-0XNT-4RWE"},
                            {"-c", "/no/file", "status"}})
    EXPECT_EQ(run(wrong).code, 2) << ::testing::PrintToString(wrong);
}

TEST(Ctl, InputIsJudgedBeforeAnyContact) {
  ScriptedBroker broker(answer_well);
  for (const auto& wrong : {Arguments{"promote", "no de", "--reason", "r", "--two-step"},
                            {"promote", "node2", "--reason", "a\x1b[31m", "--two-step"},
                            {"promote", "node2", "--reason", " ", "--two-step"},
                            {"inspect", "node", "a/b"},
                            {"audit", "timeline", "9C41"}})
    EXPECT_EQ(run(with_file(broker, wrong)).code, 2) << ::testing::PrintToString(wrong);
  EXPECT_TRUE(broker.seen().empty());
}

TEST(Ctl, WithoutATerminalNothingIsSent) {
  ScriptedBroker broker(answer_well);
  for (const auto& mutation :
       {kPromote, Arguments{"diag", "diagnostics"}, {"force-promote", "node2", "--reason", "r"}}) {
    const auto ran = run(with_file(broker, mutation), kPhrase);
    EXPECT_EQ(ran.code, 2);
    EXPECT_THAT(ran.errors, HasSubstr("--two-step"));
  }
  EXPECT_TRUE(broker.seen().empty());
}

TEST(Ctl, TheConfigMayComeFromTheEnvironment) {
  ScriptedBroker broker(answer_well);
  test::ScratchFolder folder;
  const auto script = folder.put(
      "run", "#!/bin/sh\nAEROMQ_CONFIG=" + broker.file() + " exec " AEROMQ_CTL " status\n");
  test::Child child({"/bin/sh", script});
  const auto status = child.end();
  ASSERT_TRUE(status);
  EXPECT_EQ(*status, 0);
  EXPECT_EQ(broker.count(MessageType::status_query), 1U);
}

// ---- looking
// -------------------------------------------------------------------------------------

TEST(Ctl, EveryLookInEveryFormat) {
  ScriptedBroker broker(answer_well);
  for (const auto& verb : {Arguments{"inspect", "cluster"},
                           {"inspect", "node", "node2"},
                           {"inspect", "replication"},
                           {"inspect", "promotion"},
                           {"diag", "wal"},
                           {"diag", "snapshots"}}) {
    auto arguments = with_file(broker, verb);
    EXPECT_THAT(run(arguments).out, HasSubstr("snapshot 4417"));
    arguments.insert(arguments.end(), {"-o", "json"});
    const auto shown = run(arguments);
    EXPECT_EQ(shown.code, 0);
    EXPECT_EQ(json::parse(shown.out)["snapshot"], 4417);
    arguments.back() = "yaml";
    EXPECT_THAT(run(arguments).out, HasSubstr("\nsnapshot: 4417\n"));
  }
}

TEST(Ctl, TwoPrimariesExit49) {
  ScriptedBroker broker([](Script& script, const transport::Received& message) {
    auto result = a_view_result(a_command(CommandName::inspect_cluster_state));
    auto view = decode<View>(result.view).value();
    view.findings = {{"TWO_PRIMARIES", Severity::alarm, "node1 and node2"}};
    result.view = encode(view);
    script.send(message.header.request, result);
  });
  const auto ran = run(with_file(broker, {"inspect", "cluster"}));
  EXPECT_EQ(ran.code, 49);
  EXPECT_THAT(ran.out, HasSubstr("ALARM: node1 and node2"));
}

TEST(Ctl, WatchingLooksAgainUntilASignal) {
  ScriptedBroker broker(answer_well);
  CtlProcess ctl(with_file(broker, {"-o", "json", "inspect", "cluster", "--watch", "1"}),
                 Front::pipes);
  ASSERT_TRUE(ctl.reads("}\n{"));  // the second view
  ctl.signal(SIGINT);
  EXPECT_EQ(ctl.end(), 0);
  EXPECT_EQ(line(ctl.out, 1)["snapshot"], 4417) << "one line for each view";
}

TEST(Ctl, ExplainIsASubmitAndAnAbandon) {
  ScriptedBroker broker(answer_well);
  const auto ran = run(with_file(broker, {"-o", "json", "explain", "promote", "node2"}));
  EXPECT_EQ(ran.code, 0) << ran.errors;
  EXPECT_EQ(json::parse(ran.out)["action"], "give write authority to node2");
  EXPECT_EQ(broker.count(MessageType::abandon), 1U);
  EXPECT_EQ(broker.count(MessageType::confirm), 0U);
}

// ---- exit codes
// ----------------------------------------------------------------------------------

TEST(Ctl, EveryErrorHasItsExitCode) {
  Error told;
  ScriptedBroker broker([&](Script& script, const transport::Received& message) {
    script.send(message.header.request, ErrorAnswer{told, 1});
  });
  for (const auto& row : error_table()) {
    told = make_error(row.number);
    const auto ran = run(with_file(broker, {"-o", "json", "inspect", "cluster"}));
    EXPECT_EQ(ran.code, row.exit_code) << row.code;
    const auto shown = json::parse(ran.errors);
    EXPECT_EQ(shown["code"], row.code);
    EXPECT_EQ(shown["domain"], text_of(row.domain));
    EXPECT_EQ(shown["outcome"], text_of(row.outcome));
    EXPECT_EQ(shown.contains("ask"), row.outcome == Outcome::unknown);
    EXPECT_TRUE(ran.out.empty());
  }
  told = kernel_rejection("SOME_KERNELS_OWN", "in its words", {});
  EXPECT_EQ(run(with_file(broker, {"inspect", "cluster"})).code, 20);
}

TEST(Ctl, NotReachedIs31) {
  std::string file;
  test::ScratchFolder folder;
  {
    ScriptedBroker broker(answer_well);
    std::ifstream in(broker.file());
    file = folder.put("c.toml", std::string(std::istreambuf_iterator<char>(in), {}));
  }
  const auto ran = run({"-c", file, "inspect", "cluster"});
  EXPECT_EQ(ran.code, 31);
  EXPECT_THAT(ran.errors, HasSubstr("NOT_REACHED"));
}

TEST(Ctl, OutcomeNeverTakesAFailedQuestionForNotExecuted) {
  Error told = make_error(ErrorCode::actor_unavailable);
  ScriptedBroker broker([&](Script& script, const transport::Received& message) {
    script.send(message.header.request, ErrorAnswer{told, 1});
  });
  RequestId about;
  about.counter = 4;
  about.kernel_action = true;
  const auto ran = run(with_file(broker, {"-o", "json", "outcome", about.text()}));
  EXPECT_EQ(ran.code, 30) << "31 would say: not executed";
  EXPECT_EQ(json::parse(ran.errors)["outcome"], "unknown");
  EXPECT_THAT(json::parse(ran.errors)["ask"].get<std::string>(), HasSubstr(about.text()));
}

TEST(Ctl, OutcomeIsOfTheRequestInQuestionOnly) {
  OutcomeAnswer told;
  ScriptedBroker broker([&](Script& script, const transport::Received& message) {
    auto result = a_view_result(a_command(CommandName::inspect_promotion_state));
    auto view = decode<View>(result.view).value();
    view.outcomes = {told};
    result.view = encode(view);
    script.send(message.header.request, result);
  });
  RequestId about;
  about.counter = 4;
  told.request = about;
  told.verdict = Verdict::executed;
  told.final_ = true;
  auto lower = about.text();
  for (auto& c : lower) c = static_cast<char>(::tolower(c));
  EXPECT_EQ(run(with_file(broker, {"outcome", lower})).code, 0) << "either case is the same id";
  told.request.counter = 5;
  EXPECT_EQ(run(with_file(broker, {"outcome", about.text()})).code, 30);
}

// ---- two steps
// -----------------------------------------------------------------------------------

TEST(TwoSteps, ConfirmedAndExecuted) {
  ScriptedBroker broker(answer_well);
  const auto ran = run(with_file(broker, kTwoStep), confirm_line());
  EXPECT_EQ(ran.code, 0) << ran.errors;
  EXPECT_EQ(line(ran.out, 0)["explanation"]["action"], "give write authority to node2");
  EXPECT_EQ(line(ran.out, 1)["outcome"], "executed");
  EXPECT_EQ(line(ran.out, 1)["request"], line(ran.out, 0)["request"]);
  EXPECT_EQ(broker.count(MessageType::confirm), 1U);
}

TEST(TwoSteps, AnOverrideCarriesItsAcknowledgements) {
  ScriptedBroker broker(answer_well);
  const auto ran =
      run(with_file(broker, {"force-promote", "node2", "--reason", "r", "--two-step"}),
          R"({"confirm":"abababababababababababababababab",)"
          R"("sentence":" force-promote node2 on batman ","acknowledge":["RISK_ONE","RISK_TWO"],)"
          R"("accept_responsibility":"I take responsibility: force-promote node2 on batman"})"
          "\n");
  EXPECT_EQ(ran.code, 0) << ran.errors;
  const auto confirm = decode<Confirm>(broker.last(MessageType::confirm)).value();
  EXPECT_THAT(confirm.acknowledge, ::testing::ElementsAre("RISK_ONE", "RISK_TWO"));
  EXPECT_EQ(confirm.sentence, "force-promote node2 on batman");
  EXPECT_EQ(confirm.accept_responsibility, kResponsibility);
}

TEST(TwoSteps, EverythingElseIsAbandoned) {
  ScriptedBroker broker(answer_well);
  const std::string token = R"("abababababababababababababababab")";
  std::size_t abandoned = 0;
  for (const auto& input :
       {std::string(), R"({"abandon":)" + token + "}\n", std::string("yes\n"), std::string("no\n"),
        std::string(R"({"confirm":"00"})"
                    "\n"),
        R"({"confirm":)" + token + "}\n", R"({"confirm":)" + token + R"(,"sentence":"no"})" + "\n",
        R"({"confirm":)" + token + R"(,"sentence":"promote node3 on batman"})" + "\n",
        confirm_line(R"(,"force":true)"), confirm_line(R"(,"accept_responsibility":"I do")"),
        confirm_line().substr(0, 40)}) {
    const auto ran = run(with_file(broker, kTwoStep), input);
    EXPECT_EQ(ran.code, 11) << input;
    EXPECT_EQ(line(ran.out, 1)["error"]["code"], "ABANDONED") << input;
    EXPECT_EQ(line(ran.out, 1)["outcome"], "not executed");
    EXPECT_EQ(broker.count(MessageType::abandon), ++abandoned);
  }
  EXPECT_EQ(broker.count(MessageType::confirm), 0U);
}

TEST(TwoSteps, ALostAnswerIs30AndSaysHowToAsk) {
  ScriptedBroker broker(
      after_submit([](Script& script, const transport::Received&) { script.die(); }));
  const auto ran = run(with_file(broker, kTwoStep), confirm_line());
  EXPECT_EQ(ran.code, 30);
  const auto request = line(ran.out, 0)["request"].get<std::string>();
  EXPECT_EQ(line(ran.out, 1)["outcome"], "unknown");
  EXPECT_THAT(ran.errors, HasSubstr("aeromq-ctl -c " + broker.file() + " outcome " + request));
}

TEST(TwoSteps, AConfirmationThatEndsWhileTheProgramThinks) {
  ScriptedBroker broker([](Script& script, const transport::Received& message) {
    answer_well(script, message);
    script.send(message.header.request,
                ErrorAnswer{make_error(ErrorCode::confirmation_expired), 3});
  });
  CtlProcess ctl(with_file(broker, kTwoStep), Front::pipes);  // its input stays open and silent
  EXPECT_EQ(ctl.end(), 11);
  EXPECT_EQ(line(ctl.out, 1)["error"]["code"], "CONFIRMATION_EXPIRED");
}

// ---- the terminal
// --------------------------------------------------------------------------------

TEST(Terminal, TheIdFirstThenTheExplanationThenTheWords) {
  ScriptedBroker broker(answer_well);
  CtlProcess ctl(with_file(broker, kPromote), Front::terminal);
  ASSERT_TRUE(ctl.reads(kPrompt)) << ctl.out;
  EXPECT_LT(ctl.out.find("request "), ctl.out.find("Action: give write authority to node2"));
  EXPECT_THAT(ctl.out, HasSubstr("(expires "));
  ctl.type(kPhrase);
  EXPECT_EQ(ctl.end(), 0) << ctl.out;
  EXPECT_THAT(ctl.out, HasSubstr("executed"));
  EXPECT_EQ(broker.count(MessageType::confirm), 1U);
}

TEST(Terminal, TheIdIsShownEvenIfNoAnswerEverComes) {
  ScriptedBroker broker([](Script&, const transport::Received&) {});
  CtlProcess ctl(with_file(broker, kPromote), Front::terminal);
  EXPECT_TRUE(ctl.reads("request "));
  EXPECT_TRUE(eventually([&] { return broker.count(MessageType::submit) == 1; }));
  ctl.signal(SIGINT);
  EXPECT_EQ(ctl.end(), 11);
}

TEST(Terminal, OtherWordsDecline) {
  ScriptedBroker broker(answer_well);
  std::size_t abandoned = 0;
  for (const auto* words : {"y\n", "no\n", "\n", "promote node3 on batman\n", "promote node2\n",
                            "Promote node2 on batman\n"}) {
    CtlProcess ctl(with_file(broker, kPromote), Front::terminal);
    ASSERT_TRUE(ctl.reads(kPrompt));
    ctl.type(words);
    EXPECT_EQ(ctl.end(), 11) << ctl.out;
    EXPECT_THAT(ctl.out, HasSubstr("not executed"));
    EXPECT_EQ(broker.count(MessageType::abandon), ++abandoned);
  }
  EXPECT_EQ(broker.count(MessageType::confirm), 0U);
}

TEST(Terminal, WhatWasTypedBeforeItWasAskedForDoesNotCount) {
  RequestId request;
  ScriptedBroker broker([&](Script& script, const transport::Received& message) {
    if (message.header.type == MessageType::submit)
      request = message.header.request;  // no answer yet
    else
      answer_well(script, message);
  });
  CtlProcess ctl(with_file(broker, kPromote), Front::terminal);
  ASSERT_TRUE(eventually([&] { return broker.count(MessageType::submit) == 1; }));
  ctl.type(kPhrase);
  ASSERT_TRUE(ctl.reads("promote node2 on batman")) << "echoed: the terminal holds it";
  broker.post([&](Script& script) {
    script.send(request, a_question(a_command(CommandName::request_promotion)));
  });
  ASSERT_TRUE(ctl.reads(kPrompt));
  ctl.signal(SIGINT);
  EXPECT_EQ(ctl.end(), 11);
  EXPECT_EQ(broker.count(MessageType::confirm), 0U);
}

TEST(Terminal, CtrlCBeforeTheConfirmationAbandons) {
  ScriptedBroker broker(answer_well);
  CtlProcess ctl(with_file(broker, kPromote), Front::terminal);
  ASSERT_TRUE(ctl.reads(kPrompt));
  ctl.type("promote no\x03");  // as the terminal sends it
  EXPECT_EQ(ctl.end(), 11) << ctl.out;
  EXPECT_EQ(broker.count(MessageType::abandon), 1U);
  EXPECT_EQ(broker.count(MessageType::confirm), 0U);
}

TEST(Terminal, AHangupAtThePromptAbandons) {
  ScriptedBroker broker(answer_well);
  CtlProcess ctl(with_file(broker, kPromote), Front::terminal);
  ASSERT_TRUE(ctl.reads(kPrompt));
  ctl.signal(SIGHUP);
  EXPECT_EQ(ctl.end(), 11) << ctl.out;
  EXPECT_EQ(broker.count(MessageType::abandon), 1U);
}

TEST(Terminal, BlanksAtTheEndsAreNotTheWords) {
  ScriptedBroker broker(answer_well);
  CtlProcess ctl(with_file(broker, kPromote), Front::terminal);
  ASSERT_TRUE(ctl.reads(kPrompt));
  ctl.type("  promote node2 on batman \n");
  EXPECT_EQ(ctl.end(), 0) << ctl.out;
  EXPECT_EQ(decode<Confirm>(broker.last(MessageType::confirm)).value().sentence,
            "promote node2 on batman");
}

TEST(Terminal, CtrlDDeclines) {
  ScriptedBroker broker(answer_well);
  CtlProcess ctl(with_file(broker, kPromote), Front::terminal);
  ASSERT_TRUE(ctl.reads(kPrompt));
  ctl.type("\x04");
  EXPECT_EQ(ctl.end(), 11);
  EXPECT_EQ(broker.count(MessageType::confirm), 0U);
}

TEST(Terminal, CtrlCAfterTheConfirmationIsUnknown) {
  ScriptedBroker broker(after_submit([](Script&, const transport::Received&) {}));
  CtlProcess ctl(with_file(broker, kPromote), Front::terminal);
  ASSERT_TRUE(ctl.reads(kPrompt));
  ctl.type(kPhrase);
  ASSERT_TRUE(eventually([&] { return broker.count(MessageType::confirm) == 1; }));
  ctl.signal(SIGINT);
  EXPECT_EQ(ctl.end(), 30) << ctl.out;
  EXPECT_THAT(ctl.out, HasSubstr("aeromq-ctl -c " + broker.file() + " outcome "));
  EXPECT_EQ(broker.count(MessageType::abandon), 0U);
}

TEST(Terminal, AConfirmationThatRunsOutIsToldWhileThePersonTypes) {
  RequestId request;
  ScriptedBroker broker([&](Script& script, const transport::Received& message) {
    request = message.header.request;
    answer_well(script, message);
  });
  CtlProcess ctl(with_file(broker, kPromote), Front::terminal);
  ASSERT_TRUE(ctl.reads(kPrompt));
  ctl.type("promote no");  // no end of line yet
  broker.post([&](Script& script) {
    script.send(request, ErrorAnswer{make_error(ErrorCode::confirmation_expired), 3});
  });
  EXPECT_EQ(ctl.end(), 11) << ctl.out;
  EXPECT_THAT(ctl.out, HasSubstr("CONFIRMATION_EXPIRED"));
  EXPECT_EQ(broker.count(MessageType::confirm), 0U);
}

TEST(Terminal, ABrokerThatDiesWhileThePersonTypesEndsTheQuestion) {
  ScriptedBroker broker(answer_well);
  CtlProcess ctl(with_file(broker, kPromote), Front::terminal);
  ASSERT_TRUE(ctl.reads(kPrompt));
  broker.post([](Script& script) { script.die(); });
  EXPECT_EQ(ctl.end(), 11) << ctl.out;
  EXPECT_THAT(ctl.out, HasSubstr("ABANDONED"));
  EXPECT_THAT(ctl.out, HasSubstr("while the question was open, the connection has ended"));
}

TEST(Terminal, AnOverrideAsksForEachRiskAndTheSentence) {
  ScriptedBroker broker(answer_well);
  CtlProcess ctl(with_file(broker, {"force-promote", "node2", "--reason", "r"}), Front::terminal);
  ASSERT_TRUE(ctl.reads("Type \"force-promote node2 on batman\""));
  ctl.type("force-promote node2 on batman\n");
  ASSERT_TRUE(ctl.reads("Type \"RISK_ONE\""));
  ctl.type("RISK_ONE\n");
  ASSERT_TRUE(ctl.reads("Type \"RISK_TWO\""));
  ctl.type("RISK_TWO\n");
  ASSERT_TRUE(ctl.reads("to take responsibility"));
  EXPECT_EQ(broker.count(MessageType::confirm), 0U) << "not before the last answer";
  ctl.type(std::string(" ") + kResponsibility + "\t\n");
  EXPECT_EQ(ctl.end(), 0) << ctl.out;
  const auto confirm = decode<Confirm>(broker.last(MessageType::confirm)).value();
  EXPECT_THAT(confirm.acknowledge, ::testing::ElementsAre("RISK_ONE", "RISK_TWO"));
  EXPECT_EQ(confirm.accept_responsibility, kResponsibility);
}

TEST(Terminal, AMissedRiskDeclines) {
  ScriptedBroker broker(answer_well);
  CtlProcess ctl(with_file(broker, {"force-promote", "node2", "--reason", "r"}), Front::terminal);
  ASSERT_TRUE(ctl.reads("Type \"force-promote node2 on batman\""));
  ctl.type("force-promote node2 on batman\n");
  ASSERT_TRUE(ctl.reads("Type \"RISK_ONE\""));
  ctl.type("RISK_TWO\n");
  EXPECT_EQ(ctl.end(), 11);
  EXPECT_EQ(broker.count(MessageType::confirm), 0U);
}

TEST(Terminal, DiagnosticsAreConfirmedToo) {
  ScriptedBroker broker(answer_well);
  CtlProcess ctl(with_file(broker, {"diag", "diagnostics"}), Front::terminal);
  ASSERT_TRUE(ctl.reads("Type \"run diagnostics on batman\""));
  ctl.type("run diagnostics on batman\n");
  EXPECT_EQ(ctl.end(), 0) << ctl.out;
  EXPECT_THAT(ctl.out, HasSubstr("snapshot 4417"));
}

// ---- kill points
// ---------------------------------------------------------------------------------

TEST(Ctl, ListsItsKillPoints) {
  const auto ran = run({"--list-kill-points"});
  EXPECT_EQ(ran.code, 0);
#ifdef AEROMQ_CHAOS
  for (const auto* step : client::observed_steps())
    EXPECT_THAT(ran.out, HasSubstr(std::string("client.") + step + "\n"));
#else
  EXPECT_TRUE(ran.out.empty());
#endif
}

}  // namespace
}  // namespace aeromq::ctl
