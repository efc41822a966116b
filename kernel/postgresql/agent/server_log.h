// The end of the server's own log: what a person would look for there after a failure. The choice
// of lines is pure.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace aeromq::postgresql {

/// How long each log was at a moment.
using LogMark = std::map<std::string, std::uint64_t>;

/// The files that a server logs to: the one that pg_ctl was told, and those of its own collector as
/// `current_logfiles` in PGDATA names them, unless they are tables.
std::vector<std::string> log_files(const std::string& pg_ctl_log, const std::string& data);
/// `current`: the text of current_logfiles.
std::vector<std::string> collected_logs(std::string_view current, const std::string& data);

LogMark mark_logs(const std::vector<std::string>& files);
/// What was written since `mark`; of a file without one its end.
std::string read_logs(const std::vector<std::string>& files, const LogMark& mark);

/// The few lines that say most, on one line: those about the last one that is severe, or the last
/// ones. What every client that comes at a bad moment is told is left out. Empty: nothing was said.
std::string choose_lines(std::string_view text);

}  // namespace aeromq::postgresql
