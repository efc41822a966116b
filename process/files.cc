#include "process/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace aeromq::process {
namespace {

auto fault(const std::string& path, const std::string& what) {
  return fail(make_error(ErrorCode::invalid_input, path + ": " + what, "file"));
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

bool write_all(int fd, const std::string& text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const auto wrote = ::write(fd, text.data() + done, text.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return false;
    done += static_cast<std::size_t>(wrote);
  }
  return ::fsync(fd) == 0;
}

/// Whoever else can write it decides what we do.
Result<void> judge(const std::string& path, const struct stat& found, Owner owner) {
  const auto us = ::geteuid();
  const bool believed =
      found.st_uid == us || found.st_uid == 0 || (owner == Owner::ours_or_any && us == 0);
  if (!believed)
    return fault(path, "belongs to user " + std::to_string(found.st_uid) +
                           "; it must belong to this user (" + std::to_string(us) + ") or to root");
  if ((found.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return fault(path, "may be written by others than its owner; chmod go-w it");
  return {};
}

Result<std::string> read_checked(const std::string& path, std::size_t max, mode_t forbidden,
                                 Owner owner) {
  // A pipe that nobody writes must not hold us up before it is judged.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return fault(path, std::strerror(errno));
  struct stat found {};
  if (::fstat(file.get(), &found) != 0) return fault(path, std::strerror(errno));
  if (S_ISDIR(found.st_mode)) return fault(path, "is a folder, not a file");
  if (!S_ISREG(found.st_mode) && !S_ISFIFO(found.st_mode))
    return fault(path, "is neither a file nor a pipe");
  if ((found.st_mode & forbidden) != 0)
    return fault(path, "holds a secret key and may be read by others; chmod 0600 it");
  if (auto good = judge(path, found, owner); !good) return fail(good.error());
  ::fcntl(file.get(), F_SETFL, 0);
  std::string text;
  char buffer[4096];
  for (;;) {
    const auto got = ::read(file.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fault(path, std::strerror(errno));
    if (got == 0) return text;
    text.append(buffer, static_cast<std::size_t>(got));
    if (text.size() > max) return fault(path, "is too long");
  }
}

}  // namespace

std::string beside(const std::string& path) { return path + ".new"; }

Result<void> write_beside(const std::string& path, const std::string& text) {
  const Descriptor file(
      ::open(beside(path).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file.get() < 0 || ::fchmod(file.get(), 0600) != 0) return fault(path, std::strerror(errno));
  if (write_all(file.get(), text)) return {};
  const int error = errno;
  ::unlink(beside(path).c_str());  // half of it is of no use, and takes room
  if (error == ENOSPC || error == EDQUOT)
    return fault(path,
                 "the disk of " + std::filesystem::path(path).parent_path().string() + " is full");
  return fault(path, std::strerror(error));
}

Result<void> put_in_place(const std::string& path) {
  if (::rename(beside(path).c_str(), path.c_str()) != 0 && errno != ENOENT)
    return fault(path, std::strerror(errno));
  const auto parent = std::filesystem::path(path).parent_path();
  const Descriptor folder(
      ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0 || ::fsync(folder.get()) != 0) return fault(path, std::strerror(errno));
  return {};
}

Result<void> write_file(const std::string& path, const std::string& text) {
  if (auto written = write_beside(path, text); !written) return written;
  return put_in_place(path);
}

Result<std::string> read_file(const std::string& path, std::size_t max, Owner owner) {
  return read_checked(path, max, 0, owner);
}

Result<std::string> read_secret_file(const std::string& path, Owner owner) {
  return read_checked(path, kMaxSettingsFile, S_IRWXG | S_IRWXO, owner);
}

Result<void> check_folder(const std::string& path, Links links) {
  const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (links == Links::refused ? O_NOFOLLOW : 0);
  const Descriptor folder(::open(path.c_str(), flags));
  struct stat found {};
  if (folder.get() < 0) return fault(path, std::strerror(errno));
  if (::fstat(folder.get(), &found) != 0) return fault(path, std::strerror(errno));
  return judge(path, found, Owner::ours);
}

Result<void> make_private_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return fault(path, std::strerror(errno));
  if (auto good = refuse_link(path); !good) return good;
  const Descriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  struct stat found {};
  if (folder.get() < 0 || ::fstat(folder.get(), &found) != 0)
    return fault(path, std::strerror(errno));
  if (found.st_uid != ::geteuid())
    return fault(path, "belongs to user " + std::to_string(found.st_uid) +
                           "; it must belong to this user (" + std::to_string(::geteuid()) + ")");
  if (::fchmod(folder.get(), 0700) != 0) return fault(path, std::strerror(errno));
  return {};
}

Result<void> refuse_link(const std::string& path) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) == 0 && S_ISLNK(found.st_mode))
    return fault(path, "is a symbolic link; it must be what it stands for");
  return {};
}

}  // namespace aeromq::process
