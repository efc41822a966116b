// Makes text from the wire harmless on a terminal: no control character leaves as itself.
#pragma once
#include <string>
#include <string_view>

namespace aeromq::ctl {

/// Control characters (C0, DEL, C1), line and paragraph separators and bidirectional overrides as
/// \u00XX; broken UTF-8 as \xNN. Other text is left as it is.
std::string escape(std::string_view text);

/// How many columns of a terminal `text` takes, near enough: its code points.
std::size_t width(std::string_view text);

}  // namespace aeromq::ctl
