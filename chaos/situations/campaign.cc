#include "chaos/situations/campaign.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

#include "chaos/situations/plan.h"
#include "chaos/situations/tally.h"
#include "chaos/stack/child.h"

namespace aeromq::chaos::situations {
namespace {

using nlohmann::json;

constexpr int kMostMs = 900000;  // beyond every bound inside
constexpr int kGitMs = 10000;

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ",") + word;
  return text;
}

class Campaign {
 public:
  explicit Campaign(const CampaignOptions& options)
      : options_(options), commit_(commit_of_sources()), next_(options.seed) {
    if (options.resume) done_ = seeds_of(read_lines(options.results), commit_);
    if (options.minutes > 0)
      until_ = std::chrono::steady_clock::now() + std::chrono::minutes(options.minutes);
  }

  int run() {
    {
      std::vector<std::jthread> workers;
      for (unsigned i = 0; i < options_.clusters; ++i) workers.emplace_back([this, i] { work(i); });
    }
    fmt::print("{} situations at {}, {} against us, {} could not be played\n", played_, commit_,
               against_, broken_);
    return against_ == 0 && broken_ == 0 ? 0 : 1;
  }

 private:
  void work(unsigned worker) {
    for (;;) {
      const auto seed = next_++;
      if (seed >= options_.seed + options_.count) return;
      if (until_ && std::chrono::steady_clock::now() > *until_) return;
      if (done_.contains(seed)) continue;
      const auto plan = draw(seed, options_.only);
      const auto line = play_apart(plan, plan.faults, worker, false);
      const auto what = against(line);
      if (options_.shrink && !what.empty()) shrink(plan, what, worker);
    }
  }

  // In a process of its own; the line that it would have written, or one that says that it did not.
  json play_apart(const Plan& plan, const std::vector<std::string>& faults, unsigned worker,
                  bool shrunk) {
    const auto file = std::filesystem::temp_directory_path() /
                      fmt::format("aeromq-situation-{}-{}.json", getpid(), worker);
    std::filesystem::remove(file);
    std::vector<std::string> words{std::filesystem::read_symlink("/proc/self/exe"),
                                   "situations",
                                   "--bin-dir",
                                   options_.bin_dir,
                                   "--alone",
                                   "--seed",
                                   std::to_string(plan.seed),
                                   "--results",
                                   file};
    if (!options_.only.empty()) words.insert(words.end(), {"--only", joined(options_.only)});
    if (shrunk) words.insert(words.end(), {"--faults", faults.empty() ? "none" : joined(faults)});
    if (options_.keep) words.emplace_back("--keep");
    const auto ended = chaos::run(words, kMostMs);
    auto lines = read_lines(file);
    std::filesystem::remove(file);
    if (lines.empty())
      lines.push_back({{"seed", plan.seed},
                       {"faults", faults},
                       {"plan", text_of(plan)},
                       {"broken", fmt::format("it ended with {}: {}", ended.exit_code, ended.err)},
                       {"deeds", json::array()},
                       {"looks", json::array()},
                       {"findings", json::array()},
                       {"seconds", 0}});
    auto& line = lines.front();
    line["commit"] = commit_;
    line["shrunk"] = shrunk;
    const std::lock_guard lock(mutex_);
    fmt::print("{}", ended.out);
    std::fflush(stdout);
    if (!options_.results.empty()) append(options_.results, line);
    if (!shrunk) {
      ++played_;
      if (!against(line).empty()) ++against_;
      if (!line.value("broken", "").empty()) ++broken_;
    }
    return line;
  }

  static std::set<std::string> against(const json& line) {
    std::set<std::string> names;
    for (const auto& one : line["findings"])
      if (one["against_us"] == true) names.insert(one["predicate"].get<std::string>());
    return names;
  }

  // The fewest of its faults that lead to one of the same findings; each try is a run.
  void shrink(const Plan& plan, const std::set<std::string>& what, unsigned worker) {
    const auto& all = plan.faults;
    for (std::size_t size = 0; size < all.size(); ++size)
      for (unsigned set = 0; set < (1U << all.size()); ++set) {
        if (static_cast<std::size_t>(__builtin_popcount(set)) != size) continue;
        std::vector<std::string> some;
        for (std::size_t i = 0; i < all.size(); ++i)
          if ((set >> i & 1U) != 0) some.push_back(all[i]);
        const auto found = against(play_apart(keep_faults(plan, some), some, worker, true));
        const bool same =
            std::ranges::any_of(found, [&](const std::string& one) { return what.contains(one); });
        if (!same) continue;
        fmt::print("seed {} shrinks to: {}\n", plan.seed, some.empty() ? "no fault" : joined(some));
        std::fflush(stdout);
        return;
      }
  }

  const CampaignOptions& options_;
  std::string commit_;
  std::atomic<std::uint64_t> next_;
  std::set<std::uint64_t> done_;
  std::optional<std::chrono::steady_clock::time_point> until_;
  std::mutex mutex_;
  unsigned played_ = 0;
  unsigned against_ = 0;
  unsigned broken_ = 0;
};

}  // namespace

std::string commit_of_sources() {
  auto told =
      chaos::run({"/usr/bin/git", "-C", AEROMQ_SOURCE_DIR, "describe", "--always", "--dirty"},
                 kGitMs)
          .out;
  std::erase(told, '\n');
  return told.empty() ? "unknown" : told;
}

int run_campaign(const CampaignOptions& options) { return Campaign(options).run(); }

}  // namespace aeromq::chaos::situations
