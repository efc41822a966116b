#include "client/ctl/render/escape.h"

#include <fmt/format.h>

#include <cstdint>

namespace aeromq::ctl {
namespace {

struct CodePoint {
  std::uint32_t value = 0;
  std::size_t octets = 0;  // 0 = not UTF-8
};

CodePoint read(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {lead, 1};
  const std::size_t octets = lead >> 5 == 0x6    ? 2
                             : lead >> 4 == 0xE  ? 3
                             : lead >> 3 == 0x1E ? 4
                                                 : 0;
  if (octets == 0 || text.size() < octets) return {};
  std::uint32_t value = lead & (0xFFU >> (octets + 1));
  for (std::size_t i = 1; i < octets; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if (next >> 6 != 0x2) return {};
    value = value << 6 | (next & 0x3FU);
  }
  return {value, octets};
}

bool harmful(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0) ||  // C0, DEL, C1
         code == 0x200E || code == 0x200F || (code >= 0x2028 && code <= 0x202E) ||
         (code >= 0x2066 && code <= 0x2069) || code == 0xFEFF;
}

}  // namespace

std::string escape(std::string_view text) {
  std::string safe;
  safe.reserve(text.size());
  while (!text.empty()) {
    const auto code = read(text);
    if (code.octets == 0) {
      safe += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
      text.remove_prefix(1);
      continue;
    }
    if (harmful(code.value))
      safe += fmt::format("\\u{:04x}", code.value);
    else
      safe += text.substr(0, code.octets);
    text.remove_prefix(code.octets);
  }
  return safe;
}

std::size_t width(std::string_view text) {
  std::size_t columns = 0;
  for (const char c : text)
    if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) ++columns;
  return columns;
}

}  // namespace aeromq::ctl
