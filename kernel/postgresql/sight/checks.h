// What must hold before an action on a PostgreSQL cluster, as pure functions of one look at it. The
// same list is shown before an action (survey) and decides it (the agent's validation).
#pragma once
#include "kernel/postgresql/sample.h"
#include "kernel/postgresql/settings.h"
#include "kernel/register.h"

namespace aeromq::postgresql {

/// What is wanted, and what the register knows beyond the look.
struct Intent {
  Action action = Action::promote;
  std::string node;
  std::vector<RequestId> own;   ///< the request itself: its own claim does not stand in its way
  std::string last_primary;     ///< who held write authority last; empty: not known
  Lsn shutdown_checkpoint = 0;  ///< of its demotion by aeromq; 0: it was not demoted so
  std::uint32_t timeline = 0;   ///< of that checkpoint; 0: not known
  std::string successor;        ///< demotion: who must be able to follow; empty: anybody
};

/// What the settings say that no look can tell.
struct ClusterRules {
  std::uint64_t system_identifier = 0;    ///< 0: any, but one
  std::string synchronous_standby_names;  ///< empty: asynchronous
  std::string members{};                  ///< members_digest()
};
ClusterRules rules_of(const ClusterSettings& settings);

/// Every check of the action, passing or not, each code once. Of a node that is not in the settings
/// only NODE_UNKNOWN is said.
std::vector<Check> checks(const ClusterSample& sample, const Intent& intent,
                          const ClusterRules& rules);

/// What a person should know that no check covers: what could not be seen, and what would be lost.
std::vector<std::string> not_checked(const ClusterSample& sample, const Intent& intent,
                                     const ClusterRules& rules);

}  // namespace aeromq::postgresql
