// The disk rung: power cuts, errors of single writes and syncs, full disks, and logs that were
// damaged while nobody looked; each followed by a reading of the disk and a judgement.
#pragma once
#include <cstdint>
#include <filesystem>

#include "chaos/disk/tally.h"

namespace aeromq::chaos::disk {

class Site;

struct DiskOptions {
  std::filesystem::path bin_dir;
  std::uint64_t seed = 1;
  unsigned power_cuts = 0;
  unsigned errors = 0;
  unsigned lanes = 2;          ///< stacks side by side
  std::filesystem::path keep;  ///< where the evidence of a violation goes
};

/// Exit code: 0 only if no promise was broken (what is not permitted here is counted as skipped).
int run_disk_rung(const DiskOptions& options);

/// The history, the log and the register of a stack that broke a promise, and how to replay it.
void keep_evidence(const DiskOptions& options, const Site& site, std::uint64_t seed);

}  // namespace aeromq::chaos::disk
