// Small pure questions about text that more than one part asks in the same words.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace aeromq {

/// True if `text` holds C0, DEL or C1 control characters: refused in everything that is shown or
/// recorded (terminal and log injection).
bool has_control_characters(std::string_view text);

/// True if every octet is an ASCII character (0 to 127).
bool is_ascii(std::string_view text);

/// The first `most` octets of UTF-8 text, or a few less: a character is not cut in two.
std::string cut(std::string_view text, std::size_t most);

/// A position in history as people know it: high and low half in hexadecimal, "0/40004E8".
std::string position_text(std::uint64_t position);

}  // namespace aeromq
