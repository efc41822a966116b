#include "kernel/postgresql/agent/proc_tables.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace aeromq::postgresql {
namespace {

/// Takes the next line off the front; false at the end.
bool next_line(std::string_view& text, std::string_view& line) {
  if (text.empty()) return false;
  const auto end = text.find('\n');
  line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return true;
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; (at = line.find_first_not_of(" \t\r", at)) != std::string_view::npos;) {
    const auto end = std::min(line.find_first_of(" \t\r", at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end;
  }
  return words;
}

template <class Number>
std::optional<Number> number(std::string_view text, int base = 10) {
  Number value{};
  const auto* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value, base);
  if (text.empty() || error != std::errc{} || at != end) return std::nullopt;
  return value;
}

/// PostgreSQL writes key and number as unsigned long, whatever their sign.
std::optional<std::int32_t> as_id(std::string_view word) {
  const auto value = number<std::uint64_t>(word);
  return value ? std::optional(static_cast<std::int32_t>(*value)) : std::nullopt;
}

void read_line(int number_of_line, std::string_view line, PostmasterFile& file) {
  switch (number_of_line) {
    case 1:
      file.pid = std::abs(number<pid_t>(line).value_or(0));
      break;
    case 2:
      file.folder = line;
      break;
    case 3:
      file.start = number<std::uint64_t>(line).value_or(0);
      break;
    case 4:
      file.port = number<std::uint64_t>(line).value_or(0);
      break;
    case 5:
      file.socket_folder = line;
      break;
    case 7:
      if (const auto words = words_of(line); words.size() == 2) {
        file.segment_key = as_id(words[0]);
        file.segment = as_id(words[1]);
      }
      break;
    case 8:
      file.stopping = line.starts_with("stopping");
      break;
    default:
      break;
  }
}

/// "0100007F" or 32 digits: words of four octets, each in the order of this machine.
std::optional<std::vector<unsigned char>> octets_of(std::string_view hex) {
  constexpr std::size_t kWord = 8;
  if (hex.empty() || hex.size() % kWord != 0) return std::nullopt;
  std::vector<unsigned char> octets;
  for (std::size_t at = 0; at < hex.size(); at += kWord) {
    const auto word = number<std::uint32_t>(hex.substr(at, kWord), 16);
    if (!word) return std::nullopt;
    std::array<unsigned char, 4> part{};
    std::memcpy(part.data(), &*word, part.size());
    octets.insert(octets.end(), part.begin(), part.end());
  }
  return octets;
}

/// An IPv4 address as it stands inside of an IPv6 one.
std::vector<unsigned char> mapped(const std::vector<unsigned char>& octets) {
  if (octets.size() != 4) return octets;
  std::vector<unsigned char> all(10, 0);
  all.insert(all.end(), {0xff, 0xff});
  all.insert(all.end(), octets.begin(), octets.end());
  return all;
}

std::optional<std::vector<unsigned char>> parse_address(const std::string& text) {
  std::vector<unsigned char> octets(16);
  if (::inet_pton(AF_INET6, text.c_str(), octets.data()) == 1) return octets;
  octets.resize(4);
  if (::inet_pton(AF_INET, text.c_str(), octets.data()) == 1) return mapped(octets);
  return std::nullopt;
}

bool is_any(const std::vector<unsigned char>& octets) {
  return std::ranges::all_of(octets, [](unsigned char octet) { return octet == 0; });
}

}  // namespace

PostmasterFile parse_postmaster_file(std::string_view text) {
  PostmasterFile file;
  std::string_view line;
  for (int i = 1; next_line(text, line); ++i) read_line(i, line, file);
  return file;
}

std::optional<ProcessStat> parse_stat(std::string_view text) {
  // The name before it may hold anything, also a bracket.
  const auto name_end = text.rfind(')');
  if (name_end == std::string_view::npos) return std::nullopt;
  const auto words = words_of(text.substr(name_end + 1, text.find('\n') - name_end - 1));
  constexpr std::size_t kStart = 19;  // field 22 of the whole line
  if (words.size() <= kStart || words[0].size() != 1) return std::nullopt;
  const auto parent = number<pid_t>(words[1]);
  const auto start = number<std::uint64_t>(words[kStart]);
  if (!parent || !start) return std::nullopt;
  return ProcessStat{words[0][0], *parent, *start};
}

std::optional<std::uint64_t> parse_boot_time(std::string_view text) {
  std::string_view line;
  while (next_line(text, line))
    if (line.starts_with("btime ")) return number<std::uint64_t>(line.substr(6));
  return std::nullopt;
}

std::optional<std::uint64_t> attached_to(std::string_view table, std::int32_t key,
                                         std::int32_t segment) {
  std::string_view line;
  if (!next_line(table, line)) return std::nullopt;
  const auto titles = words_of(line);
  const auto column = [&](std::string_view title) {
    return static_cast<std::size_t>(std::ranges::find(titles, title) - titles.begin());
  };
  const auto keys = column("key");
  const auto segments = column("shmid");
  const auto counts = column("nattch");
  if (std::max({keys, segments, counts}) >= titles.size()) return std::nullopt;
  while (next_line(table, line)) {
    const auto words = words_of(line);
    if (words.size() < titles.size()) return std::nullopt;
    if (number<std::int32_t>(words[keys]) != key ||
        number<std::int32_t>(words[segments]) != segment)
      continue;
    return number<std::uint64_t>(words[counts]);
  }
  return 0;
}

bool maps_segment(std::string_view maps, std::int32_t segment) {
  const auto wanted = std::to_string(segment);
  std::string_view line;
  while (next_line(maps, line)) {
    // "7f..-7f.. rw-s 00000000 00:01 32768   /SYSV0052e2c1 (deleted)": the inode is the number.
    const auto words = words_of(line);
    if (words.size() >= 6 && words[5].starts_with("/SYSV") && words[4] == wanted) return true;
  }
  return false;
}

bool listens_at(std::string_view table, const std::string& address, std::uint64_t port) {
  const auto wanted = parse_address(address);
  std::string_view line;
  next_line(table, line);  // the titles
  while (next_line(table, line)) {
    const auto words = words_of(line);
    if (words.size() < 4 || words[3] != "0A") continue;
    const auto colon = words[1].find(':');
    if (colon == std::string_view::npos) continue;
    if (number<std::uint64_t>(words[1].substr(colon + 1), 16) != port) continue;
    const auto octets = octets_of(words[1].substr(0, colon));
    if (!octets || !wanted || is_any(*octets) || mapped(*octets) == *wanted) return true;
  }
  return false;
}

bool listens_at_path(std::string_view table, std::string_view path) {
  constexpr std::uint64_t kListens = 0x10000;
  std::string_view line;
  while (next_line(table, line)) {
    const auto words = words_of(line);
    if (words.size() < 8 || !line.ends_with(path)) continue;
    const auto from = line.size() - path.size();
    if (from == 0 || line[from - 1] != ' ') continue;
    if ((number<std::uint64_t>(words[3], 16).value_or(0) & kListens) != 0) return true;
  }
  return false;
}

bool is_of_server(const ProcessSigns& signs) {
  if (signs.in_folder == Sign::no) return false;
  if (signs.in_folder == Sign::unknown) return signs.is_noted;
  if (signs.is_noted && signs.starts_as_noted) return true;
  if (signs.program == Sign::yes || signs.attached == Sign::yes) return true;
  return signs.program == Sign::unknown && signs.attached == Sign::unknown;
}

}  // namespace aeromq::postgresql
