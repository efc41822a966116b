#include "process/log.h"

#include <fcntl.h>
#include <limits.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>

#include "process/clock.h"
#include "process/log_bound.h"

namespace aeromq::process {
namespace {

std::string quoted(std::string_view value) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  bool plain = !value.empty();
  std::string text = "\"";
  for (const char letter : value) {
    const auto octet = static_cast<unsigned char>(letter);
    if (octet <= 0x20 || octet == 0x7f || letter == '"' || letter == '=' || letter == '\\')
      plain = false;
    if (letter == '"' || letter == '\\') {
      text += '\\';
      text += letter;
    } else if (octet < 0x20 || octet == 0x7f) {
      text += "\\x";
      text += kDigits[octet >> 4];
      text += kDigits[octet & 15];
    } else {
      text += letter;
    }
  }
  return plain ? std::string(value) : text + '"';
}

std::string log_file;  // empty: standard error is no file with a name

/// True if both descriptors lead to one file.
bool are_one_file(int one, int other) {
  struct stat a {};
  struct stat b {};
  return ::fstat(one, &a) == 0 && ::fstat(other, &b) == 0 && a.st_dev == b.st_dev &&
         a.st_ino == b.st_ino;
}

}  // namespace

std::string logfmt(std::string_view event, LogFields fields) {
  std::string line = "event=" + quoted(event);
  for (const auto& field : fields) line += ' ' + std::string(field.key) + '=' + quoted(field.value);
  return line;
}

void start_log(std::string_view process) {
  auto logger = spdlog::get("aeromq");
  if (!logger) logger = spdlog::stderr_logger_mt("aeromq");
  logger->flush_on(spdlog::level::trace);
  logger->set_formatter(std::make_unique<spdlog::pattern_formatter>(
      "%Y-%m-%dT%H:%M:%S.%eZ level=%l process=" + std::string(process) + " pid=%P %v",
      spdlog::pattern_time_type::utc));
  spdlog::set_default_logger(std::move(logger));
}

void remember_log_file() {
  struct stat found {};
  std::array<char, PATH_MAX> name{};
  if (::fstat(STDERR_FILENO, &found) != 0 || !S_ISREG(found.st_mode)) return;
  const auto size = ::readlink("/proc/self/fd/2", name.data(), name.size());
  if (size <= 0 || static_cast<std::size_t>(size) >= name.size()) return;
  log_file.assign(name.data(), static_cast<std::size_t>(size));
}

void reopen_log() {
  if (log_file.empty()) return log_info("hangup");
  const int fd = ::open(log_file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
                        S_IRUSR | S_IWUSR);
  if (fd < 0)
    return log_error("log_not_reopened", {{"file", log_file}, {"why", std::strerror(errno)}});
  if (are_one_file(STDOUT_FILENO, STDERR_FILENO)) ::dup2(fd, STDOUT_FILENO);
  ::dup2(fd, STDERR_FILENO);
  ::close(fd);
  log_info("hangup", {{"log", "reopened"}});
}

void log_info(std::string_view event, LogFields fields) {
  spdlog::info("{}", logfmt(event, fields));
}
void log_warning(std::string_view event, LogFields fields) {
  spdlog::warn("{}", logfmt(event, fields));
}
void log_error(std::string_view event, LogFields fields) {
  spdlog::error("{}", logfmt(event, fields));
}

void log_peer(std::string_view peer, std::string_view event, LogFields fields) {
  static std::mutex one_at_a_time;
  static std::map<std::string, LogBound, std::less<>> bounds;
  const std::lock_guard lock(one_at_a_time);
  std::uint64_t left_out = 0;
  if (!bounds[std::string(event)].may(std::string(peer), now(), left_out)) return;
  auto line = logfmt(event, fields);
  if (left_out > 0) line += " left_out=" + std::to_string(left_out);
  spdlog::warn("{}", line);
}

}  // namespace aeromq::process
