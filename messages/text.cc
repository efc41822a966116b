#include "messages/text.h"

#include <unictype.h>
#include <unistr.h>
#include <uniwidth.h>

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

std::string lower_hex(std::uint32_t value, std::size_t digits) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text(digits, '0');
  for (auto at = digits; at-- > 0; value >>= 4) text[at] = kDigits[value & 15];
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

CodePoint first_code_point(std::string_view text) {
  ucs4_t value = 0;
  const auto* octets = reinterpret_cast<const std::uint8_t*>(text.data());
  const int read = u8_mbtoucr(&value, octets, text.size());
  return read > 0 ? CodePoint{value, static_cast<std::size_t>(read)} : CodePoint{};
}

bool is_invisible(char32_t code) {
  return uc_is_general_category_withtable(code, UC_CATEGORY_MASK_Cc | UC_CATEGORY_MASK_Cf |
                                                    UC_CATEGORY_MASK_Zl | UC_CATEGORY_MASK_Zp) ||
         uc_is_property_default_ignorable_code_point(code);
}

std::string visible(std::string_view text) {
  std::string safe;
  safe.reserve(text.size());
  while (!text.empty()) {
    const auto [code, octets] = first_code_point(text);
    if (octets == 0) {
      safe += "\\x" + lower_hex(static_cast<unsigned char>(text.front()), 2);
    } else if (!is_invisible(code)) {
      safe += text.substr(0, octets);
    } else if (code <= 0xFFFF) {
      safe += "\\u" + lower_hex(code, 4);
    } else {
      const auto rest = code - 0x10000;
      safe += "\\u" + lower_hex(0xD800 + (rest >> 10), 4) + "\\u" +
              lower_hex(0xDC00 + (rest & 0x3FF), 4);
    }
    text.remove_prefix(std::max<std::size_t>(octets, 1));
  }
  return safe;
}

bool is_blank(std::string_view text) {
  constexpr char32_t kBrailleBlank = 0x2800;  // drawn, with no dot
  while (!text.empty()) {
    const auto [code, octets] = first_code_point(text);
    if (octets == 0) return false;
    if (!is_invisible(code) && !uc_is_property_white_space(code) && code != kBrailleBlank)
      return false;
    text.remove_prefix(octets);
  }
  return true;
}

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const auto [code, octets] = first_code_point(text);
    const int taken = octets == 0 ? 1 : uc_width(code, "UTF-8");
    columns += taken > 0 ? static_cast<std::size_t>(taken) : 0;
    text.remove_prefix(std::max<std::size_t>(octets, 1));
  }
  return columns;
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
