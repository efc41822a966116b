// The checks one by one; checks.cc says which action has which. Each is a pure function.
#pragma once
#include "kernel/postgresql/sight/checks.h"

namespace aeromq::postgresql::detail {

/// What every check looks at. Precondition: the node is in the sample.
struct Case {
  const ClusterSample& sample;
  const Intent& intent;
  const ClusterRules& rules;
  const NodeSample& target;

  bool is_target(const NodeSample& node) const { return &node == &target; }
  bool force() const { return intent.action == Action::force_promote; }
};

// checks_node.cc: the target itself.
Check node_known(const ClusterSample& sample, const Intent& intent);
Check target_reachable(const Case& at);
Check agents_new_enough(const Case& at);
Check settled(const Case& at);
Check one_system(const Case& at);
Check no_manager(const Case& at);
Check version_tried(const Case& at);
Check is_standby(const Case& at);
Check is_primary(const Case& at);
Check no_pending_promotion(const Case& at);

// checks_identity.cc: who is who, and whether all that was seen can be true.
Check one_server_each(const Case& at);
Check everybody_identified(const Case& at);
Check no_contradiction(const Case& at);

// checks_members.cc: who belongs to the cluster.
Check one_member_list(const Case& at);
Check last_primary_known(const Case& at);
Check no_unlisted_sender(const Case& at);

// checks_writer.cc: who else writes, or may.
Check no_other_writer(const Case& at);
Check states_known(const Case& at);
Check no_evidence_of_life(const Case& at);
Check proven_down(const Case& at);
Check nobody_accepts(const Case& at);
Check has_candidate(const Case& at);

// checks_history.cc: whether the target's history goes on from everybody's.
Check on_one_ancestry(const Case& at);
Check holds_the_most(const Case& at);
Check passed_shutdown_checkpoint(const Case& at);
/// True if an orderly demotion proves that no acknowledged write is missing: the target is past
/// its shutdown checkpoint, and nobody is known to have written after it.
bool shutdown_proves(const Case& at);

// checks_afterwards.cc: whether it will work afterwards.
Check replay_goes_on(const Case& at);
Check has_disk(const Case& at);
Check can_start_again(const Case& at);

// checks_loss.cc: what was acknowledged and may be missing.
Check synchronous_members_seen(const Case& at);
Check acknowledged_writes_proven(const Case& at);
/// What is known of the WAL beyond the target's position on servers that do not answer.
std::vector<std::string> known_losses(const Case& at);

}  // namespace aeromq::postgresql::detail
