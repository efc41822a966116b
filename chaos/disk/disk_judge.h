// What a disk owes to those who were told: judged from a history that ends with what an independent
// reading found on the disk. The names of the predicates are those of the common checker.
#pragma once
#include "chaos/disk/read_back.h"
#include "chaos/disk/tally.h"

namespace aeromq::chaos::disk {

/// `history` is of with_contents(); `before` is the earlier reading of the same disk, if any.
Judgement judge_disk(const History& history, const DiskContents& disk, const DiskContents* before);

}  // namespace aeromq::chaos::disk
