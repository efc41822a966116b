// The sweep over starts: a process is ended, and its next run is ended again at the nth system call
// that it makes, n growing until it comes up. What a killed process does first is to look at what
// it had written: these are the kills in the middle of that.
#include <fmt/core.h>
#include <signal.h>
#include <unistd.h>

#include "chaos/kill/drill.h"
#include "chaos/kill/tally.h"
#include "chaos/stack/processes.h"
#include "chaos/syscalls/startup.h"
#include "chaos/syscalls/syscall_sweep.h"
#include "chaos/syscalls/tracer.h"

namespace aeromq::chaos {
namespace {

constexpr unsigned kDrillsOfAScene = 100;
constexpr unsigned kMostCalls = 400;
constexpr int kStartMs = 15000;

struct Kind {
  std::string process;
  std::string call;
  unsigned next = 1;
  bool done = false;
};

class StartSweep {
 public:
  explicit StartSweep(const SyscallOptions& options)
      : options_(options),
        programs_(options.bin_dir, std::filesystem::temp_directory_path() /
                                       fmt::format("aeromq-start-{}.programs", getpid())) {}

  int run() {
    auto kinds = all_kinds();
    for (bool any = true; any && !enough();) {
      any = false;
      for (auto& kind : kinds) {
        if (kind.done || enough()) continue;
        any = true;
        kind.done = !kill_start(kind, kind.next) || options_.only_nth != 0;
        if (++kind.next > kMostCalls) kind.done = true;
      }
    }
    close();
    if (tally_.fired() == 0) {
      ++violations_;
      fmt::print("FAULT: vacuous: no start was ever broken\n");
    }
    tally_.print("syscalls", coverage_, violations_);
    return violations_ == 0 ? 0 : 1;
  }

 private:
  bool enough() const { return options_.runs != 0 && tally_.fired() >= options_.runs; }

  std::vector<Kind> all_kinds() const {
    std::vector<Kind> kinds;
    for (const auto& process : traced_processes())
      for (const auto& call : traced_calls())
        if ((options_.only_process.empty() || options_.only_process == process) &&
            (options_.only_call.empty() || options_.only_call == call))
          kinds.push_back({process, call, options_.only_nth == 0 ? 1 : options_.only_nth});
    std::vector<Kind> part;
    for (std::size_t i = options_.part; i < kinds.size(); i += options_.parts)
      part.push_back(kinds[i]);
    return part;
  }

  Scene& scene() {
    if (scene_ && scene_->drills() >= kDrillsOfAScene) close();
    if (!scene_) {
      StackOptions options;
      options.settings["stale_after_ms"] = "900";
      options.programs = programs_.dir();
      scene_ = std::make_unique<Scene>(options_.bin_dir, "start", options);
    }
    return *scene_;
  }

  void close() {
    if (scene_) violations_ += scene_->finish(coverage_, stack_lanes());
    scene_.reset();
  }

  // True if the start was broken; false if it came up untouched.
  bool kill_start(const Kind& kind, unsigned nth) {
    auto& here = scene();
    here.begin_drill(fmt::format("start of {} / {} #{}", kind.process, kind.call, nth),
                     fmt::format("aeromq-chaos syscalls --starts --process {} --call {} --nth {}",
                                 kind.process, kind.call, nth));
    const auto program = "aeromq-" + kind.process;
    programs_.kill_next_start(kind.process, kind.call, nth);
    const auto pid = here.stack().pid_of(program);
    if (pid > 0) ::kill(pid, SIGKILL);
    note_kill(here, kind, "kill");
    judge_attempt(here, look(here.stack(), here.recorder(), "operator", {"inspect", "cluster"}));
    if (!poll_until(kStartMs, [&] { return !programs_.ordered(kind.process); }))
      here.fault("it was not started again");
    programs_.withdraw(kind.process);
    if (!here.stack().settle()) here.fault("the stack did not come back");
    const auto now = here.stack().pid_of(program);
    const bool survived = now > 0 && is_traced(now);
    if (survived)
      release_traced(now);
    else
      note_kill(here, kind, "kill at start");
    after_the_start(here);
    tally_.add(kind.process + ": " + kind.call, !survived, 0);
    fmt::print("{:<20} {:<10} #{:<4}{}\n", kind.process, kind.call, nth,
               survived ? "  (came up)" : "");
    std::fflush(stdout);
    return !survived;
  }

  static void note_kill(Scene& here, const Kind& kind, const std::string& what) {
    auto& fault = here.recorder().note(EventKind::fault, lane_of(kind.process));
    fault.what = what;
    fault.text = kind.call;
  }

  // Whatever was in the middle, the next person's change goes its ordinary way.
  static void after_the_start(Scene& here) {
    here.recorder().look();
    here.recorder().follow(false);
    if (!command_class("mutation, confirmed")->prepare(here))
      return here.fault("the cluster could not be prepared");
    const auto attempt = here.mutate(here.words, yes);
    judge_attempt(here, attempt);
  }

  SyscallOptions options_;
  TracedPrograms programs_;
  std::unique_ptr<Scene> scene_;
  Tally tally_;
  Coverage coverage_;
  std::size_t violations_ = 0;
};

}  // namespace

int run_start_sweep(const SyscallOptions& options) {
  if (!can_trace()) {
    fmt::print("SKIPPED {}: this machine does not let us trace\n",
               options.runs == 0 ? "all" : std::to_string(options.runs));
    return 0;
  }
  return StartSweep(options).run();
}

}  // namespace aeromq::chaos
