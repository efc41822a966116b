#include "client/ctl/render/yaml.h"

#include <algorithm>
#include <array>

namespace aeromq::ctl {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Plain only if no reader, not even a YAML 1.1 one, takes it for anything but this text.
bool plain(const std::string& text) {
  constexpr std::array<std::string_view, 12> kWords{"true", "false", "null", "yes", "no",  "on",
                                                    "off",  "y",     "n",    "nan", "inf", ""};
  std::string lower = text;
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (std::ranges::find(kWords, lower) != kWords.end()) return false;
  if (!is_letter(text.front()) || text.back() == ' ') return false;
  return std::ranges::all_of(text, [](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == ' ' || c == '_' || c == '-' || c == '.' ||
           c == '/';
  });
}

std::string scalar(const Json& value) {
  if (value.is_string() && plain(value.get_ref<const std::string&>()))
    return value.get<std::string>();
  return json_line(value);  // a JSON scalar is a YAML scalar
}

std::string key(const std::string& name) { return plain(name) ? name : json_line(name); }

void put(std::string& out, const Json& value, std::size_t depth);

/// What follows "key:" or "-": a scalar or an empty container on the line, else a block below.
void put_value(std::string& out, const Json& value, std::size_t depth, bool in_list) {
  if (!value.is_structured() || value.empty()) {
    out += ' ' + (value.is_array() ? "[]" : value.is_object() ? "{}" : scalar(value)) + '\n';
    return;
  }
  if (!in_list) {
    out += '\n';
    return put(out, value, depth + 1);
  }
  // "- key: ..." : the block's first line continues the dash.
  std::string block;
  put(block, value, depth + 1);
  out += ' ' + block.substr((depth + 1) * 2);
}

void put(std::string& out, const Json& value, std::size_t depth) {
  const std::string indent(depth * 2, ' ');
  if (value.is_object()) {
    for (const auto& [name, member] : value.items()) {
      out += indent + key(name) + ':';
      put_value(out, member, depth, false);
    }
    return;
  }
  for (const auto& element : value) {
    out += indent + '-';
    put_value(out, element, depth, true);
  }
}

}  // namespace

std::string yaml_text(const Json& value) {
  if (!value.is_structured()) return scalar(value) + '\n';
  if (value.empty()) return value.is_array() ? "[]\n" : "{}\n";
  std::string out;
  put(out, value, 0);
  return out;
}

}  // namespace aeromq::ctl
