// The log of a stopped stack, damaged while nobody looked: a tail is torn, a bit flips, a sector is
// zeroed, a segment goes. `aeromq-ctl audit verify` must name the class of what it finds, and a
// writer that starts over it must refuse, or say in the log itself what it found.
#pragma once
#include "chaos/disk/disk_rung.h"

namespace aeromq::chaos::disk {

/// One stack, `damages` damages one after the other, each undone by putting the sound log back.
void damage_logs(const DiskOptions& options, const std::filesystem::path& dir, std::uint64_t seed,
                 unsigned damages, Tally& tally);

}  // namespace aeromq::chaos::disk
