#include "tests/postgresql/agent_cluster.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <utility>

namespace aeromq::postgresql {
namespace {

constexpr int kAnswerMs = 100'000;

AgentCluster::Ran shell(const std::string& command) {
  AgentCluster::Ran ran;
  auto* pipe = ::popen((command + " 2>&1").c_str(), "r");
  char buffer[4096];
  while (const auto got = std::fread(buffer, 1, sizeof buffer, pipe)) ran.out.append(buffer, got);
  const int status = ::pclose(pipe);
  ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ran;
}

std::string key_file(const transport::KeyPair& keys) {
  return "public_key = \"" + keys.public_key + "\"\nsecret_key = \"" + keys.secret_key + "\"\n";
}

}  // namespace

bool within_a_minute(const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (std::chrono::steady_clock::now() < end) {
    if (done()) return true;
    ::poll(nullptr, 0, 50);
  }
  return done();
}

AgentCluster::AgentCluster(const Deadlines& deadlines) : kernel_(transport::make_key_pair()) {
  std::filesystem::permissions(folder_.path(), std::filesystem::perms(0755));
  history_.octets = {1, 2, 3, 4};
  ::setenv("AEROMQ_KILL_FILE", (directory() + "/kill").c_str(), 1);
  tool("up", "--nodes n1,n2,n3 --template " PG_TEMPLATE);
  write_agent_files(tool("nodes"), deadlines);
  tool("agents", "--folder " + folder_.path() + " --bin-dir " AGENT_FOLDER);
}

AgentCluster::~AgentCluster() {
  thaw();
  if (testing::Test::HasFailure())
    for (const auto& name : names)
      std::printf("---- agent of %s\n%s\n", name.c_str(),
                  shell("tail -n 40 " + directory() + "/" + name + "/agent/agent.log").out.c_str());
  ::unsetenv("AEROMQ_KILL_FILE");
  tool("down");
}

void AgentCluster::write_agent_files(const std::string& nodes, const Deadlines& deadlines) {
  settings_.kernel_key = kernel_.public_key;
  std::map<std::string, transport::KeyPair> keys;
  std::istringstream in(nodes);
  for (std::string one; std::getline(in, one, ',');) {
    NodeSettings node;
    node.name = one.substr(0, one.find('='));
    node.host = "127.0.0.1";
    node.port = std::stoul(one.substr(one.rfind(':') + 1));
    node.agent = "tcp://127.0.0.1:" + std::to_string(node.port + 2000);
    keys[node.name] = transport::make_key_pair();
    node.agent_key = keys[node.name].public_key;
    settings_.nodes.push_back(node);
  }
  for (const auto& node : settings_.nodes) {
    const auto at = "agents/" + node.name;
    std::filesystem::create_directories(folder_ / at);
    AgentSettings agent;
    agent.node = node.name;
    agent.data = agent.bin = "filled in by pg_cluster";
    agent.log = "postgresql.log";
    agent.promote_deadline_ms = deadlines.promote_ms;
    agent.receive_deadline_ms = deadlines.receive_ms;
    agent.stop_deadline_ms = deadlines.stop_ms;
    folder_.put(at + "/agent.toml", agent_settings_text(agent));
    folder_.put(at + "/postgresql.toml", cluster_settings_text(settings_));
    const auto file = folder_.put(at + "/keys.toml", key_file(keys[node.name]));
    std::filesystem::permissions(file, std::filesystem::perms(0600));
  }
}

std::string AgentCluster::tool(const std::string& verb, const std::string& words) const {
  const auto ran = shell(PG_CLUSTER " " + verb + " " + directory() + " " + words);
  EXPECT_EQ(ran.code, 0) << verb << ": " << ran.out;
  return ran.out;
}

AgentCluster::Ran AgentCluster::verb(const std::string& node, const std::string& words) const {
  return shell(AGENT_FOLDER "/aeromq-pg-agent " + words + " --config " + directory() + "/" + node +
               "/agent/agent.toml");
}

std::string AgentCluster::sql(const std::string& node, const std::string& query) const {
  const auto* at = find_node(settings_, node);
  const auto ran =
      shell("PGCONNECT_TIMEOUT=2 " PG_BIN "/psql -XAtqw -h 127.0.0.1 -U postgres -d postgres -p " +
            std::to_string(at->port) + " -c \"" + query + "\"");
  return ran.code == 0 ? ran.out.substr(0, ran.out.find('\n')) : std::string{};
}

bool AgentCluster::is_primary(const std::string& node) const {
  return sql(node, "SELECT pg_is_in_recovery()") == "f";
}
bool AgentCluster::is_standby(const std::string& node) const {
  return sql(node, "SELECT pg_is_in_recovery()") == "t";
}

bool AgentCluster::wait_whole(const std::string& node) const {
  return within_a_minute([&] {
    for (const auto& name : names)
      if (name != node && !is_standby(name)) return false;
    return is_primary(node) &&
           sql(node,
               "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND "
               "usename = 'repl'") == "2";
  });
}

Result<AgentLink> AgentCluster::link(const std::string& node) const {
  return AgentLink::connect(*find_node(settings_, node), kernel_, 3000);
}

RequestId AgentCluster::next_request() {
  RequestId id;
  id.session.history = history_;
  id.session.dispatcher = 1;
  id.session.epoch = 1;
  id.session.number = 1;
  id.counter = ++counter_;
  id.kernel_action = true;
  return id;
}

AgentAct AgentCluster::act_of(const RequestId& request, Action action, const std::string& node) {
  AgentAct act;
  act.term = term_;
  act.act.request = request;
  act.act.action = action;
  act.act.node = node;
  // Asynchronous: after a demotion whose checkpoint is known nothing is left to be proven.
  act.act.principal = "anna";
  act.act.reason = "a test";
  act.last_primary = last_primary_;
  act.shutdown_checkpoint = checkpoint_;
  act.timeline = checkpoint_timeline_;
  act.shutdown_end = checkpoint_end_;
  return act;
}

Result<AgentClaim> AgentCluster::act(const RequestId& request, Action action,
                                     const std::string& node) {
  auto to = link(node);
  if (!to) return fail(to.error());
  const auto opened = to->open(history_, next_term(), 5000);
  if (!opened) return fail(opened.error());
  auto claim = to->act(act_of(request, action, node), kAnswerMs);
  return claim;
}

AgentClaim AgentCluster::decided(const std::string& node, const RequestId& request) const {
  AgentClaim claim;
  claim.state = ClaimState::open;
  within_a_minute([&] {
    auto to = link(node);
    if (!to) return false;
    const auto told = to->ask(request, 5000);
    if (told) claim = *told;
    return told && told->state != ClaimState::open;
  });
  auto* self = const_cast<AgentCluster*>(this);
  if (claim.state == ClaimState::executed && claim.action == "demote") {
    self->last_primary_ = node;
    self->checkpoint_ = claim.shutdown_checkpoint;
    self->checkpoint_timeline_ = claim.timeline;
    self->checkpoint_end_ = claim.shutdown_end;
  }
  return claim;
}

std::optional<AgentStatus> AgentCluster::status(const std::string& node) const {
  auto to = link(node);
  if (!to) return std::nullopt;
  const auto told = to->look(5000);
  return told ? std::optional(*told) : std::nullopt;
}

void AgentCluster::arm(const std::string& point, const std::string& action) const {
  const auto half = directory() + "/kill.new";
  std::ofstream(half) << point << " 1 " << action << "\n";
  std::filesystem::rename(half, directory() + "/kill");
}

bool AgentCluster::wait_agent_dead(const std::string& node) const {
  return within_a_minute([&] {
    // Whoever dies at the armed point takes its file away first.
    if (armed()) return false;
    auto to = AgentLink::connect(*find_node(settings_, node), kernel_, 1000);
    return !to;
  });
}

pid_t AgentCluster::postmaster(const std::string& node) const {
  pid_t pid = 0;
  std::ifstream(data(node) + "/postmaster.pid") >> pid;
  return pid;
}
pid_t AgentCluster::agent(const std::string& node) const {
  pid_t pid = 0;
  std::ifstream(directory() + "/" + node + "/agent/agent.pid") >> pid;
  return pid;
}
pid_t AgentCluster::backend(const std::string& node, const std::string& type) const {
  const auto pid =
      sql(node, "SELECT pid FROM pg_stat_activity WHERE backend_type = '" + type + "'");
  return static_cast<pid_t>(std::strtol(pid.c_str(), nullptr, 10));
}

void AgentCluster::freeze(pid_t pid) {
  ASSERT_GT(pid, 1);
  ASSERT_EQ(::kill(pid, SIGSTOP), 0);
  frozen_.push_back(pid);
}
void AgentCluster::thaw() {
  for (const auto pid : std::exchange(frozen_, {})) ::kill(pid, SIGCONT);
}

}  // namespace aeromq::postgresql
