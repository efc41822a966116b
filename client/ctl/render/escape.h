// Makes text from the wire harmless on a terminal, and measures and folds it for one.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace aeromq::ctl {

/// What nobody sees, written out (visible() of messages/text.h): controls, overrides of direction,
/// joiners, soft hyphens, broken UTF-8. Other text is left as it is.
std::string escape(std::string_view text);

/// How many columns of a terminal `text` takes.
std::size_t width(std::string_view text);

/// `text` in lines of at most `columns`, cut at a blank where there is one in the line's second
/// half. At least one line; nothing but blanks at the cuts is lost.
std::vector<std::string> folded(std::string_view text, std::size_t columns);

}  // namespace aeromq::ctl
