#include "kernel/postgresql/agent/foresight.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <filesystem>

#include "kernel/postgresql/agent/received_wal.h"
#include "kernel/postgresql/setup.h"
#include "process/clock.h"

namespace aeromq::postgresql {
namespace {

// Files that no settings file names, and what only PostgreSQL finds, are asked of it this often.
constexpr std::uint64_t kTryAgainMs = 60'000;
// What was refused may have been mended in such a place, and somebody waits for it.
constexpr std::uint64_t kTryRefusedAgainMs = 2'000;
constexpr std::uint64_t kForEver = UINT64_MAX;
constexpr std::uint64_t kReadWalMs = 20'000;
constexpr int kMostMarks = 20'000;  ///< of a folder that is read at every status

std::uint64_t boot_ms() { return process::now().boot_ns / kNanosPerMs; }

std::string stamp_of(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return path + ":-";
  return path + ":" + std::to_string(found.st_ino) + ":" + std::to_string(found.st_size) + ":" +
         std::to_string(found.st_mtim.tv_sec) + "." + std::to_string(found.st_mtim.tv_nsec);
}

struct Disk {
  std::uint64_t free = 0;
  std::uint64_t size = 0;
};

Disk disk_of(const std::string& path) {
  struct statvfs found {};
  if (::statvfs(path.c_str(), &found) != 0) return {};
  const std::uint64_t unit = found.f_frsize;
  return {found.f_bavail * unit, found.f_blocks * unit};
}

bool on_one_disk(const std::string& one, const std::string& other) {
  struct stat a {};
  struct stat b {};
  return ::stat(one.c_str(), &a) == 0 && ::stat(other.c_str(), &b) == 0 && a.st_dev == b.st_dev;
}

std::uint64_t count_ready(const std::string& data) {
  std::uint64_t count = 0;
  int seen = 0;
  std::error_code error;
  std::filesystem::directory_iterator at(data + "/pg_wal/archive_status", error);
  for (; !error && at != std::filesystem::directory_iterator() && seen < kMostMarks;
       at.increment(error), ++seen)
    if (at->path().extension() == ".ready") ++count;
  return count;
}

std::vector<ServerSetting> needs_of(const ControlData& control) {
  std::vector<ServerSetting> needs;
  for (std::size_t i = 0; i < kReplayLimits.size(); ++i)
    if (control.limits[i] != 0)
      needs.push_back({std::string(kReplayLimits[i]), std::to_string(control.limits[i])});
  return needs;
}

}  // namespace

Foresight::Foresight(const AgentSettings& settings)
    : data_(settings.data),
      bin_(settings.bin),
      options_(settings.options),
      journal_(settings.journal) {}

// With the lock held: who asks meanwhile waits no longer than who asked first.
template <class T>
std::optional<T> Foresight::find_out(Slow<T>& slow, const std::string& key, std::uint64_t oldest_ms,
                                     std::uint64_t until_ms, std::function<T()> how) const {
  const auto take = [&](std::uint64_t wait_ms) {
    if (!slow.under_way.valid() ||
        slow.under_way.wait_for(std::chrono::milliseconds(wait_ms)) != std::future_status::ready)
      return;
    slow.found = slow.under_way.get();
    slow.found_key = slow.key;
    slow.at_ms = boot_ms();
  };
  take(0);
  const bool is_known = slow.found && slow.found_key == key;
  const bool is_old = is_known && oldest_ms != kForEver && boot_ms() > slow.at_ms + oldest_ms;
  if (!slow.under_way.valid() && (!is_known || is_old)) {
    slow.key = key;
    slow.under_way = std::async(std::launch::async, std::move(how));
  }
  if (!is_known) {
    const auto now = boot_ms();
    take(until_ms > now ? until_ms - now : 0);
  }
  if (slow.found && slow.found_key == key) return slow.found;
  return std::nullopt;
}

void Foresight::add_trial(AgentStatus& status, const ControlData& control,
                          std::uint64_t until_ms) const {
  if (files_.empty()) files_ = settings_files({}, data_);
  std::string key;
  for (const auto& file : files_) key += stamp_of(file) + "\n";
  const bool refused = trial_.found && !trial_.found->refused.empty();
  const auto tried = find_out<TriedSettings>(
      trial_, key, refused ? kTryRefusedAgainMs : kTryAgainMs, until_ms,
      [bin = bin_, data = data_, options = options_] { return try_settings(bin, data, options); });
  if (tried) {
    // A trial that failed tells no file's name; it is the same as before.
    if (const auto told = tried->values.find("config_file"); told != tried->values.end())
      config_file_ = told->second;
    auto files = settings_files(config_file_, data_);
    // Other files than the ones whose state names the trial: the next status tries it anew.
    if (files != files_) files_ = std::move(files);
  }
  status.next_start =
      judge_start(tried.value_or(TriedSettings{}), {data_, bin_, needs_of(control)});
}

// Once for each run of the server: what it receives itself it tells itself.
void Foresight::add_received(AgentStatus& status, const ControlData& control,
                             std::uint64_t until_ms) const {
  if (status.durable_role != NodeRole::replica) return;
  const auto from = std::max(control.minimum_recovery_end, control.checkpoint);
  if (from == 0) return;
  const auto timeline = control.timeline();
  const auto key = status.running
                       ? "run " + std::to_string(status.pid) + stamp_of(data_ + "/postmaster.pid")
                       : "at " + std::to_string(from);
  const auto found = find_out<WalEnd>(
      received_, key, kForEver, until_ms, [bin = bin_, data = data_, from, timeline] {
        const auto end = read_wal_end(bin, data, from, timeline, kReadWalMs);
        return WalEnd{end.value_or(0), timeline};
      });
  if (!found || found->end == 0) return;
  status.wal_end = found->end;
  status.wal_timeline = found->timeline;
}

void Foresight::add_disks(AgentStatus& status) const {
  const auto data = disk_of(data_);
  status.disk_free = data.free;
  status.disk_size = data.size;
  const auto wal = data_ + "/pg_wal";
  if (!on_one_disk(data_, wal)) {
    const auto disk = disk_of(wal);
    status.wal_disk_free = disk.free;
    status.wal_disk_size = disk.size;
  }
  const auto disk = disk_of(std::filesystem::path(journal_).parent_path().string());
  status.journal_disk_free = disk.free;
  status.journal_disk_size = disk.size;
}

void Foresight::add_to(AgentStatus& status, const ControlData& control,
                       std::uint64_t patience_ms) const {
  add_disks(status);
  status.ready_segments = count_ready(data_);
  const std::lock_guard lock(mutex_);
  const auto until = boot_ms() + patience_ms;
  add_trial(status, control, until);
  add_received(status, control, until);
}

}  // namespace aeromq::postgresql
