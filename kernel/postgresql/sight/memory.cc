#include "kernel/postgresql/sight/memory.h"

namespace aeromq::postgresql {

void Memory::note(ClusterSample& sample) {
  for (auto& node : sample.nodes) {
    if (node.answered) {
      seen_[node.node] = {{node.in_recovery, node.timeline, node.position, 0}, node.at_ms};
      continue;
    }
    const auto at = seen_.find(node.node);
    if (at == seen_.end()) continue;
    node.last_seen = at->second.what;
    if (sample.began_ms > at->second.at_ms)
      node.last_seen->age_ms = sample.began_ms - at->second.at_ms;
  }
}

}  // namespace aeromq::postgresql
