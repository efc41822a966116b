// Syncs of files and folders: what is believed or told must outlive a power cut.
#pragma once
#include <string>

namespace aeromq::postgresql {

/// True if `path` is on the disk, or is not there at all.
bool sync_file(const std::string& path);

/// True if the entries of `folder` are on the disk.
bool sync_folder(const std::string& folder);

/// The folder that `path` lies in.
std::string folder_of(const std::string& path);

/// An SQLite file as a killed process may have left it, in the cache only: synced before it is
/// read, else a row that was told could still go.
bool sync_what_was_left(const std::string& path);

}  // namespace aeromq::postgresql
