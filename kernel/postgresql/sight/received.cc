#include "kernel/postgresql/sight/received.h"

namespace aeromq::postgresql {

void count_received(NodeSample& node) {
  if (!node.answered || !node.in_recovery || !node.agent) return;
  const auto& agent = *node.agent;
  const bool same = agent.system_identifier == node.system_identifier &&
                    agent.wal_timeline == node.timeline && agent.wal_timeline != 0;
  if (same && agent.wal_end > node.position) node.position = agent.wal_end;
}

}  // namespace aeromq::postgresql
