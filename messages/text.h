// Small pure questions about text that more than one part asks in the same words.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace aeromq {

/// True if `text` holds C0, DEL or C1 control characters: refused in everything that is shown or
/// recorded (terminal and log injection).
bool has_control_characters(std::string_view text);

/// True if `text` shows as nothing: only white space of any script, and characters that are not
/// drawn. No reason, no sentence of anybody is like that.
bool is_blank(std::string_view text);

/// True for a character that a reader doesn't see, or that changes how others are shown: controls,
/// format characters, line separators, what fonts leave out. White space is seen, as a gap.
bool is_invisible(char32_t code);

/// One character of UTF-8 text.
struct CodePoint {
  char32_t value = 0;
  std::size_t octets = 0;  ///< 0: the text does not begin with a character
};

/// The first character of `text`, which is not empty. Strict: nothing overlong, no surrogate.
CodePoint first_code_point(std::string_view text);

/// `text` for people and programs to see: what is invisible is written as \u00AD, beyond U+FFFF as
/// the two halves that JSON has for it, and octets that are no UTF-8 as \xNN. Other text is left as
/// it is.
std::string visible(std::string_view text);

/// Columns that a terminal takes for `text`: two for a wide character, none for a mark upon
/// another.
std::size_t columns_of(std::string_view text);

/// True if every octet is an ASCII character (0 to 127).
bool is_ascii(std::string_view text);

/// The first `most` octets of UTF-8 text, or a few less: a character is not cut in two.
std::string cut(std::string_view text, std::size_t most);

/// A position in history as people know it: high and low half in hexadecimal, "0/40004E8".
std::string position_text(std::uint64_t position);

}  // namespace aeromq
