#include "supervisor/last_words.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace aeromq::supervisor {
namespace {

constexpr off_t kTail = 4096;  // octets of the log that are looked at

std::string tail_of(const std::string& log) {
  const int fd = ::open(log.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  const auto size = ::lseek(fd, 0, SEEK_END);
  std::array<char, kTail> octets{};
  const auto got = ::pread(fd, octets.data(), octets.size(), std::max<off_t>(size - kTail, 0));
  ::close(fd);
  return got > 0 ? std::string(octets.data(), static_cast<std::size_t>(got)) : std::string();
}

/// The value of a field as logfmt() writes it.
std::string value_of(const std::string& line, const std::string& key) {
  const auto at = line.find(' ' + key + '=');
  if (at == std::string::npos) return {};
  auto rest = line.substr(at + key.size() + 2);
  if (!rest.starts_with('"')) return rest.substr(0, rest.find(' '));
  std::string value;
  for (std::size_t i = 1; i < rest.size() && rest[i] != '"'; ++i) {
    if (rest[i] == '\\' && i + 1 < rest.size()) ++i;
    value += rest[i];
  }
  return value;
}

}  // namespace

std::string last_words(const std::string& log, pid_t pid) {
  const auto tail = tail_of(log);
  const auto by = " pid=" + std::to_string(pid) + ' ';
  for (auto end = tail.size(); end > 0;) {
    const auto begin = tail.rfind('\n', end - 1);
    const auto first = begin == std::string::npos ? 0 : begin + 1;
    const auto line = tail.substr(first, end - first);
    if (line.find(by) != std::string::npos &&
        line.find(" event=cannot_start ") != std::string::npos)
      return value_of(line, "why");
    end = begin == std::string::npos ? 0 : begin;
  }
  return {};
}

}  // namespace aeromq::supervisor
