// What a node can have reached since it was heard last. Without such bounds one report of a
// position that no replica can ever hold would forbid every later promotion. Pure.
#pragma once
#include "kernel/register.h"

namespace aeromq::kernel {

/// No service has written this much.
constexpr std::uint64_t kMostPosition = std::uint64_t{1} << 60;
/// No service writes faster, in octets a second; more than any network or disk takes.
constexpr std::uint64_t kMostGrowth = std::uint64_t{16} << 30;
/// What may come at once whatever the time: reports wait in queues.
constexpr std::uint64_t kMostAtOnce = std::uint64_t{64} << 30;
/// The same after a start of the kernel, which does not know for how long it heard nothing.
constexpr std::uint64_t kMostUnheard = std::uint64_t{1} << 50;

/// Whether `node` can be where `report` says. It is measured from the higher one of its own last
/// position and of what the last primary acknowledged. Of a register that has heard no position yet
/// only kMostPosition is asked. Error INVALID_INPUT: the field, and both positions.
Result<void> plausible(const Register& state, const std::string& node, const NodeReport& report,
                       std::uint64_t now_ms);

}  // namespace aeromq::kernel
