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

Result<std::string> read_checked(const std::string& path, std::size_t max, mode_t forbidden) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return fault(path, std::strerror(errno));
  struct stat found {};
  if (::fstat(file.get(), &found) != 0) return fault(path, std::strerror(errno));
  if (!S_ISREG(found.st_mode)) return fault(path, "is not a regular file");
  if ((found.st_mode & forbidden) != 0)
    return fault(path, "holds a secret key and may be read by others; chmod 0600 it");
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
  if (file.get() < 0 || ::fchmod(file.get(), 0600) != 0 || !write_all(file.get(), text))
    return fault(path, std::strerror(errno));
  return {};
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

Result<std::string> read_file(const std::string& path, std::size_t max) {
  return read_checked(path, max, 0);
}

Result<std::string> read_secret_file(const std::string& path) {
  return read_checked(path, kMaxSettingsFile, S_IRWXG | S_IRWXO);
}

}  // namespace aeromq::process
