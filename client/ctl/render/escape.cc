#include "client/ctl/render/escape.h"

#include <algorithm>

#include "messages/text.h"

namespace aeromq::ctl {
namespace {

/// Octets of `text` that fit into so many columns; all of it, or at least one character.
std::size_t fitting(std::string_view text, std::size_t columns) {
  std::size_t taken = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto octets = std::max<std::size_t>(first_code_point(text.substr(at)).octets, 1);
    taken += columns_of(text.substr(at, octets));
    if (taken > columns && at > 0) return at;
    at += octets;
  }
  return text.size();
}

}  // namespace

std::string escape(std::string_view text) { return visible(text); }

std::size_t width(std::string_view text) { return columns_of(text); }

std::vector<std::string> folded(std::string_view text, std::size_t columns) {
  std::vector<std::string> lines;
  for (;;) {
    const auto most = fitting(text, columns);
    if (most == text.size()) break;
    const auto blank = text.substr(0, most + 1).rfind(' ');
    const bool at_blank = blank != std::string_view::npos && blank >= most / 2;
    lines.emplace_back(text.substr(0, at_blank ? blank : most));
    text.remove_prefix(at_blank ? blank + 1 : most);
  }
  lines.emplace_back(text);
  return lines;
}

}  // namespace aeromq::ctl
