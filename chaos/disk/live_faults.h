// One system call of the audit writer or of the kernel fails while people work: it cannot write, it
// cannot sync, it writes too little, the disk is full or slow. A lying disk (a sync that reports
// success and did nothing) is out of scope: no program can tell.
#pragma once
#include "chaos/disk/disk_rung.h"

namespace aeromq::chaos::disk {

/// One stack, `errors` faults, each followed by a repair, a restart and a judgement. Stops early at
/// the first violation. Without the right to trace, faults that need it are counted as skipped.
void fail_disk(const DiskOptions& options, const std::filesystem::path& dir, std::uint64_t seed,
               unsigned errors, bool may_trace, Tally& tally);

}  // namespace aeromq::chaos::disk
