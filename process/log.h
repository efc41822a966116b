// The log of a process: one logfmt-like line per event on standard error. For people who run
// aeromq; it is not the audit, and no key, token or secret goes into it.
#pragma once
#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>

namespace aeromq::process {

struct LogField {
  LogField(std::string_view name, std::string_view text) : key(name), value(text) {}
  LogField(std::string_view name, const char* text) : key(name), value(text) {}
  LogField(std::string_view name, const std::string& text) : key(name), value(text) {}
  template <std::integral T>
  LogField(std::string_view name, T number) : key(name) {
    if constexpr (std::same_as<T, bool>)
      value = number ? "true" : "false";
    else
      value = std::to_string(number);
  }
  std::string_view key;
  std::string value;
};
using LogFields = std::initializer_list<LogField>;

/// Names the process in every line. Call once, first in main.
void start_log(std::string_view process);

/// The log of a service that is a file is remembered by its name, so that reopen_log() can open
/// what stands under that name by then: whoever rotates logs renames the file and sends SIGHUP.
void remember_log_file();
/// Where there is no such file, only a line says that a hangup came.
void reopen_log();

void log_info(std::string_view event, LogFields fields = {});
void log_warning(std::string_view event, LogFields fields = {});
void log_error(std::string_view event, LogFields fields = {});

/// A warning that `peer` can cause as often as it likes: a few lines of it in ten seconds
/// (process/log_bound.h); the next one says in `left_out` how many were not written. Any thread.
void log_peer(std::string_view peer, std::string_view event, LogFields fields = {});

/// `event=... key=value ...`; values with blanks, quotes, `=` or control octets are quoted and
/// escaped, so that one event stays one line whatever a peer sent.
std::string logfmt(std::string_view event, LogFields fields);

}  // namespace aeromq::process
