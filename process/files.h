// Small files, whole: written atomically and durably, read within a limit.
#pragma once
#include <string>

#include "messages/result.h"

namespace aeromq::process {

constexpr std::size_t kMaxSettingsFile = 1024 * 1024;  ///< octets

/// Writes `text` to `path` with mode 0600: after a crash there is the old file or the new one,
/// whole. Error INVALID_INPUT, field `file`.
Result<void> write_file(const std::string& path, const std::string& text);

// write_file() in two halves, for several files that change together: each text lies durably beside
// its file, and then takes its place. A place that was taken already is left alone.
Result<void> write_beside(const std::string& path, const std::string& text);
Result<void> put_in_place(const std::string& path);
/// Where write_beside() puts the text for `path`.
std::string beside(const std::string& path);

/// All of a file of at most `max` octets. Error INVALID_INPUT, field `file`.
Result<std::string> read_file(const std::string& path, std::size_t max = kMaxSettingsFile);

/// The same for a file with secrets: refused if group or others may read or write it.
Result<std::string> read_secret_file(const std::string& path);

}  // namespace aeromq::process
