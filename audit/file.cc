#include "audit/file.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>

namespace aeromq::audit {
namespace fs = std::filesystem;

void Fd::close() {
  if (number_ >= 0) ::close(std::exchange(number_, -1));
}

Result<Fd> open_file(const fs::path& path, int flags) {
  // What we write is never behind a link that somebody put there.
  const int links = (flags & (O_CREAT | O_RDWR | O_WRONLY)) != 0 ? O_NOFOLLOW : 0;
  Fd fd(::open(path.c_str(), flags | links | O_CLOEXEC, 0600));
  if (!fd.open()) return fail(file_error("open", path, errno));
  return fd;
}

Result<void> write_at(const Fd& fd, ByteView bytes, std::uint64_t offset, const fs::path& path) {
  ssize_t done = -1;
  do {
    done = ::pwrite(fd.number(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
  } while (done < 0 && errno == EINTR);
  if (done < 0) return fail(file_error("write", path, errno));
  if (static_cast<std::size_t>(done) != bytes.size())
    return fail(unavailable("write " + path.string() + ": short, " + std::to_string(done) + " of " +
                            std::to_string(bytes.size()) + " octets"));
  return {};
}

Result<void> fill_with_zeros(const Fd& fd, std::uint64_t from, std::uint64_t size,
                             const fs::path& path) {
  constexpr std::uint64_t kPiece = 1U << 20;
  const Bytes zeros(static_cast<std::size_t>(std::min(size, kPiece)));
  for (std::uint64_t at = from; at < size;) {
    const auto piece = ByteView(zeros).first(static_cast<std::size_t>(std::min(size - at, kPiece)));
    if (auto written = write_at(fd, piece, at, path); !written) return written;
    at += piece.size();
  }
  return {};
}

Result<void> take_room(const Fd& fd, std::uint64_t size, const fs::path& path) {
  int done = -1;
  do {
    done = ::fallocate(fd.number(), 0, 0, static_cast<off_t>(size));
  } while (done != 0 && errno == EINTR);
  if (done == 0 || errno == EOPNOTSUPP || errno == ENOSYS) return {};
  return fail(file_error("take room for", path, errno));
}

Result<std::uint64_t> free_octets(const fs::path& path) {
  struct statvfs found {};
  if (::statvfs(path.c_str(), &found) != 0) return fail(file_error("statvfs", path, errno));
  // Root may write into the part that is kept for it.
  const auto blocks = ::geteuid() == 0 ? found.f_bfree : found.f_bavail;
  return std::uint64_t{blocks} * found.f_frsize;
}

Result<void> sync_data(const Fd& fd, const fs::path& path) {
  if (::fdatasync(fd.number()) != 0) return fail(file_error("fdatasync", path, errno));
  return {};
}

Result<void> sync_file(const Fd& fd, const fs::path& path) {
  if (::fsync(fd.number()) != 0) return fail(file_error("fsync", path, errno));
  return {};
}

Result<void> truncate_file(const Fd& fd, std::uint64_t size, const fs::path& path) {
  if (::ftruncate(fd.number(), static_cast<off_t>(size)) != 0)
    return fail(file_error("truncate", path, errno));
  return {};
}

Result<void> make_read_only(const Fd& fd, const fs::path& path) {
  if (::fchmod(fd.number(), 0440) != 0) return fail(file_error("chmod", path, errno));
  return {};
}

Result<void> rename_file(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return fail(file_error("rename", from, errno));
  return {};
}

void remove_file(const fs::path& path) { ::unlink(path.c_str()); }

bool file_exists(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

Result<void> make_directories(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return fail(file_error("create", path, error.value()));
  return {};
}

Result<std::vector<std::string>> list_directory(const fs::path& path) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end;
       entry.increment(error))
    names.push_back(entry->path().filename().string());
  if (error) return fail(file_error("list", path, error.value()));
  return names;
}

fs::path absolute_path(const fs::path& path) { return fs::absolute(path); }

Result<void> sync_directory(const fs::path& path) {
  auto fd = open_file(path, O_RDONLY | O_DIRECTORY);
  if (!fd) return fail(fd.error());
  if (::fsync(fd->number()) != 0) return fail(file_error("fsync", path, errno));
  return {};
}

Result<void> sync_folders_above(const fs::path& path) {
  for (auto at = absolute_path(path); at.has_relative_path();) {
    at = at.parent_path();
    const auto fd = open_file(at, O_RDONLY | O_DIRECTORY);
    if (!fd) return {};
    if (::fsync(fd->number()) == 0) continue;
    if (errno == EINVAL || errno == EROFS) return {};
    return fail(file_error("fsync", at, errno));
  }
  return {};
}

Result<std::uint64_t> file_size(const Fd& fd, const fs::path& path) {
  struct stat status {};
  if (::fstat(fd.number(), &status) != 0) return fail(file_error("fstat", path, errno));
  return static_cast<std::uint64_t>(status.st_size);
}

Result<std::uint64_t> size_of_named(const Fd& fd, const fs::path& path) {
  struct stat held {};
  struct stat named {};
  if (::fstat(fd.number(), &held) != 0) return fail(file_error("fstat", path, errno));
  if (::stat(path.c_str(), &named) != 0) return fail(file_error("stat", path, errno));
  if (held.st_nlink == 0 || held.st_ino != named.st_ino || held.st_dev != named.st_dev)
    return fail(unavailable(path.string() + " was removed or replaced"));
  return static_cast<std::uint64_t>(held.st_size);
}

Result<Bytes> read_at(const Fd& fd, std::uint64_t offset, std::size_t size, const fs::path& path) {
  Bytes bytes(size);
  std::size_t filled = 0;
  while (filled < size) {
    const auto got = ::pread(fd.number(), bytes.data() + filled, size - filled,
                             static_cast<off_t>(offset + filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(file_error("read", path, errno));
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  bytes.resize(filled);
  return bytes;
}

Result<void> settle(const fs::path& path) {
  auto fd = open_file(path, O_RDONLY);
  if (!fd) return fail(fd.error());
  if (::fsync(fd->number()) != 0) return fail(file_error("fsync", path, errno));
  ::posix_fadvise(fd->number(), 0, 0, POSIX_FADV_DONTNEED);
  return {};
}

namespace {
struct flock whole_file(short type) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}
}  // namespace

Result<bool> is_locked(const fs::path& path) {
  auto fd = open_file(path, O_RDONLY);
  if (!fd) return fail(fd.error());
  auto lock = whole_file(F_RDLCK);
  if (::fcntl(fd->number(), F_OFD_GETLK, &lock) != 0)
    return fail(file_error("read the lock of", path, errno));
  return lock.l_type != F_UNLCK;
}

Result<bool> take_lock(const Fd& fd, const fs::path& path) {
  auto lock = whole_file(F_WRLCK);
  if (::fcntl(fd.number(), F_OFD_SETLK, &lock) == 0) return true;
  if (errno == EAGAIN || errno == EACCES) return false;
  return fail(file_error("lock", path, errno));
}

void refuse_death_by_file_size() { std::signal(SIGXFSZ, SIG_IGN); }

Result<void> fill_random(std::span<std::uint8_t> octets) {
  if (::getrandom(octets.data(), octets.size(), 0) != static_cast<ssize_t>(octets.size()))
    return fail(unavailable("getrandom failed"));
  return {};
}

}  // namespace aeromq::audit
