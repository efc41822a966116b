#include "transport/numbering.h"

namespace aeromq::transport {

bool Numbering::accept(const Header& header) {
  if (faulty_ || header.seq != received_ + 1 || (has_boot_ && header.boot != boot_)) {
    faulty_ = true;
    return false;
  }
  ++received_;
  boot_ = header.boot;
  has_boot_ = true;
  return true;
}

}  // namespace aeromq::transport
