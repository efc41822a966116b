#include "kernel/postgresql/sight/facts.h"

#include <algorithm>

#include "kernel/postgresql/sight/evidence.h"
#include "kernel/postgresql/sight/text.h"
#include "messages/text.h"

namespace aeromq::postgresql {
namespace {

using kernel::Register;

std::vector<const NodeSample*> writers_of(const ClusterSample& sample) {
  std::vector<const NodeSample*> all;
  for (const auto& node : sample.nodes)
    if (is_writer(node)) all.push_back(&node);
  return all;
}

std::string epoch_text(const Register& state) {
  return "; fencing epoch " + std::to_string(state.fencing_epoch);
}

std::string follow(Register& state, const NodeSample& writer, const std::string& why) {
  const auto before = state.holder.empty() ? std::string("no node") : state.holder;
  ++state.fencing_epoch;
  state.holder = writer.node;
  state.last_primary = writer.node;
  state.demoted_epoch = 0;
  state.acknowledged = writer.position;
  state.timeline = writer.timeline;
  return "write authority moved from " + before + " to " + writer.node + ", " + place(writer) +
         ": " + why + epoch_text(state);
}

// Not by aeromq: no shutdown checkpoint is known, so none may be believed (demoted_epoch 0).
std::string lose(Register& state, const NodeSample& holder) {
  ++state.fencing_epoch;
  state.last_primary = std::exchange(state.holder, {});
  state.demoted_epoch = 0;
  state.acknowledged = std::max(state.acknowledged, Lsn{holder.position});
  return holder.node +
         " lost write authority: it is in recovery, and no server that answered is "
         "out of it" +
         epoch_text(state);
}

std::string renew(Register& state, const NodeSample& holder) {
  const auto before = state.timeline;
  ++state.fencing_epoch;
  state.timeline = holder.timeline;
  state.acknowledged = holder.position;
  return holder.node + " went from timeline " + std::to_string(before) + " to " +
         std::to_string(holder.timeline) + " as the holder of write authority" + epoch_text(state);
}

NodeFacts facts_of(const Register& state, const ClusterSample& sample, const NodeSample& node,
                   std::uint64_t now_ms, Lsn primary_position) {
  NodeFacts facts;
  facts.node = node.node;
  facts.host = node.host;
  facts.state = state_text(sample, node);
  facts.stale = !node.answered;
  if (!node.answered) return facts;
  facts.reported = node.in_recovery ? NodeRole::replica : NodeRole::primary;
  facts.report_age_ms = now_ms > node.at_ms ? now_ms - node.at_ms : 0;
  facts.fencing_epoch = state.fencing_epoch;
  facts.timeline = node.timeline;
  facts.position = node.position;
  facts.lag = primary_position > node.position ? primary_position - node.position : 0;
  return facts;
}

}  // namespace

std::string observe(Register& state, const ClusterSample& sample) {
  if (std::ranges::any_of(sample.nodes,
                          [](const NodeSample& node) { return !identity_fault(node).empty(); }))
    return {};
  const auto writers = writers_of(sample);
  const auto* only = writers.size() == 1 ? writers.front() : nullptr;
  if (state.holder.empty()) {
    if (only == nullptr) return {};
    return follow(state, *only, "it is the one server that answered out of recovery");
  }
  const auto* holder = find_node(sample, state.holder);
  if (holder == nullptr) return {};
  if (is_writer(*holder)) {
    if (holder->timeline == state.timeline || holder->timeline == 0) return {};
    return renew(state, *holder);
  }
  const bool in_recovery = holder->answered;
  if (!in_recovery && !is_proven_stopped(sample, *holder)) return {};
  if (only != nullptr)
    return follow(state, *only, state.holder + (in_recovery ? " is in recovery" : " is stopped"));
  if (writers.empty() && in_recovery) return lose(state, *holder);
  return {};
}

Intent intent_of(const Register& state, Action action, const std::string& node,
                 const RequestId& request) {
  Intent intent;
  intent.action = action;
  intent.node = node;
  if (!request.empty()) intent.own = {request};
  intent.last_primary = state.last_primary;
  if (state.demoted_epoch != 0) {
    intent.shutdown_checkpoint = state.acknowledged;
    intent.timeline = static_cast<std::uint32_t>(state.timeline);
  }
  return intent;
}

KernelSnapshot snapshot_of(const Register& state, const ClusterSample& sample,
                           std::uint64_t snapshot, std::uint64_t now_ms) {
  KernelSnapshot made;
  made.history = state.history;
  made.snapshot = snapshot;
  made.cluster = state.cluster;
  made.kernel_ms = now_ms;
  made.wall_ms = sample.wall_ms;
  made.fencing_epoch = state.fencing_epoch;
  made.holder = state.holder;
  made.last_primary = state.last_primary;
  made.timeline = state.timeline;
  made.stale_after_ms = state.stale_after_ms;
  made.acknowledged = state.acknowledged;
  // A primary acknowledges all the time; the register is not written for that.
  const auto* holder = find_node(sample, state.holder);
  if (holder != nullptr && is_writer(*holder))
    made.acknowledged = std::max(made.acknowledged, std::uint64_t{holder->position});
  for (const auto& node : sample.nodes)
    made.nodes.push_back(facts_of(state, sample, node, now_ms, made.acknowledged));
  // A node that left the settings stays in the register: it may still be the holder.
  for (const auto& [name, node] : state.nodes) {
    if (find_node(sample, name) != nullptr) continue;
    NodeFacts facts;
    facts.node = name;
    facts.host = node.host;
    facts.state = "not in the settings";
    made.nodes.push_back(std::move(facts));
  }
  std::ranges::sort(made.nodes, {}, &NodeFacts::node);
  for (auto& node : made.nodes)
    node.assigned = node.node == state.holder ? NodeRole::primary : NodeRole::replica;
  return made;
}

}  // namespace aeromq::postgresql
