// Of a demotion whose successor was named: whether that node could be promoted once the primary has
// stopped in order. The promotion's own checks answer, asked of the look as it is and of the look
// as it would be then. Pure.
#pragma once
#include <functional>

#include "kernel/postgresql/sight/checks.h"
#include "kernel/succession.h"

namespace aeromq::postgresql {

using Judge = std::function<std::vector<Check>(const ClusterSample&, const Intent&)>;

/// The look as it would be after the demotion: the primary is a standby on its own timeline, and it
/// and the successor have all that anybody has received from it. Nobody else changes.
ClusterSample as_if_demoted(const ClusterSample& sample, const Intent& demotion);

/// `judge` has the checks of a promotion: checks() alone, or with what a register adds.
/// Precondition: the demotion names a successor.
kernel::Succession succession_of(const ClusterSample& sample, const Intent& demotion,
                                 const Judge& judge);

}  // namespace aeromq::postgresql
