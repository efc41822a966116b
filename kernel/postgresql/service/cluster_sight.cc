#include "kernel/postgresql/service/cluster_sight.h"

namespace aeromq::postgresql {

std::string ClusterSight::observe(kernel::Register& state, const ClusterSample& sample) const {
  const NodeSample* writer = nullptr;
  int writers = 0;
  for (const auto& node : sample.nodes)
    if (node.answered && !node.in_recovery) {
      writer = &node;
      ++writers;
    }
  const auto* holder = find_node(sample, state.holder);
  const auto moved = [&](const std::string& to) {
    const auto before = state.holder;
    state.holder = to;
    ++state.fencing_epoch;
    state.demoted_epoch = 0;
    return "write authority: " + (before.empty() ? "none" : before) + " -> " +
           (to.empty() ? "none" : to);
  };
  if (writers == 1 && writer->node != state.holder &&
      (holder == nullptr || holder->answered || state.holder.empty())) {
    state.last_primary = writer->node;
    state.timeline = writer->timeline;
    return moved(writer->node);
  }
  if (writers == 0 && holder != nullptr && holder->answered) return moved("");
  return {};
}

void ClusterSight::show(KernelSnapshot& snapshot, const kernel::Register& state,
                        const ClusterSample& sample) const {
  for (auto& facts : snapshot.nodes) {
    const auto* node = find_node(sample, facts.node);
    if (node == nullptr) continue;
    facts.host = node->host;
    const auto ended = node->at_ms + node->took_ms;
    facts.report_age_ms = snapshot.kernel_ms > ended ? snapshot.kernel_ms - ended : 0;
    facts.state = node->answered ? (node->in_recovery ? "standby" : "running") : "unreachable";
    if (!node->answered) continue;
    facts.stale = false;
    facts.reported = node->in_recovery ? NodeRole::replica : NodeRole::primary;
    facts.fencing_epoch = state.fencing_epoch;
    facts.timeline = node->timeline;
    facts.position = node->position;
    facts.lag = state.acknowledged > node->position ? state.acknowledged - node->position : 0;
  }
}

void ClusterSight::read(KernelAnswer&, const KernelCall&, const ClusterSample&,
                        const kernel::Store&) const {}

}  // namespace aeromq::postgresql
