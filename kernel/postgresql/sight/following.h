// Whom a server would follow after a switch, by its primary_conninfo and primary_slot_name. aeromq
// tells nobody whom to follow, so this is asked before. Pure.
#pragma once
#include "kernel/postgresql/sample.h"

namespace aeromq::postgresql {

/// unsure: it may, and nothing in the sample can tell (a name, a virtual address, several servers
/// of which it takes whichever answers first, a setting that could not be read).
enum class Follows { directly, through_another, unsure, nobody };

struct FollowsWhom {
  Follows how = Follows::unsure;
  std::string why;  ///< of `unsure` and `nobody`: "n3 names n1 alone in primary_conninfo"
};

/// What `node` would do once `primary` is the only primary. Precondition: both answered.
FollowsWhom would_follow(const ClusterSample& sample, const NodeSample& node,
                         const NodeSample& primary);

/// The name under which it streams: application_name, else cluster_name, else what PostgreSQL says.
std::string standby_name(const NodeSample& node);

}  // namespace aeromq::postgresql
