#include "messages/text.h"

#include <algorithm>

namespace aeromq {
namespace {

std::string upper_hex(std::uint64_t value) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text;
  do {
    text.insert(text.begin(), kDigits[value & 15]);
    value >>= 4;
  } while (value != 0);
  return text;
}

}  // namespace

bool has_control_characters(std::string_view text) {
  // C0, DEL, and C1 in its UTF-8 form (0xC2 0x80-0x9F).
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto octet = static_cast<unsigned char>(text[i]);
    if (octet < 0x20 || octet == 0x7F) return true;
    if (octet == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0)
      return true;
  }
  return false;
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::string cut(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  // The first octet that is left out begins a character, or is moved back to where one does.
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80) --most;
  return std::string(text.substr(0, most));
}

std::string position_text(std::uint64_t position) {
  return upper_hex(position >> 32) + "/" + upper_hex(position & 0xFFFFFFFFU);
}

}  // namespace aeromq
