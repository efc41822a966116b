// What must not stay behind when a person stops the harness: mounts, the processes of a stack, its
// folders. A signal wakes one thread that undoes them all and ends the process.
#pragma once
#include <filesystem>
#include <mutex>
#include <set>

namespace aeromq::chaos::disk {

/// A signal to every process of ours (program aeromq*) that has `folder` in its command line, by
/// its pid; false if there is none. The folder's name must be one that nobody else can have.
bool signal_processes(const std::filesystem::path& folder, int number);

/// SIGKILL to them until none is left (bounded).
void end_processes(const std::filesystem::path& folder);

class Cleaner {
 public:
  /// From here on SIGINT, SIGTERM and SIGHUP clean up and end the process.
  void watch_signals();
  void remember_mount(const std::filesystem::path& mount_point);
  void forget_mount(const std::filesystem::path& mount_point);
  /// Its processes are ended and it is removed.
  void remember_folder(const std::filesystem::path& folder);
  void forget_folder(const std::filesystem::path& folder);

 private:
  void clean();
  std::mutex mutex_;
  std::set<std::filesystem::path> mounts_;
  std::set<std::filesystem::path> folders_;
};

Cleaner& cleaner();

}  // namespace aeromq::chaos::disk
