#include "chaos/disk/cleaner.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <thread>

#include "chaos/stack/stack.h"

namespace aeromq::chaos::disk {
namespace {

namespace fs = std::filesystem;

constexpr int kEndMs = 5000;
int woken = -1;

void wake(int number) {
  const auto octet = static_cast<char>(number);
  [[maybe_unused]] const auto written = ::write(woken, &octet, 1);
}

bool names(const fs::path& process, const std::string& folder) {
  std::ostringstream words;
  words << std::ifstream(process / "cmdline", std::ios::binary).rdbuf();
  const auto text = words.str();
  const auto program = fs::path(text.substr(0, text.find('\0'))).filename().string();
  if (!program.starts_with("aeromq")) return false;
  const auto at = text.find(folder);
  if (at == std::string::npos) return false;
  const auto next = text[std::min(at + folder.size(), text.size() - 1)];
  return next == '/' || next == '\0';
}

}  // namespace

bool signal_processes(const fs::path& folder, int number) {
  const auto wanted = folder.string();
  const auto own = std::to_string(::getpid());
  bool any = false;
  std::error_code gone;
  for (const auto& entry : fs::directory_iterator("/proc", gone)) {
    const auto name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos || name == own || name == "1")
      continue;
    if (!names(entry.path(), wanted)) continue;
    any = true;
    ::kill(static_cast<pid_t>(std::stoi(name)), number);
  }
  return any;
}

void end_processes(const fs::path& folder) {
  poll_until(kEndMs, [&] { return !signal_processes(folder, SIGKILL); });
}

void Cleaner::watch_signals() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return;
  woken = ends[1];
  std::thread([this, from = ends[0]] {
    char number = 0;
    while (::read(from, &number, 1) != 1) continue;
    clean();
    ::_exit(128 + number);
  }).detach();
  struct sigaction action {};
  action.sa_handler = wake;
  action.sa_flags = SA_RESTART;
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(number, &action, nullptr);
}

void Cleaner::clean() {
  const std::lock_guard lock(mutex_);
  std::error_code ignored;
  for (const auto& folder : folders_) end_processes(folder);
  for (const auto& mount : mounts_) ::umount2(mount.c_str(), MNT_DETACH);
  for (const auto& folder : folders_) fs::remove_all(folder, ignored);
}

void Cleaner::remember_mount(const fs::path& mount_point) {
  const std::lock_guard lock(mutex_);
  mounts_.insert(mount_point);
}
void Cleaner::forget_mount(const fs::path& mount_point) {
  const std::lock_guard lock(mutex_);
  mounts_.erase(mount_point);
}
void Cleaner::remember_folder(const fs::path& folder) {
  const std::lock_guard lock(mutex_);
  folders_.insert(folder);
}
void Cleaner::forget_folder(const fs::path& folder) {
  const std::lock_guard lock(mutex_);
  folders_.erase(folder);
}

Cleaner& cleaner() {
  static Cleaner one;
  return one;
}

}  // namespace aeromq::chaos::disk
