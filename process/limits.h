// What the system allows this process to hold.
#pragma once
#include <cstdint>

namespace aeromq::process {

/// Raises the limit of open descriptors as far as the system lets us, and returns it.
std::uint64_t raise_descriptor_limit();

}  // namespace aeromq::process
