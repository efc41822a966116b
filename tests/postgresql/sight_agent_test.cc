// The question to an agent: answered, refused at once, and never longer than allowed.
#include <gmock/gmock.h>

#include <atomic>
#include <map>
#include <thread>

#include "kernel/postgresql/sight/agent_probe.h"
#include "process/clock.h"
#include "tests/support/child.h"
#include "tests/support/scratch_folder.h"
#include "transport/frames.h"
#include "transport/listener.h"
#include "transport/zap.h"

namespace aeromq::postgresql {
namespace {

using testing::HasSubstr;

std::uint64_t now_ms() { return process::now().boot_ns / kNanosPerMs; }

/// An agent that answers as told: with this node's name, or not at all.
class FakeAgent {
 public:
  explicit FakeAgent(std::string answers_as) : name_(std::move(answers_as)) {
    node_.name = "n1";
    node_.agent = folder_.ipc();
    node_.agent_key = keys_.public_key;
    thread_ = std::thread([this] { serve(); });
    EXPECT_TRUE(test::eventually([this] { return bound_.load(); }));
  }
  ~FakeAgent() {
    ending_ = true;
    thread_.join();
  }
  NodeSettings node() const { return node_; }
  const transport::KeyPair& client() const { return client_; }
  void mute() { muted_ = true; }

 private:
  void serve();

  test::ScratchFolder folder_;
  std::string name_;
  transport::KeyPair keys_ = transport::make_key_pair();
  transport::KeyPair client_ = transport::make_key_pair();
  NodeSettings node_;
  std::atomic<bool> bound_{false};
  std::atomic<bool> ending_{false};
  std::atomic<bool> muted_{false};
  std::thread thread_;
};

void FakeAgent::serve() {
  transport::ZapRules rules;
  rules.keys[client_.public_key] = "kernel";
  auto context = transport::Context::start({{"agent", rules}});
  ASSERT_TRUE(context);
  auto listener = transport::Listener::bind(
      **context, node_.agent, {.zap_domain = "agent", .secret_key = keys_.secret_key});
  ASSERT_TRUE(listener);
  bound_ = true;
  transport::Listener* const all[] = {&*listener};
  std::map<transport::Connection, std::uint64_t> sent;
  std::map<transport::Connection, std::uint64_t> heard;
  while (!ending_) {
    transport::wait_any(all, 10);
    while (const auto incoming = listener->receive()) {
      const auto question = transport::from_frames(incoming->frames);
      ASSERT_TRUE(question) << question.error().message;
      EXPECT_EQ(question->header.seq, ++heard[incoming->connection]);
      if (question->header.type == AgentHello::kType) {
        EXPECT_EQ(decode<AgentHello>(question->body).value(), AgentHello{kAgentProtocol});
        continue;
      }
      EXPECT_EQ(question->header.type, AgentLook::kType);
      if (muted_) continue;
      AgentStatus status;
      status.node = name_;
      status.running = true;
      const Header header{AgentStatus::kType, BootId{{1}}, ++sent[incoming->connection], {}, {}};
      listener->send(incoming->connection, transport::to_frames(header, encode(status)));
    }
  }
}

Result<AgentStatus> ask(AgentProbe& probe, std::uint64_t allowed_ms) {
  probe.begin(now_ms(), allowed_ms);
  return probe.finish();
}

TEST(PostgresqlSightAgent, AnAgentAnswersLookAfterLookOverOneConnection) {
  const FakeAgent agent("n1");
  AgentProbe probe(agent.node(), agent.client());
  for (int i = 0; i < 3; ++i) {
    const auto told = ask(probe, 5000);
    ASSERT_TRUE(told) << told.error().message;
    EXPECT_EQ(told->node, "n1");
    EXPECT_TRUE(told->running);
  }
}

TEST(PostgresqlSightAgent, AnotherNodesAgentIsNotBelieved) {
  const FakeAgent agent("n2");
  AgentProbe probe(agent.node(), agent.client());
  const auto told = ask(probe, 5000);
  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().message, "the agent says that it is n2's");
}

TEST(PostgresqlSightAgent, AnAbsentAgentIsToldAtOnce) {
  const test::ScratchFolder folder;
  NodeSettings node;
  node.name = "n1";
  node.agent_key = transport::make_key_pair().public_key;
  for (const auto& endpoint : {folder.ipc(), std::string("tcp://127.0.0.1:1")}) {
    node.agent = endpoint;
    AgentProbe probe(node, transport::make_key_pair());
    const auto begin = now_ms();
    const auto told = ask(probe, 5000);
    ASSERT_FALSE(told);
    EXPECT_EQ(told.error().message, "nobody listens (" + endpoint + ")");
    EXPECT_LT(now_ms() - begin, 2500U);
  }
}

TEST(PostgresqlSightAgent, ASilentAgentIsWaitedForNoLongerThanAllowed) {
  FakeAgent agent("n1");
  AgentProbe probe(agent.node(), agent.client());
  ASSERT_TRUE(ask(probe, 5000));
  agent.mute();
  for (int i = 0; i < 2; ++i) {
    const auto begin = now_ms();
    const auto told = ask(probe, 200);
    ASSERT_FALSE(told);
    EXPECT_THAT(told.error().message, HasSubstr("no answer"));
    EXPECT_GE(now_ms() - begin, 195U);
    EXPECT_LT(now_ms() - begin, 700U);
  }
}

TEST(PostgresqlSightAgent, AWrongKeyIsToldAndNotWaitedFor) {
  const FakeAgent agent("n1");
  AgentProbe probe(agent.node(), transport::make_key_pair());
  const auto told = ask(probe, 5000);
  ASSERT_FALSE(told);
  EXPECT_THAT(told.error().message, testing::StartsWith("it refused this key ("));
}

}  // namespace
}  // namespace aeromq::postgresql
