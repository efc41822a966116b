// The power goes while people work: at a seeded moment, or while a process stands at a named point
// of a write or a sync, or while the stack is only just starting. Then everything that anybody was
// told must be on the disk.
#pragma once
#include "chaos/disk/disk_rung.h"

namespace aeromq::chaos::disk {

/// One stack, cut `cuts` times. Stops early at the first violation.
void cut_power(const DiskOptions& options, const std::filesystem::path& dir, std::uint64_t seed,
               unsigned cuts, Tally& tally);

}  // namespace aeromq::chaos::disk
