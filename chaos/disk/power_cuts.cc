#include "chaos/disk/power_cuts.h"

#include <fmt/core.h>
#include <poll.h>
#include <signal.h>

#include <array>
#include <random>
#include <thread>

#include "chaos/disk/cleaner.h"
#include "chaos/disk/site.h"

namespace aeromq::chaos::disk {
namespace {

constexpr std::uint64_t kImageOctets = 64U << 20;
constexpr int kReachMs = 1500;  // for an armed point, or for the nth answer
constexpr unsigned kFlushedOfEight = 2;
constexpr unsigned kStartingOfEight = 1;

// Where a cut matters: around each write, each sync, and each step that rests on one.
constexpr std::array kPoints{"audit-writer.log.before_write",
                             "audit-writer.log.after_write",
                             "audit-writer.log.before_sync",
                             "audit-writer.log.after_sync",
                             "audit-writer.log.rotate",
                             "audit-writer.asked.durable",
                             "audit-writer.asked.sent",
                             "audit-writer.confirmed.durable",
                             "audit-writer.confirmed.sent",
                             "audit-writer.acted.decided",
                             "audit-writer.acted.durable",
                             "audit-writer.acted.sent",
                             "audit-writer.observed.sent",
                             "dispatcher.dispatch.called",
                             "kernel.act.begun",
                             "kernel.act.validated",
                             "kernel.act.written",
                             "kernel.act.committed",
                             "kernel.act.answered",
                             "broker.result.sent"};
constexpr std::array kStartPoints{"audit-writer.log.before_write", "audit-writer.log.before_sync",
                                  "audit-writer.log.after_sync", "kernel.open.received",
                                  "kernel.open.committed"};

// Like poll_until, for moments that pass quickly.
bool soon(const std::function<bool()>& condition) {
  for (int waited = 0; waited < kReachMs; ++waited) {
    if (condition()) return true;
    ::poll(nullptr, 0, 1);
  }
  return false;
}

class Cuts {
 public:
  Cuts(const DiskOptions& options, const std::filesystem::path& dir, std::uint64_t seed,
       Tally& tally)
      : options_(options),
        random_(seed),
        seed_(seed),
        tally_(tally),
        site_({options.bin_dir, dir, settings(seed), kImageOctets}) {}

  void run(unsigned cuts) {
    for (number_ = 1; number_ <= cuts; ++number_) {
      const bool starting = number_ > 1 && random_() % 8 < kStartingOfEight;
      fault_class_ = "power cut";
      starting ? cut_while_starting() : cut_while_working();
      if (!judge() || !begin_again()) return;
    }
    stop_and_verify();
  }

 private:
  // Small segments on every second stack, so that rotations are cut too.
  static std::map<std::string, std::string> settings(std::uint64_t seed) {
    return {{"stale_after_ms", "1500"}, {"segment_bytes", seed % 2 == 0 ? "65536" : "1048576"}};
  }

  std::string where() const { return fmt::format("seed {} cut {}: {}", seed_, number_, at_); }

  // All are frozen first: without power nobody tells anything any more, and a sync that is under
  // way when ext4 is shut down may return success although its journal is gone.
  void cut(bool reached) {
    const bool flushed = random_() % 8 < kFlushedOfEight;
    fault_class_ += flushed ? ", unsynced writes kept" : ", unsynced writes lost";
    signal_processes(site_.stack().dir(), SIGSTOP);
    site_.notebook().note(harness_event(EventKind::fault, "power_cut", at_));
    site_.image().cut(flushed);
    tally_.count(fault_class_, reached);
  }

  void cut_while_working() {
    Operators people(site_.clients(), site_.notebook(), random_());
    bool reached = false;
    if (random_() % 3 == 0) {
      const auto wanted = site_.notebook().told() + 1 + random_() % 30;
      at_ = fmt::format("after answer {}", wanted);
      reached = soon([&] { return site_.notebook().told() >= wanted; });
    } else {
      const std::string point = kPoints[random_() % kPoints.size()];
      const auto nth = static_cast<unsigned>(1 + random_() % 4);
      at_ = fmt::format("at {} for the {}. time", point, nth);
      site_.arm_stop(point, nth);
      reached = soon([&] { return !site_.stack().armed(); });
      if (!reached) at_ += " (not reached)";
    }
    cut(reached);
    site_.kill_all();
    people.stop();
    site_.image().remount();
  }

  // A second cut, before the stack has found its feet after the first one. Starting fails then, as
  // it must; a supervisor ends with the thread that began it, so it is begun in this one.
  void cut_while_starting() {
    const std::string point = kStartPoints[random_() % kStartPoints.size()];
    at_ = fmt::format("while starting, at {}", point);
    fault_class_ += " while starting";
    site_.kill_all();
    site_.arm_stop(point, 1);
    {
      const std::jthread power([&] {
        const bool reached = soon([&] { return !site_.stack().armed(); });
        cut(reached);
        end_processes(site_.stack().dir());
      });
      try {
        site_.stack().start();
      } catch (const std::exception& fault) {
        site_.notebook().note(harness_event(EventKind::ended, "cut while starting", fault.what()));
      }
    }
    site_.kill_all();
    site_.image().remount();
  }

  bool judge() {
    const auto judgement = site_.judge_now();
    tally_.add(fault_class_, where(), judgement);
    if (judgement.violations.empty()) return true;
    keep_evidence(options_, site_, seed_);
    return false;
  }

  bool begin_again() {
    const bool serves = site_.serve();
    const auto rejoined = judged("L-REJOIN", serves, "did not serve again after the cut");
    tally_.add(fault_class_, where(), rejoined);
    if (!serves) {
      keep_evidence(options_, site_, seed_);
      return false;
    }
    Person person(site_.clients() / "operator.toml", "client.operator.0", site_.notebook(), seed_);
    site_.ask_for_outcomes(person);
    return true;
  }

  void stop_and_verify() {
    site_.stack().stop();
    at_ = "after the last one, stopped in order";
    if (!judge()) return;
    const auto verdict = verify_independently(site_.audit());
    if (verdict.empty()) return tally_.skip("no independent verifier of the log here", 1);
    tally_.add(fault_class_, where(), judged("I-AUDIT", verdict.starts_with("ok "), verdict));
  }

  const DiskOptions& options_;
  std::mt19937_64 random_;
  std::uint64_t seed_;
  Tally& tally_;
  Site site_;
  unsigned number_ = 0;
  std::string at_;
  std::string fault_class_;
};

}  // namespace

void cut_power(const DiskOptions& options, const std::filesystem::path& dir, std::uint64_t seed,
               unsigned cuts, Tally& tally) {
  Cuts(options, dir, seed, tally).run(cuts);
}

}  // namespace aeromq::chaos::disk
