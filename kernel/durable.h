// Syncs of files and folders: what is believed or told must outlive a power cut.
#pragma once
#include <string>

namespace aeromq::kernel {

/// True if `path` is on the disk, or is not there at all.
bool sync_file(const std::string& path);

/// True if the entries of `folder` are on the disk.
bool sync_folder(const std::string& folder);

/// The folder that `path` lies in.
std::string folder_of(const std::string& path);

/// An SQLite file as a process that was killed between the write and the sync of a commit has left
/// it, in the cache only: synced before it is read or gone on with, else a row that was told of
/// could still go with the power.
bool sync_what_was_left(const std::string& path);

}  // namespace aeromq::kernel
