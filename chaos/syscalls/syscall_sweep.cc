#include "chaos/syscalls/syscall_sweep.h"

#include <fmt/core.h>

#include <algorithm>
#include <random>

#include "chaos/kill/drill.h"
#include "chaos/kill/tally.h"
#include "chaos/stack/processes.h"
#include "chaos/syscalls/tracer.h"

namespace aeromq::chaos {
namespace {

constexpr unsigned kDrillsOfAScene = 120;
constexpr unsigned kMostCalls =
    400;  // of one kind by one thread in one command: far above any seen

struct SyscallPoint {
  const CommandClass* command_class = nullptr;
  std::string process;
  std::size_t thread = 0;
  std::string call;
  unsigned nth = 1;
};

std::string replay_of(const SyscallPoint& point) {
  return fmt::format(
      "aeromq-chaos syscalls --class \"{}\" --process {} --thread {} --call {} --nth {}",
      point.command_class->name, point.process, point.thread, point.call, point.nth);
}

class Sweep {
 public:
  explicit Sweep(const SyscallOptions& options) : options_(options) {}

  int run() {
    const auto points = count_points();
    fmt::print("system calls counted: {}\n", points.size());
    if (options_.runs > 0)
      run_sample(points);
    else
      run_all(points);
    close();
    judge_coverage();
    tally_.print("syscalls", coverage_, violations_);
    return violations_ == 0 ? 0 : 1;
  }

 private:
  Scene& scene() {
    if (scene_ && scene_->drills() >= kDrillsOfAScene) close();
    if (!scene_) {
      StackOptions options;
      options.settings["stale_after_ms"] = "900";
      scene_ = std::make_unique<Scene>(options_.bin_dir, "calls", options);
    }
    return *scene_;
  }

  void close() {
    if (scene_) violations_ += scene_->finish(coverage_, stack_lanes());
    scene_.reset();
  }

  bool wanted(const SyscallPoint& point) const {
    return (options_.only_process.empty() || point.process == options_.only_process) &&
           (options_.only_call.empty() || point.call == options_.only_call) &&
           (options_.only_thread < 0 || point.thread == std::size_t(options_.only_thread)) &&
           (options_.only_nth == 0 || point.nth == options_.only_nth);
  }

  // One run of each class under watch, all processes at once: what there is to be interrupted.
  std::vector<SyscallPoint> count_points() {
    std::vector<SyscallPoint> points;
    for (const auto& command_class : command_classes())
      if (!command_class.restarts &&
          command_class.name.find(options_.only_class) != std::string::npos)
        count_class(command_class, points);
    return points;
  }

  void count_class(const CommandClass& command_class, std::vector<SyscallPoint>& points) {
    auto& here = scene();
    here.begin_drill(command_class.name + " / no fault", "");
    if (!here.stack().settle() || !command_class.prepare(here))
      return here.fault("the cluster could not be prepared");
    std::map<std::string, std::unique_ptr<CallCounter>> counters;
    for (const auto& process : traced_processes()) {
      const auto dir = here.dir() / "calls" / process;
      std::filesystem::remove_all(dir);
      std::filesystem::create_directories(dir);
      counters[process] =
          std::make_unique<CallCounter>(here.stack().pid_of("aeromq-" + process), dir);
    }
    command_class.run(here);
    for (const auto& [process, counter] : counters) {
      const auto threads = counter->counts();
      for (std::size_t thread = 0; thread < threads.size(); ++thread)
        for (const auto& [call, count] : threads[thread])
          for (unsigned nth = 1; nth <= count; ++nth)
            if (const SyscallPoint point{&command_class, process, thread, call, nth}; wanted(point))
              points.push_back(point);
    }
  }

