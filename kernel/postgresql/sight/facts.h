// From a look to the register's terms: who holds write authority as PostgreSQL itself shows it, and
// the look as one kernel snapshot. Pure.
#pragma once
#include "kernel/postgresql/sight/checks.h"

namespace aeromq::postgresql {

/// Follows changes of write authority that somebody else made, and says what moved; empty: nothing.
/// One look is one change at most: one fencing epoch.
/// - A register that never had a holder takes the one server that writes.
/// - The holder is known not to write (in recovery, or proven stopped) and one other writes: that
///   one. In recovery and nobody writes: none.
/// - Two writers: the holder stays. So it does while it does not answer: silence changes nothing.
/// - The holder writes on another timeline: its authority is a new one.
/// - Who answers at an address and is not the server beside its agent moves nothing: whose words
/// they
///   are is not known.
/// Never call it while an act is under way: its own steps would look foreign.
std::string observe(kernel::Register& state, const ClusterSample& sample);

/// What an action needs of the register.
Intent intent_of(const kernel::Register& state, Action action, const std::string& node,
                 const RequestId& request);

/// The register and a look as one snapshot, without checks. A node that did not answer has no
/// reported role and is stale, whatever it said before.
KernelSnapshot snapshot_of(const kernel::Register& state, const ClusterSample& sample,
                           std::uint64_t snapshot, std::uint64_t now_ms);

}  // namespace aeromq::postgresql
