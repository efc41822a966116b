// The checks of who else writes, or may write: P6-A1, P6-A2, P6-F1.
#include "kernel/postgresql/sight/checks_parts.h"
#include "kernel/postgresql/sight/evidence.h"
#include "kernel/postgresql/sight/promotable.h"
#include "kernel/postgresql/sight/text.h"

namespace aeromq::postgresql::detail {
namespace {

/// What is known of a node that did not answer, from everybody who could tell.
std::string unknown_text(const Case& at, const NodeSample& node) {
  auto text = silence(node);
  const auto evidence = evidence_of(at.sample, node);
  if (evidence.reached == Reached::accepted) text += "; a connection to its address is accepted";
  if (const auto receivers = receivers_of(at.sample, node, false);
      evidence.received == Received::old)
    text += "; " + names(receivers) + " received nothing from it for " +
            std::to_string(kReceiverFreshMs) + " ms or longer";
  if (!node.agent) return text + "; " + agent_silence(node);
  switch (evidence.agent) {
    case AgentSees::process:
      return text + "; its agent says that a server runs there, with" +
             (node.agent->durable_role == NodeRole::replica ? "" : "out") + " standby.signal";
    case AgentSees::remains:
      return text + "; its agent sees processes of it without their postmaster";
    case AgentSees::listener:
      return text + "; its agent sees no server, but a listener at its port";
    case AgentSees::nothing:
      return text + "; its agent says that no server runs there";
    case AgentSees::cannot_tell:
    case AgentSees::silent:
      break;
  }
  return text + "; its agent cannot tell: " +
         (node.agent->not_started.empty()
              ? "it cannot read the server's files, or is of an older version"
              : node.agent->not_started);
}

std::vector<std::string> unknown_others(const Case& at) {
  std::vector<std::string> all;
  for (const auto& node : at.sample.nodes)
    if (!at.is_target(node) && is_unknown(at.sample, node)) all.push_back(node.node);
  return all;
}

}  // namespace

Check no_other_writer(const Case& at) {
  std::vector<std::string> writers;
  for (const auto& node : at.sample.nodes) {
    if (at.is_target(node)) continue;
    if (is_writer(node)) writers.push_back(node.node + " is a primary, " + place(node));
    if (runs_as_primary(node))
      writers.push_back(node.node + " did not answer, but its agent sees it run as a primary (" +
                        node.agent->control_state + ")");
  }
  return {"WRITABLE_PRIMARY_EXISTS", "P6-A1",
          writers.empty() ? "no other server is seen out of recovery" : joined(writers),
          writers.empty(), false};
}

// A demotion takes a writer away, so an unknown node does not forbid it. But it leaves a cluster
// in which a promotion is refused: that is said before.
Check states_known(const Case& at) {
  const bool demotion = at.intent.action == Action::demote;
  std::vector<std::string> parts;
  for (const auto& node : at.sample.nodes)
    if (!at.is_target(node) && is_unknown(at.sample, node)) parts.push_back(unknown_text(at, node));
  const bool all_known = parts.empty();
  auto text =
      all_known ? "every other server answered or is proven stopped by its agent" : joined(parts);
  if (demotion && !all_known)
    text += "; while that is so, a promotion after this demotion is rejected";
  return {"NODE_STATE_UNKNOWN", "P6-F1", std::move(text), all_known || demotion, false};
}

// A sign of life is asked of everybody who did not answer; of whom its agent sees run as a standby
// it is no sign of a primary.
Check no_evidence_of_life(const Case& at) {
  std::vector<std::string> signs;
  for (const auto& node : at.sample.nodes) {
    if (at.is_target(node) || node.answered) continue;
    if (const auto receivers = receivers_of(at.sample, node, true); !receivers.empty())
      signs.push_back(node.node + " did not answer, but " + names(receivers) +
                      (receivers.size() > 1 ? " still stream from it" : " still streams from it"));
    if (is_known_standby(node)) continue;
    const auto sees = evidence_of(at.sample, node).agent;
    if (node.spoke)
      signs.push_back("a server speaks at the address of " + node.node + ": " + node.error);
    if (sees == AgentSees::process)
      signs.push_back(node.node + " did not answer, but its agent says that it runs, with" +
                      (node.agent->durable_role == NodeRole::replica ? "" : "out") +
                      " standby.signal");
    if (sees == AgentSees::remains)
      signs.push_back(node.node + " did not answer, but its agent sees processes of it");
  }
  // A sender that is no node of the settings may be an unseen one under another address.
  const bool some_unknown = !unknown_others(at).empty();
  for (const auto& standby : at.sample.nodes)
    if (some_unknown && standby.answered && standby.receiver &&
        standby.receiver->status == "streaming" && standby.receiver->quiet_ms < kReceiverFreshMs &&
        upstream_of(at.sample, standby) == nullptr)
      signs.push_back(standby.node + " streams from " + standby.receiver->sender_host + ":" +
                      std::to_string(standby.receiver->sender_port) +
                      ", which is no address of the settings");
  return {
      "PRIMARY_ALIVE", "P6-A1",
      signs.empty() ? "of no server that did not answer a sign of life was seen" : joined(signs),
      signs.empty(), false};
}

// Something on that host lives: a hung server, a proxy, another service. No proof of a primary, and
// none against it.
Check nobody_accepts(const Case& at) {
  std::vector<std::string> parts;
  for (const auto& node : at.sample.nodes)
    if (!at.is_target(node) && !node.answered && !node.spoke && node.tcp_accepted &&
        !is_known_standby(node))
      parts.push_back("a connection to " + node.host + " (" + node.node +
                      ") is accepted, and nothing is said there: the host lives, its server may");
  return {"SILENT_ADDRESS_ACCEPTS", "P6-A2",
          parts.empty() ? "no address of a server that did not answer accepts connections"
                        : joined(parts),
          parts.empty(), true};
}

Check proven_down(const Case& at) {
  std::vector<std::string> parts;
  for (const auto& node : at.sample.nodes)
    if (!at.is_target(node) && is_unknown(at.sample, node)) parts.push_back(unknown_text(at, node));
  const bool passes = parts.empty();
  auto text = passes ? "every other server answered or is proven stopped by its agent"
                     : joined(parts) + "; silence is no proof that a server stopped";
  return {"PRIMARY_NOT_PROVABLY_DOWN", "P6-A2", std::move(text), passes, true};
}

Check has_candidate(const Case& at) {
  std::vector<std::string> candidates;
  std::vector<std::string> hindered;
  for (const auto& node : at.sample.nodes) {
    if (at.is_target(node) || !node.answered || !node.in_recovery ||
        node.timeline != at.target.timeline || !streams_from(node, at.target))
      continue;
    const auto why = obstacles(at.sample, node);
    if (why.empty())
      candidates.push_back(node.node);
    else
      hindered.push_back(node.node + " could not be promoted afterwards: " + joined(why));
  }
  auto text = (candidates.empty() ? "no standby" : names(candidates)) +
              (candidates.size() > 1 ? " stream from " : " streams from ") + at.target.node +
              " on its timeline";
  if (!hindered.empty()) text += "; " + joined(hindered);
  return {"NO_STREAMING_CANDIDATE", "P6-S1", std::move(text), !candidates.empty(), false};
}

}  // namespace aeromq::postgresql::detail
