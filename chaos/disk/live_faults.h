#pragma once
#include "chaos/disk/disk_rung.h"
namespace aeromq::chaos {
void fail_disk(const DiskOptions& options, const std::filesystem::path& dir, std::uint64_t seed,
               unsigned errors, bool may_trace, Tally& tally);
}
