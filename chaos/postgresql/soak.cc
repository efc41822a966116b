#include <fmt/core.h>
#include <poll.h>

#include <algorithm>
#include <random>

#include "chaos/checker/report.h"
#include "chaos/postgresql/meddle.h"
#include "chaos/postgresql/rung.h"

namespace aeromq::chaos::postgresql {
namespace {

constexpr int kLongestWaitMs = 2500;
constexpr int kWriteMs = 20000;
constexpr unsigned kMostTries = 6;
constexpr double kNone = -1;

/// A kill that comes by itself, some time into a switchover.
class Assassin {
 public:
  Assassin(Site& site, std::string victim, std::string node, int after_ms)
      : victim_(std::move(victim)), thread_([this, &site, node = std::move(node), after_ms] {
          ::poll(nullptr, 0, after_ms);
          struck_ = end_process(site, victim_, node);
          if (victim_ == "agent") site.cluster().start_agent(node);  // as its unit does
        }) {}
  bool struck() {
    if (thread_.joinable()) thread_.join();
    return struck_;
  }

 private:
  std::string victim_;
  bool struck_ = false;
  std::jthread thread_;
};

struct Sums {
  unsigned done = 0;
  std::map<std::string, unsigned> kills;
  std::map<std::string, unsigned> verdicts;
  std::vector<double> quiet_outages;
  std::vector<double> all_outages;
};

double median(std::vector<double> values) {
  if (values.empty()) return kNone;
  std::ranges::sort(values);
  return values[values.size() / 2];
}

/// One action until it is executed; the person looks after each end that is another. False: given
/// up, or the cluster has a primary again that nobody asked for.
class Switchover {
 public:
  Switchover(Site& site, Sums& sums) : site_(site), sums_(sums) {}

  bool run() {
    const auto from = primary_of(read_facts(site_.cluster()));
    if (from.empty()) return false;
    for (unsigned tries = 0; tries < kMostTries; ++tries) {
      const auto facts = read_facts(site_.cluster());
      const auto primary = primary_of(facts);
      if (!primary.empty() && primary != from) return true;
      if (primary == from) {
        step("demote", from);
      } else {
        const auto next = next_after(from, read_facts(site_.cluster()));
        if (next.empty() || step("promote", next) != "executed") by_hand(from);
      }
    }
    return false;
  }

 private:
  // The next by name that may lead now; whoever has received most if that one is behind.
  static std::string next_after(const std::string& from, const Facts& facts) {
    const auto best = foremost_standby(facts, from);
    if (best.empty()) return best;
    auto at = facts.upper_bound(from);
    for (std::size_t i = 0; i < facts.size(); ++i, ++at) {
      if (at == facts.end()) at = facts.begin();
      if (at->first != from && at->second.answers && at->second.in_recovery &&
          at->second.position == facts.at(best).position)
        return at->first;
    }
    return best;
  }

  std::string step(const std::string& verb, const std::string& node) {
    const auto deed = do_deed(site_, verb, node);
    // The outcome is asked at once when the answer is whole, and after the repair when it is not.
    if (deed.attempt.exit_code == 0) {
      pending_.push_back(deed);
      ++sums_.verdicts["executed"];
      return "executed";
    }
    const auto verdict = judge_deed(site_, deed);
    ++sums_.verdicts[verdict.empty() ? "no final answer" : verdict];
    return verdict;
  }

  // What a death left: servers that are down are started; nobody is promoted here.
  void by_hand(const std::string& from);

 public:
  std::vector<Deed> pending_;  ///< told executed, to be judged when the outage is over

