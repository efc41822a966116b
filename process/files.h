// Small files, whole: written atomically and durably, read within a limit. What is read is judged
// by the opened descriptor, so that nobody can exchange the file between the look and the reading.
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

/// Whose a file may be that is believed.
enum class Owner {
  ours,         ///< this user's or root's
  ours_or_any,  ///< of root's process anybody's: root gives orders for the user of a service
};

/// All of a file, or of a pipe such as `<(...)`, of at most `max` octets. Error INVALID_INPUT,
/// field `file`: it cannot be read, is a folder or a device, belongs to another user, or may be
/// written by others than its owner.
Result<std::string> read_file(const std::string& path, std::size_t max = kMaxSettingsFile,
                              Owner owner = Owner::ours);

/// The same for a file with secrets: refused if group or others may read or write it.
Result<std::string> read_secret_file(const std::string& path, Owner owner = Owner::ours);

enum class Links { followed, refused };
/// Whether the folder `path` is ours or root's and nobody else may write into it. Error as above.
Result<void> check_folder(const std::string& path, Links links);
/// Makes the folder, or takes one that is there and ours, and gives it mode 0700. A link in its
/// place is refused, so that no folder elsewhere can be meant. Error INVALID_INPUT, field `file`.
Result<void> make_private_folder(const std::string& path);
/// Refuses a link at `path`; what is not there is fine. Error as above.
Result<void> refuse_link(const std::string& path);

}  // namespace aeromq::process
