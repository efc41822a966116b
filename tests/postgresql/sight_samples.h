// Small makers for the tests of sight's rules: samples of a cluster as a healthy look sees it.
#pragma once
#include "kernel/postgresql/sight/checks.h"

namespace aeromq::postgresql {

inline constexpr std::uint64_t kSystem = 7001;
inline constexpr Lsn kHere = 0x4000100;

inline constexpr std::uint64_t kBegan = 1'700'000'000'000;  ///< when every server started

inline std::uint64_t port_of(const std::string& node) {
  return 5430 + static_cast<std::uint64_t>(node.back() - '0');
}

inline AgentStatus agent_of(const std::string& node, NodeRole durable) {
  AgentStatus agent;
  agent.node = node;
  agent.protocol = kAgentProtocol;
  agent.system_identifier = kSystem;
  agent.running = true;
  agent.durable_role = durable;
  agent.control_state = durable == NodeRole::replica ? "in archive recovery" : "in production";
  agent.protocol = kAgentProtocol;
  agent.server = {true,
                  100 + port_of(node),
                  "/usr/lib/postgresql/15/bin/postgres",
                  kBegan,
                  port_of(node),
                  "/data/" + node,
                  5,
                  6,
                  true};
  return agent;
}

inline NodeSample node_at(const std::string& name, Lsn position) {
  NodeSample node;
  node.node = name;
  node.host = "127.0.0.1:543" + name.substr(1);
  node.answered = true;
  node.system_identifier = kSystem;
  node.timeline = 1;
  node.position = position;
  node.synchronous_commit = "on";
  node.tcp_accepted = node.spoke = true;
  node.started_ms = kBegan + 40;
  node.own_port = port_of(name);
  node.data_directory = "/data/" + name;
  return node;
}

inline NodeSample standby(const std::string& name, Lsn position = kHere) {
  auto node = node_at(name, position);
  node.replayed = position;
  node.agent = agent_of(name, NodeRole::replica);
  return node;
}

inline NodeSample primary(const std::string& name, Lsn position = kHere) {
  auto node = node_at(name, position);
  node.in_recovery = false;
  node.agent = agent_of(name, NodeRole::primary);
  return node;
}

inline NodeSample silent(const std::string& name) {
  NodeSample node;
  node.node = name;
  node.host = "127.0.0.1:543" + name.substr(1);
  node.error = "no answer within 1000 ms";
  node.timed_out = true;
  node.agent_error = "nobody listens";
  return node;
}

/// No server runs, and its agent says so.
inline NodeSample stopped(const std::string& name, NodeRole durable) {
  auto node = silent(name);
  node.agent = agent_of(name, durable);
  node.agent->running = false;
  node.agent->server = {};
  node.agent->control_state = "shut down";
  node.agent_error.clear();
  return node;
}

inline void stream(NodeSample& standby, NodeSample& sender) {
  const auto colon = sender.host.find(':');
  standby.receiver = Receiver{"streaming",
                              sender.host.substr(0, colon),
                              std::stoull(sender.host.substr(colon + 1)),
                              standby.timeline,
                              standby.position,
                              standby.node};
  sender.streamers.push_back({standby.node, "127.0.0.1", "streaming", standby.position,
                              standby.position, standby.position, standby.position, "async"});
}

/// n1 is the primary, n2 and n3 stream from it.
inline ClusterSample healthy() {
  ClusterSample sample;
  sample.began_ms = 50'000;
  sample.nodes = {primary("n1"), standby("n2"), standby("n3")};
  stream(sample.nodes[1], sample.nodes[0]);
  stream(sample.nodes[2], sample.nodes[0]);
  return sample;
}

/// n1 was demoted in order; its checkpoint is at kHere - 0x78, and everybody is past it.
inline constexpr Lsn kCheckpoint = kHere - 0x78;
inline ClusterSample demoted() {
  ClusterSample sample;
  sample.began_ms = 50'000;
  sample.nodes = {standby("n1"), standby("n2"), standby("n3")};
  return sample;
}

/// n1 was the primary and is silent, and so is its agent.
inline ClusterSample primary_gone() {
  ClusterSample sample;
  sample.began_ms = 50'000;
  sample.nodes = {silent("n1"), standby("n2"), standby("n3")};
  return sample;
}

inline Intent wish(Action action, const std::string& node) {
  Intent intent;
  intent.action = action;
  intent.node = node;
  intent.last_primary = "n1";
  return intent;
}

inline Intent promotion(const std::string& node = "n2") {
  auto intent = wish(Action::promote, node);
  intent.shutdown_checkpoint = kCheckpoint;
  intent.timeline = 1;
  return intent;
}

}  // namespace aeromq::postgresql
