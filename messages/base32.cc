#include "messages/base32.h"

namespace aeromq {
namespace {
constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

int value_of(char c) {
  const char upper = (c >= 'a' && c <= 'z') ? static_cast<char>(c - 'a' + 'A') : c;
  const auto at = kAlphabet.find(upper);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}
}  // namespace

std::string to_base32(ByteView bytes) {
  std::string text;
  text.reserve(bytes.size() / 5 * 8);
  for (std::size_t at = 0; at + 5 <= bytes.size(); at += 5) {
    std::uint64_t group = 0;
    for (std::size_t i = 0; i < 5; ++i) group = group << 8 | bytes[at + i];
    for (int shift = 35; shift >= 0; shift -= 5) text += kAlphabet[group >> shift & 31];
  }
  return text;
}

std::optional<Bytes> from_base32(std::string_view text) {
  if (text.size() % 8 != 0) return std::nullopt;
  Bytes bytes;
  for (std::size_t at = 0; at < text.size(); at += 8) {
    std::uint64_t group = 0;
    for (std::size_t i = 0; i < 8; ++i) {
      const int value = value_of(text[at + i]);
      if (value < 0) return std::nullopt;
      group = group << 5 | static_cast<std::uint64_t>(value);
    }
    for (int shift = 32; shift >= 0; shift -= 8)
      bytes.push_back(static_cast<std::uint8_t>(group >> shift & 255));
  }
  return bytes;
}

}  // namespace aeromq
