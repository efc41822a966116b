#include "supervisor/node_texts.h"

#include <algorithm>
#include <sstream>

namespace aeromq::supervisor {
namespace {

using Lines = std::vector<std::string>;

Lines lines_of(const std::string& text) {
  Lines lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string text_of(const Lines& lines) {
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  return text;
}

std::string trimmed(const std::string& line) {
  const auto first = line.find_first_not_of(" \t\r");
  return first == line.npos ? "" : line.substr(first, line.find_last_not_of(" \t\r") + 1 - first);
}

bool is_header(const std::string& line) { return trimmed(line).starts_with('['); }
bool is_empty(const std::string& line) {
  return trimmed(line).empty() || trimmed(line).starts_with('#');
}

/// `key` if the line sets one.
std::string key_of(const std::string& line) {
  if (is_empty(line) || is_header(line)) return {};
  return trimmed(line.substr(0, line.find('=')));
}

/// The text that the line sets its key to; empty if it is none in quotes.
std::string value_of(const std::string& line) {
  const auto value = trimmed(line.substr(std::min(line.find('='), line.size() - 1) + 1));
  if (value.size() < 2 || (value[0] != '"' && value[0] != '\'')) return {};
  const auto end = value.find(value[0], 1);
  return end == value.npos ? "" : value.substr(1, end - 1);
}

/// The lines of one table, its header first; without what stands before the next one's header.
struct Block {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// The table of that header whose `name` is the given one; any, if none is given.
std::optional<Block> find_block(const Lines& lines, const std::string& header,
                                const std::string& name = {}) {
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (trimmed(lines[i]) != header) continue;
    Block block{i, i + 1};
    bool named = name.empty();
    for (auto j = i + 1; j < lines.size() && !is_header(lines[j]); ++j) {
      if (!is_empty(lines[j])) block.end = j + 1;
      named = named || (key_of(lines[j]) == "name" && value_of(lines[j]) == name);
    }
    if (named) return block;
  }
  return std::nullopt;
}

/// Sets `key` to `value` in a block that has it.
std::optional<std::string> with_value(Lines lines, const std::optional<Block>& block,
                                      const std::string& key, const std::string& value) {
  if (!block) return std::nullopt;
  for (auto i = block->begin; i < block->end; ++i) {
    if (key_of(lines[i]) != key) continue;
    lines[i] = key + " = \"" + value + "\"";
    return text_of(lines);
  }
  return std::nullopt;
}

}  // namespace

std::string with_node(const std::string& text, const postgresql::NodeSettings& node) {
  const bool ended = text.empty() || text.ends_with('\n');
  return text + (ended ? "\n" : "\n\n") + postgresql::node_settings_text(node);
}

std::optional<std::string> without_node(const std::string& text, const std::string& name) {
  auto lines = lines_of(text);
  auto block = find_block(lines, "[[node]]", name);
  if (!block) return std::nullopt;
  while (block->begin > 0 && trimmed(lines[block->begin - 1]).empty()) --block->begin;
  lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(block->begin),
              lines.begin() + static_cast<std::ptrdiff_t>(block->end));
  return text_of(lines);
}

std::optional<std::string> with_agent_key(const std::string& text, const std::string& name,
                                          const std::string& key) {
  const auto lines = lines_of(text);
  return with_value(lines, find_block(lines, "[[node]]", name), "agent_key", key);
}

std::optional<std::string> with_kernel_key(const std::string& text, const std::string& key) {
  const auto lines = lines_of(text);
  return with_value(lines, find_block(lines, "[kernel]"), "key", key);
}

std::string with_cluster_nodes(const std::string& text, const std::vector<std::string>& names) {
  auto lines = lines_of(text);
  const auto block = find_block(lines, "[cluster]");
  if (!block) return text;
  std::string line = "nodes = [";
  for (const auto& name : names) line += (line.ends_with('[') ? "\"" : ", \"") + name + "\"";
  for (auto i = block->begin; i < block->end; ++i) {
    if (key_of(lines[i]) != "nodes") continue;
    auto last = i;
    while (last + 1 < block->end && lines[last].find(']') == std::string::npos) ++last;
    lines[i] = line + "]";
    lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                lines.begin() + static_cast<std::ptrdiff_t>(last) + 1);
    return text_of(lines);
  }
  return text;
}

}  // namespace aeromq::supervisor
