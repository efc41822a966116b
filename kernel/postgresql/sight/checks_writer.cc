// The checks of who else writes, or may write: P6-A1, P6-A2, P6-F1.
#include "kernel/postgresql/sight/checks_parts.h"
#include "kernel/postgresql/sight/promotable.h"
#include "kernel/postgresql/sight/text.h"

namespace aeromq::postgresql::detail {
namespace {

/// What is known of a node that did not answer, from both who could tell.
std::string unknown_text(const NodeSample& node) {
  auto text = silence(node);
  if (!node.agent) return text + "; " + agent_silence(node);
  return text + "; its agent says that a server runs there, with" +
         (node.agent->durable_role == NodeRole::replica ? "" : "out") + " standby.signal";
}

std::vector<std::string> unknown_others(const Case& at) {
  std::vector<std::string> all;
  for (const auto& node : at.sample.nodes)
    if (!at.is_target(node) && is_unknown(node)) all.push_back(node.node);
  return all;
}

/// Who streams from `node`, which did not answer itself.
std::vector<std::string> receivers_of(const Case& at, const NodeSample& node) {
  std::vector<std::string> all;
  for (const auto& standby : at.sample.nodes)
    if (standby.node != node.node && streams_from(standby, node)) all.push_back(standby.node);
  return all;
}

}  // namespace

Check no_other_writer(const Case& at) {
  std::vector<std::string> writers;
  for (const auto& node : at.sample.nodes)
    if (!at.is_target(node) && is_writer(node))
      writers.push_back(node.node + " is a primary, " + place(node));
  return {"WRITABLE_PRIMARY_EXISTS", "P6-A1",
          writers.empty() ? "no other server that answered is out of recovery" : joined(writers),
          writers.empty(), false};
}

// A demotion takes a writer away, so an unknown node does not forbid it. But it leaves a cluster
// in which a promotion is refused: that is said before.
Check states_known(const Case& at) {
  const bool demotion = at.intent.action == Action::demote;
  std::vector<std::string> parts;
  for (const auto& node : at.sample.nodes)
    if (!at.is_target(node) && is_unknown(node)) parts.push_back(unknown_text(node));
  const bool all_known = parts.empty();
  auto text =
      all_known ? "every other server answered or is proven stopped by its agent" : joined(parts);
  if (demotion && !all_known)
    text += "; while that is so, a promotion after this demotion is rejected";
  return {"NODE_STATE_UNKNOWN", "P6-F1", std::move(text), all_known || demotion, false};
}

Check no_evidence_of_life(const Case& at) {
  std::vector<std::string> evidence;
  for (const auto& node : at.sample.nodes) {
    if (at.is_target(node) || !is_unknown(node)) continue;
    if (const auto receivers = receivers_of(at, node); !receivers.empty())
      evidence.push_back(
          node.node + " did not answer, but " + names(receivers) +
          (receivers.size() > 1 ? " still stream from it" : " still streams from it"));
    const bool standby = node.agent && node.agent->durable_role == NodeRole::replica;
    if (has_refused(node) && !standby)
      evidence.push_back("a server speaks at the address of " + node.node + ": " + node.error);
    if (node.agent && node.agent->running && !standby)
      evidence.push_back(node.node + " did not answer, but its agent says that it runs, without" +
                         " standby.signal");
  }
  // A sender that is no node of the settings may be an unseen one under another address.
  const bool some_unknown = !unknown_others(at).empty();
  for (const auto& standby : at.sample.nodes)
    if (some_unknown && standby.answered && standby.receiver &&
        standby.receiver->status == "streaming" && upstream_of(at.sample, standby) == nullptr)
      evidence.push_back(standby.node + " streams from " + standby.receiver->sender_host + ":" +
                         std::to_string(standby.receiver->sender_port) +
                         ", which is no address of the settings");
  return {"PRIMARY_ALIVE", "P6-A1",
          evidence.empty() ? "of no server that did not answer a sign of life was seen"
                           : joined(evidence),
          evidence.empty(), false};
}

Check proven_down(const Case& at) {
  std::vector<std::string> parts;
  for (const auto& node : at.sample.nodes)
    if (!at.is_target(node) && is_unknown(node)) parts.push_back(unknown_text(node));
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
