// aeromq-chaos mutants: proves that the checker sees. Each known-bad variant must be caught by the
// predicate that is named for it, and the product itself, over the same seeds, by none.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <sstream>
#include <thread>

#include "chaos/checker/report.h"
#include "chaos/command.h"
#include "chaos/mutants/mutants_table.h"
#include "chaos/stack/child.h"

namespace aeromq::chaos {
namespace {

constexpr int kRunTimeoutMs = 600'000;
constexpr int kWrongUse = 2;

struct Options {
  unsigned jobs = 2;
  std::string only;
  std::filesystem::path document;
};

/// One line "violation SEED PREDICATE WHAT" of the simulator.
struct Broken {
  std::uint64_t seed = 0;
  std::string predicate;
  std::string what;
};

std::vector<Broken> read_violations(const std::string& out) {
  std::vector<Broken> all;
  std::istringstream lines(out);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string first;
    Broken broken;
    if (!(words >> first >> broken.seed >> broken.predicate) || first != "violation") continue;
    std::getline(words >> std::ws, broken.what);
    all.push_back(std::move(broken));
  }
  return all;
}

/// One thread, so that the same mutant always needs the same runs.
Caught hunt_in_simulation(const Mutant& mutant, const std::filesystem::path& bin_dir) {
  Caught caught;
  caught.mutant = mutant;
  const auto program = bin_dir / "mutants" / mutant.name / "aeromq-simulation";
  const auto ended = run(
      {program, "--brief", "--until", mutant.predicate, "--seeds", std::to_string(mutant.budget)},
      kRunTimeoutMs);
  caught.runs = mutant.budget;
  if (ended.exit_code != 0 && ended.exit_code != 1) {
    caught.failed = fmt::format("exit code {} {}", ended.exit_code, ended.err.substr(0, 300));
    return caught;
  }
  const auto violations = read_violations(ended.out);
  if (!violations.empty()) {
    caught.first = violations.front().predicate;
    caught.first_runs = violations.front().seed;
  }
  const auto own = std::ranges::find(violations, mutant.predicate, &Broken::predicate);
  if (own == violations.end()) return caught;
  // Of the run that caught it, its own predicate is named first: both saw the same run.
  if (own->seed == caught.first_runs) caught.first = mutant.predicate;
  caught.caught = true;
  caught.runs = own->seed;
  caught.what = own->what;
  return caught;
}

/// The number in "... first violation after N faults", or all.
std::uint64_t faults_needed(const std::string& out, std::uint64_t all) {
  constexpr std::string_view kWords = "first violation after ";
  const auto at = out.find(kWords);
  return at == std::string::npos ? all : std::stoull(out.substr(at + kWords.size()));
}

struct DiskRun {
  Ended ended;
  std::optional<Report> report;
  std::optional<std::string> skipped;
};

/// The disk rung over the programs of `programs`; what it keeps of a violation is thrown away.
DiskRun run_on_a_disk(const std::filesystem::path& bin_dir, const std::filesystem::path& programs,
                      const std::string& what, std::uint64_t number) {
  const auto keep = std::filesystem::temp_directory_path() /
                    fmt::format("aeromq-mutants-{}-{}", ::getpid(), programs.filename().string());
  std::filesystem::create_directories(keep);
  DiskRun made;
  made.ended = run({bin_dir / "aeromq-chaos", "disk", what, std::to_string(number), "--bin-dir",
                    programs, "--keep", keep},
                   kRunTimeoutMs);
  std::filesystem::remove_all(keep);
  std::istringstream lines(made.ended.out);
  for (std::string line; std::getline(lines, line);) {
    if (auto read = read_report(line)) made.report = std::move(read);
    if (line.starts_with("SKIPPED")) made.skipped = line;
  }
  if (made.report && made.report->runs > 0) made.skipped.reset();
  return made;
}

std::string option_of(const std::string& rung) {
  return rung == "power-cut" ? "--power-cuts" : "--errors";
}

/// Real processes on a real disk: whole stacks of cuts or errors, judged together.
Caught hunt_on_a_disk(const Mutant& mutant, const std::filesystem::path& bin_dir) {
  Caught caught;
  caught.mutant = mutant;
  caught.runs = mutant.budget;
  const auto made = run_on_a_disk(bin_dir, bin_dir / "mutants" / mutant.name,
                                  option_of(mutant.rung), mutant.budget);
  caught.skipped = made.skipped;
  if (!made.report) {
    caught.failed =
        fmt::format("exit code {} {}", made.ended.exit_code, made.ended.err.substr(0, 300));
    return caught;
  }
  const auto& violations = made.report->violations;
  if (violations.empty()) return caught;
  caught.caught = violations.contains(mutant.predicate);
  caught.first = caught.caught ? mutant.predicate : violations.begin()->first;
  caught.runs = caught.first_runs = faults_needed(made.ended.out, mutant.budget);
  return caught;
}

Caught hunt(const Mutant& mutant, const std::filesystem::path& bin_dir) {
  const auto begin = std::chrono::steady_clock::now();
  auto caught = mutant.rung == "simulation" ? hunt_in_simulation(mutant, bin_dir)
                                            : hunt_on_a_disk(mutant, bin_dir);
  caught.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return caught;
}

/// In the order of `mutants`, told as they end.
std::vector<Caught> hunt_all(const std::vector<Mutant>& mutants, unsigned jobs,
                             const std::filesystem::path& bin_dir) {
  std::vector<Caught> all(mutants.size());
  std::atomic<std::size_t> next = 0;
  std::mutex printing;
  std::vector<std::thread> threads;
  for (unsigned job = 0; job < jobs; ++job)
    threads.emplace_back([&] {
      for (auto at = next++; at < mutants.size(); at = next++) {
        all[at] = hunt(mutants[at], bin_dir);
        const std::lock_guard lock(printing);
        fmt::print("{}\n", line_of(all[at]));
        std::fflush(stdout);
      }
    });
  for (auto& thread : threads) thread.join();
  return all;
}

/// The product over the same seeds: what it breaks, which must be nothing.
bool is_clean_in_simulation(std::uint64_t runs, unsigned jobs,
                            const std::filesystem::path& bin_dir) {
  const auto ended = run({bin_dir / "aeromq-simulation", "--brief", "--seeds", std::to_string(runs),
                          "--jobs", std::to_string(jobs)},
                         kRunTimeoutMs);
  const auto violations = read_violations(ended.out);
  for (const auto& broken : violations)
    fmt::print("the product itself, seed {}: {} {}\n", broken.seed, broken.predicate, broken.what);
  const bool ran = ended.exit_code == 0 || ended.exit_code == 1;
  if (!ran) fmt::print("the product itself: exit code {} {}\n", ended.exit_code, ended.err);
  return ran && violations.empty();
}

bool is_clean_on_a_disk(const std::string& rung, std::uint64_t number,
                        const std::filesystem::path& bin_dir) {
  const auto made = run_on_a_disk(bin_dir, bin_dir, option_of(rung), number);
  if (!made.report) fmt::print("the product itself: {}\n", made.ended.err);
  if (!made.report) return false;
  for (const auto& [predicate, count] : made.report->violations)
    fmt::print("the product itself, {}: {} {} times\n", rung, predicate, count);
  return made.report->violations.empty();
}

/// The product itself under what the mutants were under, as long as the longest budget.
bool is_clean(const std::map<std::string, std::uint64_t>& budgets, unsigned jobs,
              const std::filesystem::path& bin_dir) {
  bool sound = true;
  for (const auto& [rung, budget] : budgets) {
    const bool clean = rung == "simulation" ? is_clean_in_simulation(budget, jobs, bin_dir)
                                            : is_clean_on_a_disk(rung, budget, bin_dir);
    fmt::print("the product itself, {} {}: {}\n", rung, budget, clean ? "clean" : "NOT CLEAN");
    sound = sound && clean;
  }
  return sound;
}

int run_mutants(const Options& options, const std::filesystem::path& bin_dir) {
  auto mutants = read_mutants(bin_dir / "mutants" / "index.json");
  if (!mutants) {
    fmt::print(stderr, "{}\n", mutants.error().message);
    return kWrongUse;
  }
  std::erase_if(*mutants, [&](const Mutant& mutant) {
    return mutant.name.find(options.only) == std::string::npos;
  });
  if (mutants->empty()) {
    fmt::print(stderr, "no mutant is called {}\n", options.only);
    return kWrongUse;
  }
  const auto all = hunt_all(*mutants, options.jobs, bin_dir);
  std::map<std::string, std::uint64_t> budgets;
  for (const auto& mutant : *mutants)
    budgets[mutant.rung] = std::max(budgets[mutant.rung], mutant.budget);
  const bool sound = is_clean(budgets, options.jobs, bin_dir);
  const auto survived = std::ranges::count_if(
      all, [](const Caught& caught) { return !caught.caught && !caught.skipped; });
  fmt::print("{} mutants, {} not caught by their predicate; the product itself: {}\n", all.size(),
             survived, sound ? "clean" : "NOT CLEAN");
  const bool good = survived == 0 && sound;
  const bool whole = std::ranges::all_of(all, &Caught::caught);
  if (good && whole && !options.document.empty()) {
    std::ofstream(options.document) << document_of(all, budgets["simulation"]);
    fmt::print("written: {}\n", options.document.string());
  }
  return good ? 0 : 1;
}

}  // namespace

void add_mutants_command(CLI::App& app, Place& place) {
  auto options = std::make_shared<Options>();
  auto* mutants = app.add_subcommand(
      "mutants", "known-bad variants of the product: each must be caught by its predicate");
  mutants->add_option("--jobs", options->jobs, "mutants at a time")->check(CLI::Range(1, 64));
  mutants->add_option("--only", options->only, "only mutants whose name contains this");
  mutants->add_option("--document", options->document,
                      "if all are caught: write the matrix here (docs/mutants.md)");
  mutants->callback([options, &place] { place.exit_code = run_mutants(*options, place.bin_dir); });
}

}  // namespace aeromq::chaos
