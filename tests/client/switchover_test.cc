// aeromq-ctl switchover against a scripted broker: two requests, two confirmations, and what is
// told when the second does not come to its end.
#include <gmock/gmock.h>
#include <signal.h>

#include <mutex>
#include <nlohmann/json.hpp>

#include "tests/client/ctl_process.h"
#include "tests/client/scripted_broker.h"

namespace aeromq::ctl {
namespace {

using client::a_view;
using client::answer_well;
using client::Script;
using client::ScriptedBroker;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

/// A broker of a cluster whose authority moves, as far as a switch asks. `end` may answer a message
/// about the second request in another way: then it returns true.
class Cluster {
 public:
  using End = std::function<bool(Script&, const transport::Received&)>;
  explicit Cluster(End end = {}) : end_(std::move(end)) {}

  void operator()(Script& script, const transport::Received& message) {
    const auto type = message.header.type;
    if (type == MessageType::submit) last_ = decode<Submit>(message.body).value();
    if (last_.command == "inspect_cluster_state" || last_.command == "inspect_promotion_state")
      return look(script, message);
    if (last_.command == "request_promotion" && end_ && end_(script, message)) return;
    if (type == MessageType::confirm) holder_ = last_.command == "request_demotion" ? "" : "node2";
    answer_well(script, message);
  }