 private:
  Site& site_;
  Sums& sums_;
};

void Switchover::by_hand(const std::string& from) {
  processes_back(site_);
  for (const auto& [name, one] : read_facts(site_.cluster())) {
    if (one.running) continue;
    if (site_.cluster().start_by_person(name).exit_code == 0) ++site_.handwork.servers_started;
  }
  poll_until(5000, [&] {
    const auto facts = read_facts(site_.cluster());
    return !primary_of(facts).empty() || !foremost_standby(facts, from).empty();
  });
}

std::string drawn(std::mt19937_64& random, const std::vector<std::string>& from) {
  return from[random() % from.size()];
}

// Now and then the primary's host is lost for good before anybody asked: force, and rejoin.
void lose_primary(Site& site, Sums& sums) {
  const auto node = prepare(site, "force-promote");
  if (node.empty()) return site.fault("no standby is left to force");
  const auto deed = do_deed(site, "force-promote", node);
  const auto verdict = judge_deed(site, deed);
  ++sums.verdicts[verdict];
  ++sums.kills["primary's host"];
  if (verdict == "executed") ++site.handwork.forced;
  if (!restore(site)) site.fault("the cluster did not become healthy after a forced promotion");
  site.judge_rows(verdict == "executed" && !site.synchronous());
}

void one_round(Site& site, Sums& sums, std::mt19937_64& random, const SoakOptions& options) {
  const bool quiet = !options.kills || random() % 3 == 0;
  if (!quiet && random() % 8 == 0) lose_primary(site, sums);
  const auto primary = primary_of(read_facts(site.cluster()));
  std::unique_ptr<Assassin> assassin;
  std::string victim;
  if (!quiet) {
    victim = drawn(random, {"dispatcher", "kernel", "agent", "postmaster", "startup"});
    const auto node = drawn(random, {"a", "b", "c"});
    assassin =
        std::make_unique<Assassin>(site, victim, node, static_cast<int>(random() % kLongestWaitMs));
  }
  const auto began = boot_now();
  Switchover switchover(site, sums);
  const bool done = switchover.run();
  const auto ended = boot_now();
  if (done) ++sums.done;
  if (assassin && assassin->struck()) ++sums.kills[victim];
  if (!restore(site)) return site.fault("the cluster did not become healthy");
  if (!site.writer().writes_on(kWriteMs)) site.fault("the writer does not write again");
  for (const auto& deed : switchover.pending_) {
    const auto seen = read_register(site.stack().register_file());
    const auto row = std::ranges::find(seen.rows, deed.attempt.request, &WitnessedRow::request);
    if (row == seen.rows.end() || !row->executed)
      site.fault("told executed, and the register has no such row: " + deed.attempt.request);
    const auto word = read_journal(site.cluster().server(deed.node), deed.attempt.request);
    if (word.claims != 1 || word.results != 1 || !word.executed)
      site.fault("told executed, and the journal has another: " + deed.attempt.request);
  }
  const auto outage = site.writer().outage_ms(began, ended);
  sums.all_outages.push_back(outage);
  if (quiet) sums.quiet_outages.push_back(outage);
  site.judge_rows(false);
}

void print_sums(const Site& site, const Sums& sums, unsigned wanted) {
  fmt::print("\nswitchovers {} of {}\nkills", sums.done, wanted);
  for (const auto& [victim, count] : sums.kills) fmt::print(" {} {},", victim, count);
  fmt::print("\nends of requests");
  for (const auto& [verdict, count] : sums.verdicts) fmt::print(" {} {},", verdict, count);
  const auto& hand = site.handwork;
  fmt::print(
      "\nby hand: agents started {}, servers started {}, rejoined {}, forced {}, promoted {}\n",
      hand.agents_started, hand.servers_started, hand.rejoined, hand.forced, hand.promoted);
  fmt::print(
      "writer's outage, median: {:.0f} ms without a kill (n = {}), {:.0f} ms of all (n = {})\n",
      median(sums.quiet_outages), sums.quiet_outages.size(), median(sums.all_outages),
      sums.all_outages.size());
}

std::size_t faults_with(const Site& site, const char* text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      site.faults(), [&](const auto& fault) { return fault.find(text) != std::string::npos; }));
}

}  // namespace

int run_soak(const SoakOptions& options) {
  Site site({options.bin_dir, "postgresql-soak", !options.asynchronous});
  std::mt19937_64 random(options.seed);
  Sums sums;
  for (unsigned i = 0; i < options.switchovers && site.faults().size() < 20; ++i) {
    site.begin(fmt::format("switchover {}", i + 1), "");
    one_round(site, sums, random, options);
    if ((i + 1) % 5 == 0) fmt::print("{}/{}\n", i + 1, options.switchovers);
    std::fflush(stdout);
  }
  const auto doubles = double_primaries(site.observer().spans()).size();
  const auto samples = site.observer().samples();
  const auto rows = site.writer().acknowledged().size();
  Coverage coverage;
  const auto found = site.finish(coverage);
  print_sums(site, sums, options.switchovers);
  fmt::print(
      "{}: rows acknowledged {}, lost {} ({} of them told before by a forced promotion); double "
      "primaries {} in {} looks; wrong outcomes {}; violations and faults {}\n",
      options.asynchronous ? "asynchronous" : "synchronous, ANY 1", rows, site.rows_lost(),
      site.rows_explained(), doubles, samples, faults_with(site, "WRONG OUTCOME"), found);
  Report report{"postgresql", options.switchovers, {}, coverage.evaluated, {}};
  for (const auto& [victim, count] : sums.kills) report.faults["soak: " + victim] = count;
  if (found > 0) report.violations["in all"] = found;
  print_report(report);
  return found == 0 ? 0 : 1;
}

}  // namespace aeromq::chaos::postgresql
