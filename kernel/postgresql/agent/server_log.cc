#include "kernel/postgresql/agent/server_log.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "messages/text.h"

namespace aeromq::postgresql {
namespace {

constexpr std::size_t kMostLines = 6;
constexpr std::size_t kMostLine = 240;
constexpr std::size_t kMostAfter = 3;  // lines that explain a severe one: DETAIL, HINT, CONTEXT
constexpr std::uint64_t kMostRead = 64 * 1024;
constexpr std::uint64_t kTail = 8 * 1024;

// Severities as the server writes them, in English and in German: the other languages' logs are
// told by their last lines.
constexpr std::array<std::string_view, 6> kSevere{
    "FATAL:", "PANIC:", "ERROR:", "FEHLER:", "PANIK:", "FATAL :"};
constexpr std::array<std::string_view, 1> kOrdinary{"LOG:"};
constexpr std::array<std::string_view, 7> kNoise{"the database system is starting up",
                                                 "the database system is shutting down",
                                                 "the database system is not yet accepting",
                                                 "the database system is in recovery mode",
                                                 "due to administrator command",
                                                 "Consistent recovery state has not been yet",
                                                 "Hot standby mode is disabled"};

bool has_any(std::string_view line, const auto& parts) {
  return std::ranges::any_of(
      parts, [&](std::string_view part) { return line.find(part) != std::string_view::npos; });
}

std::uint64_t size_of(const std::string& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  return error ? 0 : size;
}

}  // namespace

std::vector<std::string> collected_logs(std::string_view current, const std::string& data) {
  std::vector<std::string> files;
  std::istringstream in{std::string(current)};
  for (std::string format, path; in >> format && std::getline(in >> std::ws, path);)
    if (format == "stderr") files.push_back(path.starts_with('/') ? path : data + "/" + path);
  return files;
}

std::vector<std::string> log_files(const std::string& pg_ctl_log, const std::string& data) {
  std::ifstream in(data + "/current_logfiles");
  std::ostringstream text;
  text << in.rdbuf();
  auto files = collected_logs(text.str(), data);
  if (!pg_ctl_log.empty()) files.insert(files.begin(), pg_ctl_log);
  return files;
}

LogMark mark_logs(const std::vector<std::string>& files) {
  LogMark mark;
  for (const auto& file : files) mark[file] = size_of(file);
  return mark;
}

std::string read_logs(const std::vector<std::string>& files, const LogMark& mark) {
  std::string all;
  for (const auto& file : files) {
    const auto size = size_of(file);
    const auto marked = mark.find(file);
    // One that is shorter than it was is another one by now.
    auto from = marked != mark.end() && marked->second <= size ? marked->second : 0;
    if (mark.empty() && size > kTail) from = size - kTail;
    if (size - from > kMostRead) from = size - kMostRead;
    std::ifstream in(file, std::ios::binary);
    in.seekg(static_cast<std::streamoff>(from));
    std::ostringstream text;
    text << in.rdbuf();
    all += text.str();
  }
  return all;
}

std::string choose_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.find_first_not_of(" \t\r") != std::string_view::npos && !has_any(line, kNoise))
      lines.push_back(line);
  }
  auto end = lines.size();
  for (std::size_t i = lines.size(); i > 0; --i)
    if (has_any(lines[i - 1], kSevere)) {
      end = i;
      while (end < lines.size() && end < i + kMostAfter && !has_any(lines[end], kOrdinary)) ++end;
      break;
    }
  std::string chosen;
  for (auto i = end > kMostLines ? end - kMostLines : 0; i < end; ++i)
    chosen += (chosen.empty() ? "" : " | ") + cut(lines[i], kMostLine);
  return chosen;
}

}  // namespace aeromq::postgresql
