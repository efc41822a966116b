// Fixed-width unsigned integers in little-endian octets: the byte order of every audit structure.
// Must never depend on the byte order of the machine.
#pragma once
#include <concepts>
#include <cstddef>
#include <cstdint>

namespace aeromq::audit {

template <std::unsigned_integral T>
constexpr void put_le(std::uint8_t* at, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i)
    at[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> (8 * i));
}

template <std::unsigned_integral T>
constexpr T get_le(const std::uint8_t* at) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) value |= std::uint64_t{at[i]} << (8 * i);
  return static_cast<T>(value);
}

}  // namespace aeromq::audit
