// aeromq-chaos nightly: every rung, round after round with new seeds, until the time is over; then
// one table of what was broken how often, what was judged, and how rare a violation must be not to
// have been seen.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <memory>
#include <mutex>
#include <thread>

#include "chaos/checker/report.h"
#include "chaos/command.h"
#include "chaos/stack/child.h"

namespace aeromq::chaos {
namespace {

using Clock = std::chrono::steady_clock;
using Words = std::vector<std::string>;

constexpr int kLineMs = 60 * 60 * 1000;

struct NightlyOptions {
  unsigned minutes = 60;
  std::uint64_t seed = 1;
};

class Night {
 public:
  Night(const NightlyOptions& options, const std::filesystem::path& bin_dir)
      : options_(options),
        program_(bin_dir / "aeromq-chaos"),
        end_(Clock::now() + std::chrono::minutes(options.minutes)) {}

  int run() {
    // The simulation needs a core and nothing else; the others share the rest of the machine.
    std::thread simulation([this] { repeat(&Night::simulation_round); });
    repeat(&Night::real_round);
    simulation.join();
    print();
    return failed_ ? 1 : 0;
  }

 private:
  void repeat(void (Night::*round)(std::uint64_t)) {
    for (std::uint64_t number = 0; Clock::now() < end_; ++number) (this->*round)(number);
  }

  void simulation_round(std::uint64_t number) {
    constexpr std::uint64_t kSeeds = 50'000;
    rung({"simulate", "--seeds", std::to_string(kSeeds), "--first",
          std::to_string(options_.seed * 1'000'000'000 + number * kSeeds)});
  }

  void real_round(std::uint64_t number) {
    const auto seed = std::to_string(options_.seed + number);
    const std::vector<Words> rungs{
        {"kill", "--restart", "once,late,never", "--sample", "150", "--seed", seed},
        {"kill", "--pairs", "--sample", "60", "--seed", seed},
        {"kill", "--pauses", "--sample", "40", "--seed", seed},
        {"syscalls", "--runs", "100", "--seed", seed},
        {"network", "--runs", "40", "--seed", seed},
        {"disk", "--power-cuts", "80", "--errors", "80", "--seed", seed},
        {"hostile", "--minutes", "30"}};
    for (const auto& words : rungs)
      if (Clock::now() < end_) rung(words);
  }

  void rung(Words words) {
    words.insert(words.begin(), program_);
    Child child(words, {});
    child.close_input();
    Report found;
    std::string said;
    while (const auto line = child.read_line(kLineMs)) {
      if (auto report = read_report(*line))
        found = std::move(*report);
      else
        said += *line + "\n";
    }
    const int code = child.wait(kLineMs).exit_code;
    const std::lock_guard lock(mutex_);
    if (code != 0) {
      failed_ = true;
      fmt::print("{}", said);
    }
    auto& sum = reports_[found.rung.empty() ? words[1] : found.rung];
    sum.add(found);
    fmt::print("{} {}: {} runs in all\n", code == 0 ? "ok" : "FAILED", words[1], sum.runs);
    std::cout.flush();
  }

  void print() const {
    fmt::print("\n{:<12} {:<46} {:>12}\n", "rung", "fault class", "fired");
    for (const auto& [rung, report] : reports_)
      for (const auto& [fault, count] : report.faults)
        fmt::print("{:<12} {:<46} {:>12}\n", rung, fault, count);
    fmt::print("\n{:<12} {:<14} {:>14} {:>11} {:>22}\n", "rung", "predicate", "evaluated",
               "violations", "rate, 95 % sure below");
    for (const auto& [rung, report] : reports_)
      for (const auto& [predicate, count] : report.evaluated)
        print_row(rung, report, predicate, count);
  }

  // No violation in n independent judgements bounds its rate by 3/n, for this mix of faults only.
  static void print_row(const std::string& rung, const Report& report, const std::string& predicate,
                        std::uint64_t count) {
    const auto at = report.violations.find(predicate);
    const auto violations = at == report.violations.end() ? 0 : at->second;
    const auto bound = violations == 0 && count > 0
                           ? fmt::format("{:.1e}", 3.0 / static_cast<double>(count))
                           : std::string("-");
    fmt::print("{:<12} {:<14} {:>14} {:>11} {:>22}\n", rung, predicate, count, violations, bound);
  }

  NightlyOptions options_;
  std::string program_;
  Clock::time_point end_;
  std::mutex mutex_;
  std::map<std::string, Report> reports_;
  bool failed_ = false;
};

}  // namespace

void add_nightly_command(CLI::App& app, Place& place) {
  auto options = std::make_shared<NightlyOptions>();
  auto* nightly = app.add_subcommand("nightly", "every rung with new seeds, for a while");
  nightly->add_option("--minutes", options->minutes, "no new round begins later")
      ->check(CLI::Range(1, 24 * 60));
  nightly->add_option("--seed", options->seed, "of the first round");
  nightly->callback([options, &place] { place.exit_code = Night(*options, place.bin_dir).run(); });
}

}  // namespace aeromq::chaos
