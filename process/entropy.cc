#include "process/entropy.h"

#include <sys/random.h>

#include <cerrno>
#include <cstdlib>

namespace aeromq::process {

void fill_random(std::span<std::uint8_t> octets) {
  while (!octets.empty()) {
    const auto got = ::getrandom(octets.data(), octets.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) std::abort();
    octets = octets.subspan(static_cast<std::size_t>(got));
  }
}

}  // namespace aeromq::process
