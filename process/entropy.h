// Randomness from the kernel's getrandom, for shells: ids and tokens enter cores from here.
#pragma once
#include "messages/ids.h"

namespace aeromq::process {

/// Fills all of `octets`; aborts if the system has no randomness (never a weaker source).
void fill_random(std::span<std::uint8_t> octets);

/// A fresh id that is not empty: fresh<Incarnation>(), fresh<Token>(), fresh<BootId>() ...
template <class Id>
Id fresh() {
  Id id;
  do fill_random(id.octets);
  while (id.empty());
  return id;
}

}  // namespace aeromq::process
