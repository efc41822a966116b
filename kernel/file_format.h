// How an SQLite file of ours grows: its table `meta` names its format, a family and a version
// ("aeromq-register-3"). Each version is made of the one before it by one step, in a new file as in
// an old one, so both end with the same tables. A file of a newer version is refused, never
// guessed.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "kernel/sqlite.h"

namespace aeromq::kernel {

/// What a program knows of one family of files.
struct FileFormat {
  std::string_view family;
  /// The first makes version 1 in an empty file, each further one the next version of the last.
  std::span<const char* const> steps;
  std::size_t version() const { return steps.size(); }
  std::string name() const { return name_of(version()); }
  std::string name_of(std::size_t version) const {
    return std::string(family) + "-" + std::to_string(version);
  }
};

/// Makes the tables of the newest version and names the format. Within the caller's transaction.
void make_tables(Database& database, const FileFormat& format);

/// Meets what lies in a file: of this version it is left alone; an older one is brought up to it in
/// one transaction if `may_write`, else read as it is. Error INVALID_INPUT: another family, a newer
/// version, a step that fails (the file is then as it was).
Result<void> meet_format(Database& database, const FileFormat& format, bool may_write);

/// Which version of `format` the file has. 0: it is of another family, or no version.
std::size_t version_of(const Database& database, const FileFormat& format);

}  // namespace aeromq::kernel
