#include "process/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

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
