// What stands in the way of a promotion in the server itself, whatever its history: a replay that
// cannot go on, a full disk. Pure.
#pragma once
#include "kernel/postgresql/sample.h"

namespace aeromq::postgresql {

/// A promotion begins a timeline with a segment of its own, and needs a little for all else.
constexpr std::uint64_t kDiskBesidesSegment = 4ULL << 20;
/// Below this a disk is worth a word before its server becomes the primary.
constexpr std::uint64_t kDiskNearlyFull = 256ULL << 20;
/// What was received and not yet replayed is replayed before a promotion ends: from here on a
/// person should know it.
constexpr std::uint64_t kFarBehind = 64ULL << 20;

/// Settings of a standby that are lower than its WAL needs: "max_connections is 40 there, and 80 is
/// needed". Known from its control file, and from the primary if that answered.
std::vector<std::string> lower_limits(const ClusterSample& sample, const NodeSample& node);

/// Its disks that have too little left for a promotion: "4096 octets are free where its data are".
std::vector<std::string> full_disks(const NodeSample& node);
/// The same for the larger bound.
std::vector<std::string> nearly_full_disks(const NodeSample& node);

/// Why a promotion of this standby could not succeed; empty: nothing of that kind is known.
std::vector<std::string> obstacles(const ClusterSample& sample, const NodeSample& node);

/// Octets that it received and has not replayed.
std::uint64_t replay_gap(const NodeSample& node);

}  // namespace aeromq::postgresql