 private:
  void look(Script& script, const transport::Received& message) {
    auto view = a_view(last_.command);
    view.facts = {{"holder", holder_, ColumnKind::text}};
    // The old primary reports once more as it was, before it says that it knows.
    const auto reported = holder_.empty() && looks_++ > 0 ? "replica" : "primary";
    view.tables = {{"nodes",
                    {{"node", ColumnKind::text},
                     {"reported", ColumnKind::text},
                     {"fencing_epoch", ColumnKind::number},
                     {"stale", ColumnKind::flag}},
                    {{{"node1", reported, "5", "false"}}}}};
    RequestResult result;
    result.command = last_.command;
    result.view = encode(view);
    script.send(message.header.request, result);
  }
  End end_;
  Submit last_;
  std::string holder_ = "node1";
  int looks_ = 0;
};

std::vector<std::string> words(const ScriptedBroker& broker, const std::string& more = {}) {
  std::vector<std::string> all{"-c",    broker.file(), "switchover",       "node1",
                               "node2", "--reason",    "OPS-812: it's old"};
  if (!more.empty()) all.push_back(more);
  return all;
}

constexpr const char* kDemote = "Type \"demote node1 on batman\"";
constexpr const char* kPromote = "Type \"promote node2 on batman\"";

/// The first request, confirmed; the second's question is on the screen.
void come_to_the_second(CtlProcess& ctl) {
  ASSERT_TRUE(ctl.reads(kDemote)) << ctl.out;
  ctl.type("demote node1 on batman\n");
  ASSERT_TRUE(ctl.reads(kPromote)) << ctl.out;
}

json line(const std::string& text, std::size_t index) {
  std::istringstream in(text);
  std::string one;
  for (std::size_t i = 0; i <= index; ++i) std::getline(in, one);
  return json::parse(one);
}

/// The yes to a switchover's first question, or to its second.
std::string confirm_line(const std::string& sentence = "demote node1 on batman") {
  return R"({"confirm":"abababababababababababababababab","sentence":")" + sentence + "\"}\n";
}

struct Ran {
  int code = -1;
  std::string out;
  std::string errors;
};

Ran by_program(const ScriptedBroker& broker, const std::string& input) {
  CtlProcess ctl(words(broker, "--two-step"), Front::pipes);
  ctl.type(input);
  ctl.end_input();
  const int code = ctl.end();
  return {code, ctl.out, ctl.errors};
}

TEST(Switchover, IsTwoRequestsEachWithItsOwnWords) {
  ScriptedBroker broker{Cluster()};
  CtlProcess ctl(words(broker), Front::terminal);
  come_to_the_second(ctl);
  EXPECT_THAT(ctl.out, HasSubstr("Preview: the promotion of node2"));
  EXPECT_EQ(broker.count(MessageType::confirm), 1U);
  EXPECT_EQ(broker.count(MessageType::submit), 4U) << "two, and two looks for the last word";
  ctl.type("promote node2 on batman\n");
  EXPECT_EQ(ctl.end(), 0) << ctl.out;
  EXPECT_THAT(ctl.out, HasSubstr("node2 holds write authority"));
  EXPECT_THAT(ctl.out, HasSubstr("nobody could write: 0."));
  EXPECT_EQ(broker.count(MessageType::confirm), 2U);
  EXPECT_EQ(broker.count(MessageType::submit), 4U) << "nothing was sent a second time";
}

TEST(Switchover, TheDemotionNamesItsSuccessor) {
  Submit demotion;
  ScriptedBroker broker([&](Script& script, const transport::Received& message) {
    if (message.header.type == MessageType::submit) demotion = decode<Submit>(message.body).value();
    answer_well(script, message);
  });
  CtlProcess ctl(words(broker), Front::terminal);
  ASSERT_TRUE(ctl.reads(kDemote));
  ctl.signal(SIGINT);
  EXPECT_EQ(ctl.end(), 11);
  EXPECT_EQ(demotion, (Submit{"request_demotion", "node1", "OPS-812: it's old", "", "node2"}));
  EXPECT_EQ(broker.count(MessageType::submit), 1U) << "nothing was asked for after a no";
}

TEST(Switchover, AProgramConfirmsTwice) {
  ScriptedBroker broker{Cluster()};
  const auto ran = by_program(broker, confirm_line() + confirm_line("promote node2 on batman"));
  EXPECT_EQ(ran.code, 0) << ran.errors;
  EXPECT_EQ(line(ran.out, 0)["explanation"]["successor"], "node2");
  EXPECT_EQ(line(ran.out, 0)["explanation"]["successor_checks"][0]["code"], "PRIMARY_EXISTS");
  EXPECT_EQ(line(ran.out, 1)["command"], "request_demotion");
  EXPECT_EQ(line(ran.out, 2)["explanation"]["command"], "request_promotion");
  EXPECT_EQ(line(ran.out, 3)["command"], "request_promotion");
  EXPECT_EQ(line(ran.out, 4)["switchover"], "done");
  EXPECT_LT(line(ran.out, 4)["nobody_could_write_ms"], 60'000);
}

/// What is told after a demotion whose promotion did not follow.
void expect_the_ways(const ScriptedBroker& broker, const std::string& out) {
  EXPECT_THAT(out, HasSubstr("The demotion of node1 is executed; the promotion of node2 is not"));
  EXPECT_THAT(out, HasSubstr("No node holds write authority now, under fencing epoch 5: nobody can "
                             "write"));
  const auto config = "aeromq-ctl -c " + broker.file();
  for (const std::string way :
       {" promote node2 --reason 'OPS-812: it'\\''s old'",
        " promote node1 --reason 'OPS-812: it'\\''s old'", " inspect promotion"})
    EXPECT_THAT(out, HasSubstr(config + way));
}

TEST(Switchover, OtherWordsForTheSecondEndWithTheWays) {
  ScriptedBroker broker{Cluster()};
  CtlProcess ctl(words(broker), Front::terminal);
  come_to_the_second(ctl);
  ctl.type("no\n");
  EXPECT_EQ(ctl.end(), 11);
  expect_the_ways(broker, ctl.out);
}

TEST(Switchover, CtrlCBetweenSaysThatNobodyHoldsAuthority) {
  ScriptedBroker broker{Cluster()};
  CtlProcess ctl(words(broker), Front::terminal);
  come_to_the_second(ctl);
  ctl.signal(SIGINT);
  EXPECT_EQ(ctl.end(), 11);
  expect_the_ways(broker, ctl.out);
  EXPECT_EQ(broker.count(MessageType::confirm), 1U);
}

TEST(Switchover, ARejectionOfTheSecondEndsWithTheWays) {
  ScriptedBroker broker{Cluster([](Script& script, const transport::Received& message) {
    if (message.header.type != MessageType::confirm) return false;
    script.send(message.header.request,
                ErrorAnswer{kernel_rejection("TARGET_UNREACHABLE", "node2 is gone", {}), 9});
    return true;
  })};
  const auto ran = by_program(broker, confirm_line() + confirm_line("promote node2 on batman"));
  EXPECT_EQ(ran.code, 20) << ran.errors;
  const auto told = line(ran.out, 4);
  EXPECT_EQ(told["switchover"], "stopped between");
  EXPECT_EQ(told["demotion"]["outcome"], "executed");
  EXPECT_EQ(told["promotion"]["outcome"], "not executed");
  EXPECT_EQ(told["holder"], "");
  EXPECT_EQ(told["commands"].size(), 3U);
}

TEST(Switchover, ARefusalOfTheSecondsQuestionEndsWithTheWays) {
  ScriptedBroker broker{Cluster([](Script& script, const transport::Received& message) {
    script.send(message.header.request, ErrorAnswer{make_error(ErrorCode::kernel_unavailable), 9});
    return true;
  })};
  CtlProcess ctl(words(broker), Front::terminal);
  ASSERT_TRUE(ctl.reads(kDemote));
  ctl.type("demote node1 on batman\n");
  EXPECT_EQ(ctl.end(), exit_code(make_error(ErrorCode::kernel_unavailable)));
  expect_the_ways(broker, ctl.out);
}

TEST(Switchover, ALostAnswerToTheSecondIsUnknownAndAskedAboutFirst) {
  ScriptedBroker broker{Cluster([](Script& script, const transport::Received& message) {
    if (message.header.type != MessageType::confirm) return false;
    script.die();
    return true;
  })};
  const auto ran = by_program(broker, confirm_line() + confirm_line("promote node2 on batman"));
  EXPECT_EQ(ran.code, 30);
  const auto told = line(ran.out, 4);
  EXPECT_EQ(told["promotion"]["outcome"], "unknown");
  EXPECT_TRUE(told["holder"].is_null()) << "nobody was there to tell";
  const auto request = line(ran.out, 2)["request"].get<std::string>();
  EXPECT_THAT(told["commands"][0]["command"].get<std::string>(), HasSubstr(" outcome " + request));
}

TEST(Switchover, ADemotionThatIsNotExecutedIsTheEnd) {
  ScriptedBroker broker([](Script& script, const transport::Received& message) {
    if (message.header.type != MessageType::confirm) return answer_well(script, message);
    script.send(message.header.request,
                ErrorAnswer{kernel_rejection("SUCCESSOR_NOT_READY", "node2 is behind", {}), 9});
  });
  const auto ran = by_program(broker, confirm_line() + confirm_line("promote node2 on batman"));
  EXPECT_EQ(ran.code, 20);
  EXPECT_THAT(ran.errors, HasSubstr("SUCCESSOR_NOT_READY"));
  EXPECT_EQ(broker.count(MessageType::submit), 1U);
}

TEST(Switchover, ABrokerOfAnOlderMinorIsNotAsked) {
  ScriptedBroker broker(answer_well);
  broker.minor = 1;
  const auto ran = by_program(broker, confirm_line());
  EXPECT_EQ(ran.code, 10);
  EXPECT_THAT(ran.errors, HasSubstr("VERSION_NOT_SUPPORTED"));
  EXPECT_THAT(ran.errors, HasSubstr("minor 1"));
  EXPECT_EQ(broker.count(MessageType::submit), 0U);
}

TEST(Switchover, InputIsJudgedBeforeAnyContact) {
  ScriptedBroker broker(answer_well);
  const std::vector<std::vector<std::string>> wrong{
      {"switchover", "node1", "--reason", "r", "--two-step"},
      {"switchover", "node1", "node1", "--reason", "r", "--two-step"},
      {"switchover", "node1", "no de", "--reason", "r", "--two-step"},
      {"switchover", "node1", "node2", "--two-step"},
      {"switchover", "node1", "node2", "--reason", "r"},  // no terminal
      {"promote", "node2", "--successor", "node1", "--reason", "r", "--two-step"}};
  for (const auto& one : wrong) {
    auto all = one;
    all.insert(all.begin(), {"-c", broker.file()});
    CtlProcess ctl(all, Front::pipes);
    ctl.end_input();
    EXPECT_EQ(ctl.end(), 2) << ::testing::PrintToString(one);
  }
  EXPECT_TRUE(broker.seen().empty());
}

}  // namespace
}  // namespace aeromq::ctl
