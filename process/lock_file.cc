#include "process/lock_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace aeromq::process {

Result<LockFile> LockFile::take(const std::string& path) {
  const auto fault = [&](const std::string& what) {
    return fail(make_error(ErrorCode::invalid_input, path + ": " + what, "lock"));
  };
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return fault(std::strerror(errno));
  LockFile lock(fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return fault(std::strerror(errno));
    char pid[32] = {};
    const auto got = ::pread(fd, pid, sizeof pid - 1, 0);
    const std::string holder(pid, got > 0 ? ::strcspn(pid, "\n") : 0);
    return fault("held by another process" + (holder.empty() ? "" : ", pid " + holder));
  }
  const auto pid = std::to_string(::getpid()) + "\n";
  // For people alone: a full disk is no reason not to have the lock. The block that the file has is
  // not given back before.
  const auto wrote = ::pwrite(fd, pid.data(), pid.size(), 0);
  if (wrote > 0 && ::ftruncate(fd, wrote) != 0) return fault(std::strerror(errno));
  return lock;
}

LockFile::LockFile(LockFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
LockFile& LockFile::operator=(LockFile&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}
LockFile::~LockFile() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace aeromq::process
