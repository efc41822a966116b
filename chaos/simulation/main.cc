// aeromq-simulation: the whole control plane and its kernel in one process, run after run, each
// from a seed. `aeromq-chaos simulate` starts it; a mutant of the product is this program built
// with one changed file.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include "chaos/checker/coverage.h"
#include "chaos/checker/report.h"
#include "chaos/history/history.h"
#include "chaos/simulation/shrink.h"
#include "chaos/timeline/evidence.h"
#include "process/entry.h"

namespace {

using namespace aeromq;
using namespace aeromq::chaos;

struct Options {
  std::uint64_t seeds = 1000;
  std::uint64_t first = 1;
  unsigned jobs = 1;
  std::optional<std::uint64_t> seed;
  std::string only;
  std::string until;  ///< a mutant: stop at the first run that breaks this predicate
  std::string out;
  bool trace = false;
  bool brief = false;  ///< failures as lines for a program: nothing is shrunk
};

struct Failure {
  std::uint64_t seed = 0;
  Violation violation;
};

struct Total {
  std::mutex mutex;
  Coverage coverage;
  std::vector<Failure> failures;
  std::uint64_t hash = 0;  ///< of all histories, in whatever order they came
  std::atomic<std::uint64_t> runs = 0;
  std::atomic<bool> enough = false;
};

constexpr std::size_t kMostFailures = 20;

std::uint64_t short_hash(const History& history) {
  const auto digest = history_hash(history);
  std::uint64_t hash = 0;
  for (std::size_t i = 0; i < sizeof hash; ++i) hash = hash << 8 | digest.octets[i];
  return hash;
}

void work(const Options& options, unsigned job, Total& total) {
  Simulator simulator;
  Coverage coverage;
  std::uint64_t hash = 0;
  for (auto seed = options.first + job; seed < options.first + options.seeds && !total.enough;
       seed += options.jobs) {
    const auto result = simulator.run(make_plan(seed));
    ++total.runs;
    coverage.add(result.history, result.judgement);
    hash += short_hash(result.history);
    for (const auto& violation : result.judgement.violations) {
      const std::lock_guard lock(total.mutex);
      total.failures.push_back({seed, violation});
      const bool many = options.until.empty() && total.failures.size() >= kMostFailures;
      if (many || violation.predicate == options.until) total.enough = true;
    }
  }
  const std::lock_guard lock(total.mutex);
  total.coverage.add(coverage);
  total.hash += hash;
}

void print_coverage(const Coverage& coverage) {
  fmt::print("{:<14} {:>12}\n", "predicate", "evaluated");
  for (const auto& [predicate, count] : coverage.evaluated)
    fmt::print("{:<14} {:>12}\n", predicate, count);
  fmt::print("\n{:<14} {:>12}\n", "fault", "fired");
  for (const auto& [fault, count] : coverage.faults) fmt::print("{:<14} {:>12}\n", fault, count);
  fmt::print("\nrequests: executed {}, rejected {}, not executed {}\n", coverage.executed,
             coverage.rejected, coverage.not_executed);
}

std::uint64_t faults_in(const Coverage& coverage) {
  std::uint64_t all = 0;
  for (const auto& [fault, count] : coverage.faults) all += count;
  return all;
}

void keep_evidence(const Options& options, const Plan& plan, const RunResult& result,
                   const std::string& replay) {
  if (options.out.empty()) return;
  const auto folder = std::filesystem::path(options.out) / fmt::format("seed-{}", plan.seed);
  std::filesystem::create_directories(folder);
  write_evidence(result.history, folder);
  std::ofstream(folder / "plan.txt") << describe(plan) << replay << "\n";
  fmt::print("kept: {}\n", folder.string());
}

void show_failure(const Options& options, const Failure& failure) {
  const auto plan = make_plan(failure.seed);
  Simulator simulator;
  const auto parts = shrink(simulator, plan, failure.violation.predicate);
  const auto small = *keep(plan, parts);
  const auto result = simulator.run(small);
  const auto replay = fmt::format("replay: aeromq-chaos simulate --seed {} --only {} --trace",
                                  failure.seed, parts.empty() ? "none" : parts);
  fmt::print("\nseed {} {}: {} (event {})\nshrunk:\n{}{}\n", failure.seed,
             failure.violation.predicate, failure.violation.what, failure.violation.seq,
             describe(small), replay);
  keep_evidence(options, small, result, replay);
}

int run_one(const Options& options) {
  auto plan = make_plan(*options.seed);
  if (!options.only.empty()) {
    auto some = keep(plan, options.only == "none" ? "" : options.only);
    if (!some) {
      fmt::print(stderr, "{}\n", some.error().message);
      return 2;
    }
    plan = std::move(*some);
  }
  Simulator simulator;
  const auto result = simulator.run(plan);
  fmt::print("{}", describe(plan));
  if (options.trace)
    for (const auto& event : result.history) fmt::print("{}\n", json_line(event));
  for (const auto& violation : result.judgement.violations)
    fmt::print("{}: {} (event {})\n", violation.predicate, violation.what, violation.seq);
  fmt::print("events {}, violations {}, history {}\n", result.history.size(),
             result.judgement.violations.size(), to_hex(history_hash(result.history).view()));
  keep_evidence(options, plan, result, "");
  return result.judgement.violations.empty() ? 0 : 1;
}

int run_many(const Options& options) {
  Total total;
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::thread> threads;
  for (unsigned job = 0; job < options.jobs; ++job)
    threads.emplace_back([&, job] { work(options, job, total); });
  for (auto& thread : threads) thread.join();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  print_coverage(total.coverage);
  const auto faults = static_cast<double>(faults_in(total.coverage));
  const auto runs = static_cast<double>(total.runs);
  fmt::print(
      "\nruns {:.0f} (seeds {} to {}), {:.0f} runs/s, faults {:.0f} ({:.1f} a run, {:.0f} a "
      "second), histories {:016x}, violations {}\n",
      runs, options.first, options.first + options.seeds - 1, runs / took.count(), faults,
      faults / runs, faults / took.count(), total.hash, total.failures.size());
  if (options.brief) {
    for (const auto& [seed, violation] : total.failures)
      fmt::print("violation {} {} {}\n", seed, violation.predicate, violation.what);
    return total.failures.empty() ? 0 : 1;
  }
  Report report{"simulation", total.runs, total.coverage.faults, total.coverage.evaluated, {}};
  for (const auto& failure : total.failures) ++report.violations[failure.violation.predicate];
  print_report(report);
  auto evidence = options;
  if (evidence.out.empty())
    evidence.out = std::filesystem::temp_directory_path() / "aeromq-simulation";
  std::set<std::string> shown;
  for (const auto& failure : total.failures)
    if (shown.insert(failure.violation.predicate).second) show_failure(evidence, failure);
  if (!total.failures.empty()) return 1;
  const auto missing = vacuous(total.coverage, {});
  for (const auto& what : missing) fmt::print("{}\n", what);
  return missing.empty() ? 0 : 1;
}

}  // namespace

namespace {

int run_program(int argc, char** argv) {
  CLI::App app("aeromq-simulation: the control plane in one process, under faults, from seeds");
  Options options;
  app.add_option("--seeds", options.seeds, "how many runs")->check(CLI::PositiveNumber);
  app.add_option("--first", options.first, "the first seed");
  app.add_option("--jobs", options.jobs, "threads")->check(CLI::Range(1, 64));
  app.add_option("--seed", options.seed, "one run of this seed");
  app.add_option("--only", options.only, "with --seed: only these parts of its plan (t0,f2; none)");
  app.add_option("--until", options.until, "stop at the first run that breaks this predicate");
  app.add_flag("--brief", options.brief, "one line a violation, nothing shrunk");
  app.add_option("--out", options.out, "folder for history, plan and picture of a run");
  app.add_flag("--trace", options.trace, "with --seed: print the history");
  CLI11_PARSE(app, argc, argv);
  return options.seed ? run_one(options) : run_many(options);
}

}  // namespace

int main(int argc, char** argv) {
  return aeromq::process::enter(argc, argv, [&] { return run_program(argc, argv); });
}
