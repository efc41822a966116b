#include "chaos/disk/disk_rung.h"

#include <fmt/core.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <functional>
#include <thread>

#include "chaos/disk/cleaner.h"
#include "chaos/disk/live_faults.h"
#include "chaos/disk/log_damage.h"
#include "chaos/disk/power_cuts.h"
#include "chaos/disk/site.h"
#include "chaos/disk/tracer.h"
#include "chaos/timeline/evidence.h"

namespace aeromq::chaos::disk {
namespace {

namespace fs = std::filesystem;

constexpr unsigned kPerStack = 10;  // cuts or errors in one stack's life

/// Memory if there is some: what a cut loses is decided by the file system in the image, not by
/// what lies under it.
fs::path scratch() {
  const fs::path memory = "/dev/shm";
  return ::access(memory.c_str(), W_OK) == 0 ? memory : fs::temp_directory_path();
}

struct Job {
  std::string name;  ///< of what it works through, for a fault of the harness itself
  std::uint64_t seed;
  std::function<void(const fs::path& dir, Tally& tally)> run;
};

/// The lanes take job after job; a lane's thread lives as long as its stacks (their supervisors end
/// with the thread that began them).
void work_off(const std::vector<Job>& jobs, unsigned lanes, Tally& tally) {
  std::atomic<std::size_t> next = 0;
  std::vector<std::jthread> threads;
  for (unsigned lane = 0; lane < lanes; ++lane)
    threads.emplace_back([&] {
      for (auto at = next++; at < jobs.size(); at = next++) {
        const auto& job = jobs[at];
        try {
          job.run(scratch() / fmt::format("aqd{}.{}", ::getpid(), at), tally);
        } catch (const std::exception& fault) {
          tally.add(job.name, fmt::format("seed {}", job.seed),
                    judged("V-RUN", false, fault.what()));
        }
      }
    });
}

}  // namespace

void keep_evidence(const DiskOptions& options, const Site& site, std::uint64_t seed) {
  const auto name = fmt::format("aeromq-disk-{}-{}-", ::getpid(), seed);
  auto dir = options.keep;
  std::error_code fault;
  for (int i = 0; dir == options.keep || fs::exists(dir, fault); ++i)
    dir = options.keep / (name + std::to_string(i));
  fs::create_directories(dir, fault);
  write_evidence(site.history(), dir);
  fs::copy(site.disk(), dir / "disk", fs::copy_options::recursive, fault);
  fs::copy(site.disk().parent_path() / "log", dir / "log", fs::copy_options::recursive, fault);
  fmt::print("kept: {}\n", dir.string());
}

int run_disk_rung(const DiskOptions& options) {
  cleaner().watch_signals();
  Tally tally;
  std::vector<Job> jobs;
  const auto probe = scratch() / fmt::format("aqd{}.probe", ::getpid());
  const bool cuts = options.power_cuts == 0 || Image::permitted(probe);
  const bool traces = options.errors == 0 || Tracer::permitted(probe);
  fs::remove_all(probe);
  if (!cuts) tally.skip("no right to mount a loop device", options.power_cuts);
  std::uint64_t seed = options.seed;
  for (unsigned left = cuts ? options.power_cuts : 0; left > 0;) {
    const auto now = std::min(left, kPerStack);
    left -= now;
    jobs.push_back({"power cut", seed, [=, &options](const fs::path& dir, Tally& to) {
                      cut_power(options, dir, seed, now, to);
                    }});
    ++seed;
  }
  const auto damages = options.errors * 2 / 5;
  for (unsigned left = options.errors - damages; left > 0;) {
    const auto now = std::min(left, kPerStack);
    left -= now;
    jobs.push_back({"disk error", seed, [=, &options](const fs::path& dir, Tally& to) {
                      fail_disk(options, dir, seed, now, traces, to);
                    }});
    ++seed;
  }
  if (damages > 0)
    jobs.push_back({"damaged log", seed, [=, &options](const fs::path& dir, Tally& to) {
                      damage_logs(options, dir, seed, damages, to);
                    }});
  work_off(jobs, options.lanes, tally);
  tally.print();
  fmt::print("\nfaults fired {}; replay: aeromq-chaos disk --power-cuts {} --errors {} --seed {}\n",
             tally.fired(), options.power_cuts, options.errors, options.seed);
  if (!tally.clean())
    fmt::print("FAILED: the first violation after {} faults\n", tally.first_violation());
  return tally.clean() ? 0 : 1;
}

}  // namespace aeromq::chaos::disk
