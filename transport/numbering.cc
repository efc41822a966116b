#include "transport/numbering.h"

#include <algorithm>

namespace aeromq::transport {

bool Numbering::accept(const Header& header) {
  // The first message tells where both ends count from: a broker begins each actor's connection
  // anew, so that what was meant for an earlier one is out of turn.
  // A base is a multiple of 2^32, and zero for clients.
  constexpr std::uint64_t kCount = 0xFFFF'FFFF;
  if (!has_boot_ && (header.seq & kCount) == 1) received_ = header.seq - 1;
  if (faulty_ || header.seq != received_ + 1 || (has_boot_ && header.boot != boot_)) {
    faulty_ = true;
    return false;
  }
  // What was sent before it counts from there too, however many messages that were.
  if (!has_boot_) sent_ = header.seq - 1 + std::max<std::uint64_t>(sent_, 1);
  ++received_;
  boot_ = header.boot;
  has_boot_ = true;
  return true;
}

}  // namespace aeromq::transport