  // Every process and every kind of call gets its turn, whatever their numbers; within one it is
  // chance. Goes on until so many processes were killed: a run that came through is no kill.
  void run_sample(const std::vector<SyscallPoint>& points) {
    std::map<std::string, std::vector<SyscallPoint>> kinds;
    for (const auto& point : points) kinds[point.process + " " + point.call].push_back(point);
    std::mt19937_64 random(options_.seed * options_.parts + options_.part);
    for (auto& [name, kind] : kinds) std::ranges::shuffle(kind, random);
    const auto wanted_kills = (options_.runs + options_.parts - 1 - options_.part) / options_.parts;
    fmt::print("kills {} of {}, seed {}\n", wanted_kills, points.size(), options_.seed);
    for (bool any = true; any && tally_.fired() < wanted_kills;) {
      any = false;
      for (auto& [name, kind] : kinds) {
        if (kind.empty() || tally_.fired() >= wanted_kills) continue;
        any = true;
        kill_at(kind.back());
        kind.pop_back();
      }
    }
  }

  // Beyond what was counted too: a thread is done when the command comes through untouched.
  void run_all(const std::vector<SyscallPoint>& points) {
    for (std::size_t i = options_.part; i < points.size(); i += options_.parts) {
      auto point = points[i];
      const bool hit = kill_at(point);
      const bool last = i + 1 == points.size() || points[i + 1].nth <= point.nth;
      if (!last || !hit || options_.only_nth != 0) continue;
      do {
        ++point.nth;
      } while (point.nth < kMostCalls && kill_at(point));
    }
  }

  bool kill_at(const SyscallPoint& point) {
    auto& here = scene();
    here.begin_drill(fmt::format("{} / {} thread {} {} #{}", point.command_class->name,
                                 point.process, point.thread, point.call, point.nth),
                     replay_of(point));
    if (!here.settled && !here.stack().settle()) {
      here.fault("the stack did not come back before");
      return false;
    }
    here.settled = false;
    if (!point.command_class->prepare(here)) {
      here.fault("the cluster could not be prepared");
      return false;
    }
    const auto pid = here.stack().pid_of("aeromq-" + point.process);
    const auto threads = threads_of(pid);
    if (point.thread >= threads.size()) return false;
    here.recorder().look();
    CallKiller killer(threads[point.thread], point.call, point.nth);
    const auto attempt = point.command_class->run(here);
    killer.release();
    const bool hit = !is_alive(pid);
    finish_kill(here, point, attempt, hit);
    return hit;
  }

  void finish_kill(Scene& here, const SyscallPoint& point, const Attempt& attempt, bool hit) {
    if (hit) {
      auto& fault = here.recorder().note(EventKind::fault, lane_of(point.process));
      fault.what = "kill";
      fault.text = fmt::format("{} #{}", point.call, point.nth);
    }
    judge_attempt(here, attempt);
    here.settled = here.stack().settle();
    if (!here.settled) here.fault("the stack did not come back after");
    here.recorder().look();
    here.recorder().follow(false);
    ask_outcome(here, attempt);
    tally_.add(point.process + ": " + point.call, hit, attempt.exit_code);
    fmt::print("{:<36} {:<20} {} {:<10} #{:<4} exit {:>3}{}\n", point.command_class->name,
               point.process, point.thread, point.call, point.nth, attempt.exit_code,
               hit ? "" : "  (survived)");
    std::fflush(stdout);
  }

  void judge_coverage() {
    if (tally_.fired() > 0) return;
    ++violations_;
    fmt::print("FAULT: vacuous: no process was ever killed\n");
  }

  SyscallOptions options_;
  std::unique_ptr<Scene> scene_;
  Tally tally_;
  Coverage coverage_;
  std::size_t violations_ = 0;
};

}  // namespace

int run_syscall_sweep(const SyscallOptions& options) {
  if (!can_trace()) {
    fmt::print("SKIPPED {}: this machine does not let us trace\n",
               options.runs == 0 ? "all" : std::to_string(options.runs));
    return 0;
  }
  return Sweep(options).run();
}

}  // namespace aeromq::chaos
