#include "kernel/postgresql/sight/timeline.h"

#include <charconv>

namespace aeromq::postgresql {
namespace {

auto malformed(std::string what) { return fail(make_error(ErrorCode::malformed, std::move(what))); }

template <class Number>
bool read_number(std::string_view text, int base, Number& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return !text.empty() && error == std::errc{} && end == text.data() + text.size();
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  return first == text.npos ? std::string_view{} : text.substr(first);
}

/// The next word, taken off the front of `text`.
std::string_view take_word(std::string_view& text) {
  text = trimmed(text);
  const auto end = std::min(text.find_first_of(" \t\r"), text.size());
  const auto word = text.substr(0, end);
  text.remove_prefix(end);
  return word;
}

}  // namespace

Result<Lsn> parse_lsn(std::string_view text) {
  std::uint32_t high = 0;
  std::uint32_t low = 0;
  const auto slash = text.find('/');
  if (slash == text.npos || !read_number(text.substr(0, slash), 16, high) ||
      !read_number(text.substr(slash + 1), 16, low))
    return malformed("not a position: " + std::string(text));
  return Lsn{high} << 32 | low;
}

Result<std::vector<TimelineEnd>> parse_history(std::string_view content) {
  std::vector<TimelineEnd> all;
  while (!content.empty()) {
    const auto length = std::min(content.find('\n'), content.size());
    auto line = trimmed(content.substr(0, length));
    content.remove_prefix(std::min(length + 1, content.size()));
    if (line.empty() || line.front() == '#') continue;
    const std::string whole(line);
    TimelineEnd one;
    if (!read_number(take_word(line), 10, one.timeline))
      return malformed("not a line of a timeline history: " + whole);
    const auto end = parse_lsn(take_word(line));
    if (!end) return malformed("not a line of a timeline history: " + whole);
    one.end = *end;
    if (one.timeline == 0 || (!all.empty() && one.timeline <= all.back().timeline))
      return malformed("timelines out of order: " + whole);
    all.push_back(one);
  }
  return all;
}

History history_of(const NodeSample& node) {
  return {node.timeline, node.ancestors, node.position};
}

std::optional<Lsn> end_of(const History& history, std::uint32_t timeline) {
  for (const auto& ancestor : history.ancestors)
    if (ancestor.timeline == timeline) return ancestor.end;
  return std::nullopt;
}

bool on_ancestry(const History& history, std::uint32_t timeline, Lsn position) {
  if (timeline == history.timeline) return true;
  const auto end = end_of(history, timeline);
  return end && position <= *end;
}

}  // namespace aeromq::postgresql
