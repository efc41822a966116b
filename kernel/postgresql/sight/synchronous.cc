#include "kernel/postgresql/sight/synchronous.h"

#include <algorithm>
#include <charconv>

namespace aeromq::postgresql {
namespace {

struct Token {
  enum class Kind { end, name, number, sign };
  Kind kind = Kind::end;
  std::string text;
  bool quoted = false;
};

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

auto fault(std::string what) {
  return fail(make_error(ErrorCode::invalid_input, std::move(what), "synchronous_standby_names"));
}

/// The words of the setting, in the shape of PostgreSQL's own syncrep_scanner.
Result<std::vector<Token>> split(std::string_view text) {
  std::vector<Token> all;
  while (!text.empty()) {
    const char c = text.front();
    std::size_t length = 1;
    if (is_space(c)) {
      text.remove_prefix(1);
      continue;
    }
    Token token;
    if (c == '"') {
      token.kind = Token::Kind::name;
      token.quoted = true;
      for (;; ++length) {
        if (length >= text.size()) return fault("an unterminated quoted name");
        if (text[length] != '"') {
          token.text += text[length];
        } else if (length + 1 < text.size() && text[length + 1] == '"') {
          token.text += text[++length];
        } else {
          ++length;
          break;
        }
      }
    } else if (c == '(' || c == ')' || c == ',' || c == '*') {
      token.kind = c == '*' ? Token::Kind::name : Token::Kind::sign;
      token.text = c;
    } else if (is_name(c)) {
      while (length < text.size() && is_name(text[length])) ++length;
      token.text = text.substr(0, length);
      token.kind =
          std::ranges::all_of(token.text, is_digit) ? Token::Kind::number : Token::Kind::name;
    } else {
      return fault("an unexpected character: " + std::string(1, c));
    }
    text.remove_prefix(length);
    all.push_back(std::move(token));
  }
  return all;
}

class Reader {
 public:
  explicit Reader(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  Result<SynchronousNames> read() {
    SynchronousNames rule;
    if (tokens_.empty()) return rule;
    const bool any = is_word("ANY");
    const bool has_method = any || is_word("FIRST");
    if (has_method) ++at_;
    rule.method = any ? SynchronousNames::Method::any : SynchronousNames::Method::first;
    rule.number = 1;
    const bool listed = peek(0).kind == Token::Kind::number && is_sign(1, '(');
    if (has_method && !listed) return fault("after the method a number and a list in parentheses");
    if (listed) {
      const auto& digits = tokens_[at_].text;
      const auto [end, error] =
          std::from_chars(digits.data(), digits.data() + digits.size(), rule.number);
      if (error != std::errc{} || rule.number == 0 || end != digits.data() + digits.size())
        return fault("the number of synchronous standbys must be greater than zero");
      at_ += 2;
    }
    if (!read_names(rule)) return fault("a list of names was expected");
    if (listed && !take_sign(')')) return fault("a closing parenthesis was expected");
    if (at_ != tokens_.size()) return fault("something stands behind the list");
    return rule;
  }

 private:
  const Token& peek(std::size_t ahead) const {
    static const Token kEnd;
    return at_ + ahead < tokens_.size() ? tokens_[at_ + ahead] : kEnd;
  }
  bool is_word(std::string_view word) const {
    return peek(0).kind == Token::Kind::name && !peek(0).quoted && same_name(peek(0).text, word);
  }
  bool is_sign(std::size_t ahead, char sign) const {
    return peek(ahead).kind == Token::Kind::sign && peek(ahead).text.front() == sign;
  }
  bool take_sign(char sign) {
    const bool there = is_sign(0, sign);
    if (there) ++at_;
    return there;
  }
  bool read_names(SynchronousNames& rule) {
    do {
      const auto& token = peek(0);
      if (token.kind != Token::Kind::name && token.kind != Token::Kind::number) return false;
      if (token.text == "*")
        rule.everybody = true;
      else
        rule.names.push_back(token.text);
      ++at_;
    } while (take_sign(','));
    return true;
  }

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
};

}  // namespace

bool same_name(std::string_view one, std::string_view other) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(one, other, {}, lower, lower);
}

Result<SynchronousNames> parse_synchronous(std::string_view text) {
  auto tokens = split(text);
  if (!tokens) return fail(tokens.error());
  return Reader(std::move(*tokens)).read();
}

std::vector<std::string> unseen_members(const SynchronousNames& rule, std::string_view primary,
                                        const std::vector<std::string>& visible) {
  std::vector<std::string> unseen;
  for (const auto& name : rule.names) {
    const auto is_it = [&](const std::string& other) { return same_name(name, other); };
    if (same_name(name, primary) || std::ranges::any_of(visible, is_it) ||
        std::ranges::any_of(unseen, is_it))
      continue;
    unseen.push_back(name);
  }
  return unseen;
}

}  // namespace aeromq::postgresql
