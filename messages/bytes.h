// Octet strings: of any length, and of a fixed length with a type of their own.
#pragma once
#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace aeromq {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// `N` octets whose meaning is `Tag`: two kinds of id cannot be mixed up. All zeros = none.
template <std::size_t N, class Tag>
struct FixedBytes {
  static constexpr std::size_t kSize = N;
  std::array<std::uint8_t, N> octets{};

  /// The first N octets of `source`, which must hold at least N.
  static FixedBytes from(ByteView source) {
    FixedBytes made;
    std::copy_n(source.begin(), N, made.octets.begin());
    return made;
  }
  bool empty() const { return *this == FixedBytes{}; }
  ByteView view() const { return octets; }
  friend auto operator<=>(const FixedBytes&, const FixedBytes&) = default;
};

/// Lower-case hexadecimal.
inline std::string to_hex(ByteView bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (auto octet : bytes) {
    text += kDigits[octet >> 4];
    text += kDigits[octet & 15];
  }
  return text;
}

}  // namespace aeromq
