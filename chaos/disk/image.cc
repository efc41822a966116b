#include "chaos/disk/image.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "chaos/disk/cleaner.h"
#include "chaos/stack/child.h"
#include "chaos/stack/stack.h"

namespace aeromq::chaos::disk {
namespace {

namespace fs = std::filesystem;

constexpr int kToolMs = 20000;
constexpr int kReleaseMs = 5000;
constexpr std::uint32_t kNoLogFlush = 2;  // EXT4_GOING_FLAGS_NOLOGFLUSH
constexpr auto kShutdown = _IOR('X', 125, std::uint32_t);

void need(const Ended& ended, const std::string& what) {
  if (ended.exit_code != 0) throw std::runtime_error(what + ": " + ended.out + ended.err);
}

std::runtime_error system_fault(const std::string& what) {
  return std::runtime_error(what + ": " + std::generic_category().message(errno));
}

}  // namespace

Image::Image(fs::path file, fs::path mount_point, std::uint64_t octets)
    : file_(std::move(file)), mount_point_(std::move(mount_point)) {
  const int fd = ::open(file_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0 || ::ftruncate(fd, static_cast<off_t>(octets)) != 0)
    throw system_fault("make " + file_.string());
  ::close(fd);
  need(run({"/usr/sbin/mkfs.ext4", "-q", "-F", "-b", "4096", file_.string()}, kToolMs), "mkfs");
  fs::create_directories(mount_point_);
  mount();
}

Image::~Image() {
  unmount();
  cleaner().forget_mount(mount_point_);
  std::error_code ignored;
  fs::remove(file_, ignored);
}

// A long commit interval: the journal's clock must not save what nobody synced.
void Image::mount() {
  cleaner().remember_mount(mount_point_);
  need(run({"/usr/bin/mount", "-t", "ext4", "-o", "loop,commit=3600", file_.string(),
            mount_point_.string()},
           kToolMs),
       "mount");
}

void Image::unmount() {
  const bool done = poll_until(
      kReleaseMs, [&] { return ::umount2(mount_point_.c_str(), 0) == 0 || errno != EBUSY; });
  if (!done) ::umount2(mount_point_.c_str(), MNT_DETACH);
}

void Image::cut(bool flushed) {
  const int fd = ::open(mount_point_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) throw system_fault("open " + mount_point_.string());
  if (flushed) ::syncfs(fd);
  auto flags = kNoLogFlush;
  const int cut = ::ioctl(fd, kShutdown, &flags);
  ::close(fd);
  if (cut != 0) throw system_fault("EXT4_IOC_SHUTDOWN");
}

void Image::remount() {
  unmount();
  mount();
}

bool Image::permitted(const fs::path& scratch) {
  try {
    fs::create_directories(scratch);
    Image probe(scratch / "probe.img", scratch / "probe", 8U << 20);
    probe.cut(false);
    probe.remount();
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace aeromq::chaos::disk
