#pragma once
#include "chaos/disk/disk_rung.h"
namespace aeromq::chaos {
void damage_logs(const DiskOptions& options, const std::filesystem::path& dir, std::uint64_t seed,
                 unsigned damages, Tally& tally);
}
