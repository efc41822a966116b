#include "kernel/postgresql/sight/evidence.h"

#include "kernel/postgresql/sight/text.h"
#include "messages/text.h"

namespace aeromq::postgresql {
namespace {

constexpr std::uint64_t kFirstWithServer = 2;  ///< protocol: agents before it go by process names

AgentSees agent_sees(const NodeSample& node) {
  if (!node.agent) return AgentSees::silent;
  const auto& agent = *node.agent;
  const auto& server = agent.server;
  if (agent.running || server.postmaster != 0) return AgentSees::process;
  if (server.attached != 0 || server.processes != 0) return AgentSees::remains;
  const bool reads = agent.durable_role != NodeRole::none && agent.system_identifier != 0;
  if (!reads || agent.protocol < kFirstWithServer) return AgentSees::cannot_tell;
  return server.listens ? AgentSees::listener : AgentSees::nothing;
}

Reached reached(const NodeSample& node) {
  if (node.answered) return Reached::answered;
  if (node.spoke) return Reached::spoke;
  return node.tcp_accepted ? Reached::accepted : Reached::nothing;
}

std::string agent_words(const NodeSample& node) {
  const auto& agent = *node.agent;
  switch (agent_sees(node)) {
    case AgentSees::listener:
      return "the agent of " + node.node +
             " sees no process of its server, and a listener at its port";
    case AgentSees::remains:
      return "the agent of " + node.node + " sees no postmaster, and " +
             std::to_string(std::max(agent.server.attached, agent.server.processes)) +
             " processes of its server";
    default:
      return "the agent of " + node.node + " says that no server runs there (" +
             agent.control_state + ")";
  }
}

std::uint64_t apart(std::uint64_t one, std::uint64_t other) {
  return one > other ? one - other : other - one;
}

}  // namespace

Life life_of(const Evidence& evidence) {
  if (evidence.reached >= Reached::spoke || evidence.received == Received::fresh)
    return Life::alive;
  if (evidence.agent == AgentSees::process || evidence.agent == AgentSees::remains)
    return Life::alive;
  const bool quiet = evidence.reached == Reached::nothing;
  return quiet && evidence.agent == AgentSees::nothing ? Life::proven_stopped : Life::unknown;
}

bool contradicts(const Evidence& evidence) {
  const bool heard = evidence.reached >= Reached::spoke || evidence.received == Received::fresh;
  switch (evidence.agent) {
    case AgentSees::nothing:
      return heard || evidence.reached == Reached::accepted;
    case AgentSees::listener:
    case AgentSees::remains:
      return heard;
    case AgentSees::silent:
    case AgentSees::cannot_tell:
    case AgentSees::process:
      return false;
  }
  return true;
}

Evidence evidence_of(const ClusterSample& sample, const NodeSample& node) {
  Evidence evidence{reached(node), Received::no, agent_sees(node)};
  if (!receivers_of(sample, node, false).empty()) evidence.received = Received::old;
  if (!receivers_of(sample, node, true).empty()) evidence.received = Received::fresh;
  return evidence;
}

Life life_of(const ClusterSample& sample, const NodeSample& node) {
  return life_of(evidence_of(sample, node));
}

std::vector<std::string> receivers_of(const ClusterSample& sample, const NodeSample& node,
                                      bool fresh) {
  std::vector<std::string> all;
  for (const auto& standby : sample.nodes)
    if (standby.node != node.node && streams_from(standby, node) &&
        (!fresh || standby.receiver->quiet_ms < kReceiverFreshMs))
      all.push_back(standby.node);
  return all;
}

std::string contradiction_text(const ClusterSample& sample, const NodeSample& node) {
  if (!contradicts(evidence_of(sample, node))) return {};
  auto text = agent_words(node) + ", but ";
  const auto receivers = receivers_of(sample, node, true);
  if (node.answered)
    return text + "a server answers at " + node.host +
           "; it ends when the agent sees that server, or nobody answers there";
  if (node.spoke)
    return text + "a server speaks at " + node.host + " (" + node.error +
           "); it ends when the agent sees that server, or nobody speaks there";
  if (!receivers.empty())
    return text + names(receivers) + " received from it less than " +
           std::to_string(kReceiverFreshMs) +
           " ms ago; it ends when the agent sees that server, or nothing was received for so long";
  return text + "a connection to " + node.host +
         " is accepted; it ends when the agent sees who listens there, or nobody does";
}

bool is_known_standby(const NodeSample& node) {
  if (!node.agent) return false;
  const auto& agent = *node.agent;
  return agent.durable_role == NodeRole::replica && !agent.promote_signal &&
         agent.open_claim.empty() && agent.control_state.find("recovery") != std::string::npos;
}

bool runs_as_primary(const NodeSample& node) {
  return !node.answered && node.agent && agent_sees(node) == AgentSees::process &&
         node.agent->durable_role == NodeRole::primary;
}

std::string identity_fault(const NodeSample& node) {
  if (!node.answered || !node.agent || is_unidentified(node)) return {};
  const auto& local = node.agent->server;
  const auto differs = [&](const std::string& here, const std::string& there) {
    return "the server that answers at " + node.host + " " + here +
           ", the one beside the agent of " + node.node + " " + there;
  };
  if (local.postmaster == 0)
    return differs("is not the one that its agent watches", "does not run");
  if (apart(node.started_ms, local.started_ms) > kStartToleranceMs)
    return differs("started at " + std::to_string(node.started_ms / 1000),
                   "at " + std::to_string(local.started_ms / 1000) + " (seconds since 1970)");
  if (node.own_port != local.port)
    return differs("has port " + std::to_string(node.own_port),
                   "has port " + std::to_string(local.port));
  if (node.data_directory != local.data_directory)
    return differs("has the data directory " + cut(node.data_directory, 128),
                   "has " + cut(local.data_directory, 128));
  return {};
}

bool is_unidentified(const NodeSample& node) {
  return node.answered && (!node.agent || node.agent->protocol < kFirstWithServer);
}

}  // namespace aeromq::postgresql
