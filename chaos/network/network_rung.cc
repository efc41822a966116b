#include "chaos/network/network_rung.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <set>
#include <thread>

#include "chaos/checker/checker.h"
#include "chaos/checker/report.h"
#include "chaos/network/runs.h"
#include "chaos/timeline/evidence.h"

namespace aeromq::chaos::network {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kHostsIn = 5;     // one run in so many is between hosts
constexpr std::uint64_t kWholeRung = 20;  // from so many runs on, nothing may be vacuous
constexpr int kExitFound = 1;

/// What runs in which one class of fault fired add up to.
struct Row {
  std::uint64_t fired = 0;
  std::uint64_t runs = 0;
  std::uint64_t violations = 0;
};

// No fault of a network is a reason for a process to crash: it ends its connection and exits.
bool crashed(const Event& event) {
  return event.kind == EventKind::ended && event.what.find("killed by SIG") != std::string::npos;
}

class Rung {
 public:
  explicit Rung(const RungOptions& options) : options_(options), next_(options.part) {}

  int run() {
    const bool hosts = options_.only != "proxied" && namespaces_permitted();
    std::vector<std::thread> workers;
    for (unsigned i = 0; i < options_.jobs; ++i)
      workers.emplace_back([&] {
        while (const auto number = draw()) one(*number, hosts);
      });
    for (auto& worker : workers) worker.join();
    judge_vacuity(hosts);
    print();
    return violations_ + trouble_.size() == 0 ? 0 : kExitFound;
  }

 private:
  std::optional<std::uint64_t> draw() {
    const std::lock_guard lock(mutex_);
    if (next_ >= options_.runs) return std::nullopt;
    return std::exchange(next_, next_ + options_.parts);
  }

  void one(std::uint64_t number, bool hosts) {
    const auto seed = options_.seed + number;
    const bool between_hosts =
        options_.only.empty() ? seed % kHostsIn == 0 : options_.only == "hosts";
    if (between_hosts && !hosts) {
      const std::lock_guard lock(mutex_);
      ++skipped_;
      return;
    }
    const RunOptions run{
        options_.bin_dir,
        fs::temp_directory_path() / fmt::format("aeromq-net-{}-{}", getpid(), number), seed};
    Chronicle chronicle;
    std::string fault;
    try {
      (between_hosts ? run_between_hosts : run_behind_proxies)(run, chronicle);
    } catch (const std::exception& error) {
      fault = error.what();
    }
    take(run, between_hosts, chronicle.history(), fault);
  }

  void take(const RunOptions& run, bool between_hosts, const History& history,
            const std::string& fault) {
    const auto judgement = judge(history);
    const std::lock_guard lock(mutex_);
    ++done_;
    std::set<std::string> classes;
    for (const auto& event : history) {
      if (event.kind == EventKind::fault) {
        ++rows_[event.what].fired;
        classes.insert(event.what);
      }
      if (crashed(event)) trouble_.push_back(fmt::format("seed {}: {}", run.seed, event.what));
      if (event.kind == EventKind::stands) event.verdict == "executed" ? ++executed_ : ++rejected_;
      if (event.kind == EventKind::told && event.what == "outcome" && event.final_ &&
          event.verdict == "not_executed")
        ++not_executed_;
    }
    for (const auto& name : classes) {
      ++rows_[name].runs;
      rows_[name].violations += judgement.violations.size();
    }
    for (const auto& [predicate, count] : judgement.evaluated) evaluated_[predicate] += count;
    violations_ += judgement.violations.size();
    for (const auto& violation : judgement.violations) ++broken_[violation.predicate];
    const bool good =
        judgement.violations.empty() && fault.empty() && std::ranges::none_of(history, crashed);
    fmt::print("seed {:<6} {:<8} events {:>4}, faults {:>3}{}\n", run.seed,
               between_hosts ? "hosts" : "proxied", history.size(),
               std::ranges::count(history, EventKind::fault, &Event::kind), good ? "" : "  BROKEN");
    if (!fault.empty()) trouble_.push_back(fmt::format("seed {}: {}", run.seed, fault));
    std::error_code ignored;
    if (good && !options_.keep) {
      fs::remove_all(run.dir, ignored);
    } else {
      fs::create_directories(run.dir, ignored);
      write_evidence(history, run.dir);
      for (const auto& violation : judgement.violations)
        fmt::print("  {} at event {}: {}\n", violation.predicate, violation.seq, violation.what);
      if (!fault.empty()) fmt::print("  {}\n", fault);
      fmt::print("  kept: {}\n  replay: aeromq-chaos network --runs 1 --seed {} --only {}\n",
                 run.dir.string(), run.seed, between_hosts ? "hosts" : "proxied");
    }
    std::fflush(stdout);
  }

  void judge_vacuity(bool hosts) {
    if (options_.runs / options_.parts < kWholeRung || !options_.only.empty()) return;
    std::vector<std::string> classes;
    for (std::size_t i = 1; i < kFaults; ++i) classes.emplace_back(text_of(static_cast<Fault>(i)));
    classes.emplace_back("stopped");
    if (hosts) classes.insert(classes.end(), {"blackhole", "one_way", "blinking"});
    for (const auto& name : classes)
      if (rows_[name].fired == 0) trouble_.push_back("vacuous: no fault fired of class " + name);
    if (executed_ == 0 || rejected_ == 0 || not_executed_ == 0)
      trouble_.emplace_back("vacuous: executed, rejected and not executed must all occur");
    for (const auto& [predicate, count] : evaluated_)
      if (count == 0) trouble_.push_back("vacuous: nothing to judge for " + predicate);
  }

  void print() const {
    fmt::print("\n{:<14} {:>6} {:>6} {:>11}\n", "fault class", "fired", "runs", "violations");
    for (const auto& [name, row] : rows_)
      fmt::print("{:<14} {:>6} {:>6} {:>11}\n", name, row.fired, row.runs, row.violations);
    fmt::print("\n{:<14} {:>10} {:>11}\n", "predicate", "evaluated", "violations");
    for (const auto& [predicate, count] : evaluated_) {
      const auto broken = broken_.find(predicate);
      fmt::print("{:<14} {:>10} {:>11}\n", predicate, count,
                 broken == broken_.end() ? 0 : broken->second);
    }
    fmt::print("\nruns {}; requests executed {}, rejected {}, not executed {}; violations {}\n",
               done_, executed_, rejected_, not_executed_, violations_);
    fmt::print("SKIPPED {}{}\n", skipped_,
               skipped_ == 0 ? "" : " (network namespaces are not permitted here)");
    for (const auto& text : trouble_) fmt::print("TROUBLE: {}\n", text);
    Report report{"network", done_, {}, evaluated_, broken_};
    for (const auto& [name, row] : rows_) report.faults[name] = row.fired;
    print_report(report);
  }

  const RungOptions& options_;
  std::mutex mutex_;
  std::uint64_t next_;
  std::uint64_t done_ = 0;
  std::uint64_t skipped_ = 0;
  std::uint64_t executed_ = 0;
  std::uint64_t rejected_ = 0;
  std::uint64_t not_executed_ = 0;
  std::uint64_t violations_ = 0;
  std::map<std::string, Row> rows_;
  std::map<std::string, std::uint64_t> evaluated_;
  std::map<std::string, std::uint64_t> broken_;
  std::vector<std::string> trouble_;
};

}  // namespace

int run_network_rung(const RungOptions& options) { return Rung(options).run(); }

}  // namespace aeromq::chaos::network
