#include "kernel/durable.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace aeromq::kernel {

bool sync_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno == ENOENT;
  const bool synced = ::fsync(fd) == 0 || errno == EROFS;
  // After a failed sync a page may count as clean and be on no disk: the next read asks the device.
  ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
  ::close(fd);
  return synced;
}

bool sync_folder(const std::string& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return false;
  // Some file systems know no such sync; what cannot be written needs none.
  const bool synced = ::fsync(fd) == 0 || errno == EINVAL || errno == EROFS;
  ::close(fd);
  return synced;
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

bool sync_what_was_left(const std::string& path) {
  return sync_file(path + "-wal") && sync_file(path) && sync_folder(folder_of(path));
}

}  // namespace aeromq::kernel
