// Text on its way into a settings file and out of it. The files that we write are ASCII; what
// people write into their texts may be any UTF-8.
#pragma once
#include <string>
#include <string_view>

#include "messages/result.h"

namespace aeromq {

/// A TOML basic string, quotes and all, of ASCII alone: everything else is escaped in it.
std::string toml_text(std::string_view text);

/// The same settings in ASCII: what stands in double quotes is escaped, what stands in comments is
/// dropped. toml++ 3.3 runs into undefined behaviour on letters such as U+00BA outside of strings,
/// so they never reach it. Error INVALID_INPUT, field `settings`, with the line: a byte order mark,
/// no UTF-8, or such a letter anywhere else.
Result<std::string> ascii_toml(std::string_view text);

}  // namespace aeromq
