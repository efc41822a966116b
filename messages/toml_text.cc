#include "messages/toml_text.h"

#include <algorithm>
#include <utility>

#include "messages/text.h"

namespace aeromq {
namespace {

std::string unicode_escape(char32_t code) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const bool is_short = code <= 0xFFFF;
  std::string text = is_short ? "\\u" : "\\U";
  for (int shift = is_short ? 12 : 28; shift >= 0; shift -= 4)
    text += kDigits[(code >> shift) & 15];
  return text;
}

/// Where in a TOML file a character stands; of strings, by what ends them.
class Place {
 public:
  bool in_comment() const { return ends_ == "\n"; }
  bool in_basic() const { return ends_.starts_with('"'); }

  /// Octets of `rest` that are taken together: a quote, an escape, or one.
  std::size_t take(std::string_view rest) {
    if (in_basic() && rest.front() == '\\') return rest.size() > 1 && rest[1] != '\n' ? 2 : 1;
    if (!ends_.empty()) {
      if (!rest.starts_with(ends_)) {
        // A string of one line that nobody ends is the parser's to refuse.
        if (rest.front() == '\n' && ends_.size() == 1) ends_ = {};
        return 1;
      }
      return std::exchange(ends_, {}).size();
    }
    for (const std::string_view quote : {"\"\"\"", "'''", "\"", "'"})
      if (rest.starts_with(quote)) {
        ends_ = quote;
        return quote.size();
      }
    if (rest.front() == '#') ends_ = "\n";
    return 1;
  }

 private:
  std::string_view ends_;
};

}  // namespace

std::string toml_text(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const auto [code, octets] = first_code_point(text);
    if (octets == 0) {  // no UTF-8: nothing that a reader would take
      out += "\\uFFFD";
    } else if (code < 0x20 || code >= 0x7F) {
      out += unicode_escape(code);
    } else {
      if (code == '"' || code == '\\') out += '\\';
      out += static_cast<char>(code);
    }
    text.remove_prefix(std::max<std::size_t>(octets, 1));
  }
  return out + '"';
}

Result<std::string> ascii_toml(std::string_view text) {
  std::size_t line = 1;
  const auto fault = [&](const std::string& what) {
    return fail(make_error(ErrorCode::invalid_input, what, "settings"));
  };
  if (text.starts_with("\xEF\xBB\xBF"))
    return fault("begins with a byte order mark: save it as UTF-8 without one");
  std::string ascii;
  Place place;
  while (!text.empty()) {
    const auto [code, octets] = first_code_point(text);
    const auto where = "line " + std::to_string(line) + ": ";
    if (octets == 0) return fault(where + "is not UTF-8");
    if (octets == 1) {
      const auto taken = std::min(place.take(text), text.size());
      if (text.front() == '\n') ++line;
      // An escape's second half may be any character: it is looked at on its own.
      const bool cut = taken == 2 && static_cast<unsigned char>(text[1]) >= 0x80;
      ascii += text.substr(0, cut ? 1 : taken);
      text.remove_prefix(cut ? 1 : taken);
      continue;
    }
    if (place.in_basic())
      ascii += unicode_escape(code);
    else if (!place.in_comment())
      return fault(where + "has characters beyond ASCII outside of a text in double quotes");
    text.remove_prefix(octets);
  }
  return ascii;
}

}  // namespace aeromq
