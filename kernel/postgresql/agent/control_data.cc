#include "kernel/postgresql/agent/control_data.h"

#include <charconv>

namespace aeromq::postgresql {
namespace {

std::optional<std::uint64_t> number(std::string_view text, int base = 10) {
  std::uint64_t value = 0;
  const auto* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value, base);
  if (text.empty() || error != std::errc{} || at != end) return std::nullopt;
  return value;
}

/// The value of the one line that begins with `label`.
std::optional<std::string_view> value_of(std::string_view output, std::string_view label) {
  std::optional<std::string_view> found;
  while (!output.empty()) {
    const auto end = output.find('\n');
    auto line = output.substr(0, end);
    output.remove_prefix(end == std::string_view::npos ? output.size() : end + 1);
    if (!line.starts_with(label) || line.substr(label.size(), 1) != ":") continue;
    if (found) return std::nullopt;
    line.remove_prefix(label.size() + 1);
    const auto first = line.find_first_not_of(' ');
    line = first == std::string_view::npos ? std::string_view{} : line.substr(first);
    while (!line.empty() && (line.back() == ' ' || line.back() == '\r')) line.remove_suffix(1);
    found = line;
  }
  return found;
}

}  // namespace

std::optional<std::uint64_t> parse_position(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto high = number(text.substr(0, slash), 16);
  const auto low = number(text.substr(slash + 1), 16);
  if (!high || !low || *high > 0xffffffffU || *low > 0xffffffffU) return std::nullopt;
  return *high << 32 | *low;
}

std::optional<ControlData> parse_control_data(std::string_view output) {
  ControlData data;
  bool whole = true;
  const auto read = [&](std::string_view label, auto parse, std::uint64_t& into) {
    const auto text = value_of(output, label);
    const auto value = text ? parse(*text) : std::nullopt;
    if (value)
      into = *value;
    else
      whole = false;
  };
  const auto decimal = [](std::string_view text) { return number(text); };
  read("Database system identifier", decimal, data.system_identifier);
  read("Latest checkpoint location", parse_position, data.checkpoint);
  read("Latest checkpoint's TimeLineID", decimal, data.checkpoint_timeline);
  read("Minimum recovery ending location", parse_position, data.minimum_recovery_end);
  read("Min recovery ending loc's timeline", decimal, data.minimum_recovery_timeline);
  const auto maybe = [&](std::string_view label) {
    const auto text = value_of(output, label);
    return text ? number(*text).value_or(0) : 0;
  };
  data.wal_page = maybe("WAL block size");
  data.wal_segment = maybe("Bytes per WAL segment");
  constexpr std::array kLimits{"max_connections setting", "max_worker_processes setting",
                               "max_wal_senders setting", "max_prepared_xacts setting",
                               "max_locks_per_xact setting"};
  for (std::size_t i = 0; i < kLimits.size(); ++i)
    if (const auto text = value_of(output, kLimits[i])) data.limits[i] = number(*text).value_or(0);
  const auto state = value_of(output, "Database cluster state");
  if (!whole || !state || state->empty()) return std::nullopt;
  data.state = *state;
  return data;
}

}  // namespace aeromq::postgresql
