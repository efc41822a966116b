#include "kernel/postgresql/sight/successor.h"

#include <algorithm>
#include <array>

#include "kernel/postgresql/sight/text.h"

namespace aeromq::postgresql {
namespace {

// What only a stopped primary can satisfy: docs/postgresql.md says so of each.
constexpr std::array<std::string_view, 5> kByTheStop{
    "WRITABLE_PRIMARY_EXISTS", "PREFIX_VIOLATION", "SHUTDOWN_CHECKPOINT_NOT_PASSED",
    "SYNC_MEMBERS_UNSEEN", "ACKNOWLEDGED_WRITES_UNPROVEN"};

bool receives(const NodeSample& standby, const NodeSample& primary) {
  return standby.in_recovery && standby.timeline == primary.timeline &&
         streams_from(standby, primary);
}

/// The end of the primary's WAL as far as anybody has seen it. Each server was read at a moment of
/// its own, so a standby may show more than its primary did.
Lsn end_of_wal(const ClusterSample& sample, const NodeSample& primary) {
  auto end = primary.position;
  for (const auto& node : sample.nodes)
    if (receives(node, primary)) end = std::max(end, node.position);
  return end;
}

/// The promotion that is to come. The demotion ends only when the successor is strictly past the
/// shutdown checkpoint, so that one lies before everything that the successor then has.
Intent promotion_after(const ClusterSample& sample, const Intent& demotion) {
  Intent intent;
  intent.action = Action::promote;
  intent.node = demotion.successor;
  intent.own = demotion.own;
  intent.last_primary = demotion.node;
  const auto* primary = find_node(sample, demotion.node);
  if (primary == nullptr || !is_writer(*primary)) return intent;
  intent.shutdown_checkpoint = end_of_wal(sample, *primary) - 1;
  intent.timeline = primary->timeline;
  return intent;
}

/// The promotion as it would be asked for now.
Intent promotion_now(const Intent& demotion) {
  auto intent = demotion;
  intent.action = Action::promote;
  intent.node = demotion.successor;
  intent.successor.clear();
  return intent;
}

/// A promotion asks only where a standby stands, not how it came there.
Check follows(const ClusterSample& sample, const Intent& demotion) {
  const auto* primary = find_node(sample, demotion.node);
  const auto* successor = find_node(sample, demotion.successor);
  const bool passes = primary != nullptr && successor != nullptr && receives(*successor, *primary);
  return {"NO_STREAMING_CANDIDATE", "P6-S1",
          demotion.successor + (passes ? " streams" : " does not stream") + " from " +
              demotion.node + " on its timeline",
          passes, false};
}

}  // namespace

ClusterSample as_if_demoted(const ClusterSample& sample, const Intent& demotion) {
  auto after = sample;
  const auto* before = find_node(sample, demotion.node);
  if (before == nullptr || !is_writer(*before)) return after;
  const auto end = end_of_wal(sample, *before);
  for (auto& node : after.nodes) {
    if (node.node == demotion.successor && receives(node, *before)) node.position = end;
    if (node.node != demotion.node) continue;
    node.in_recovery = true;
    node.position = node.replayed = end;
    if (!node.agent) continue;
    node.agent->durable_role = NodeRole::replica;
    node.agent->control_state = "in archive recovery";
    node.agent->checkpoint = end - 1;
    node.agent->checkpoint_timeline = node.timeline;
  }
  return after;
}

kernel::Succession succession_of(const ClusterSample& sample, const Intent& demotion,
                                 const Judge& judge) {
  auto now = judge(sample, promotion_now(demotion));
  auto later = judge(as_if_demoted(sample, demotion), promotion_after(sample, demotion));
  if (find_node(sample, demotion.successor) != nullptr) {
    now.push_back(follows(sample, demotion));
    later.push_back(now.back());
  }
  return kernel::succession(demotion.node, demotion.successor, now, later, kByTheStop);
}

}  // namespace aeromq::postgresql
