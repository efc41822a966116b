// A small disk that can lose its power: an ext4 file system in a file, mounted over a loop device.
// A cut is EXT4_IOC_SHUTDOWN without a flush of the journal: what was not synced is gone, as the
// block device never heard of it. Unmounted and removed by the destructor, and by the cleaner.
#pragma once
#include <filesystem>

namespace aeromq::chaos::disk {

class Image {
 public:
  /// Makes `file` and mounts it at `mount_point`; throws std::runtime_error where that is not
  /// permitted.
  Image(std::filesystem::path file, std::filesystem::path mount_point, std::uint64_t octets);
  Image(const Image&) = delete;
  Image& operator=(const Image&) = delete;
  ~Image();

  /// The power goes: every later write and sync fails. With `flushed`, what had been written and
  /// not yet synced reached the disk just before (a disk may always be early).
  void cut(bool flushed);
  /// Unmounted and mounted again: what the next boot finds. Nobody may have a file open.
  void remount();
  const std::filesystem::path& where() const { return mount_point_; }

  /// Whether this machine lets us make, mount and cut one.
  static bool permitted(const std::filesystem::path& scratch);

 private:
  void mount();
  void unmount();
  std::filesystem::path file_;
  std::filesystem::path mount_point_;
};

}  // namespace aeromq::chaos::disk
