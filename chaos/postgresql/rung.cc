#include "chaos/postgresql/rung.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <random>

#include "chaos/checker/report.h"
#include "chaos/postgresql/drills.h"

namespace aeromq::chaos::postgresql {
namespace {

struct Count {
  unsigned drills = 0;
  unsigned fired = 0;
};

std::string class_of(const Drill& drill) {
  switch (drill.moment) {
    case Moment::plane_point:
      return drill.victim + " at its points";
    case Moment::agent_point:
      return "agent at its points";
    case Moment::at_agent_point:
      return drill.victim + " at the agent's points";
    case Moment::startup_call:
      return "startup process at its system calls";
    case Moment::startup_frozen:
      return "startup process frozen, " + drill.victim;
    case Moment::recovery_end:
      return "recovery_end_command, " + drill.victim;
  }
  return {};
}

std::vector<Drill> chosen(const RungOptions& options, std::vector<Drill> all) {
  std::erase_if(all, [&](const Drill& drill) {
    return name_of(drill).find(options.only) == std::string::npos;
  });
  if (options.sample > 0 && options.sample < all.size()) {
    std::mt19937_64 random(options.seed);
    std::ranges::shuffle(all, random);
    all.resize(options.sample);
  }
  std::vector<Drill> mine;
  for (std::size_t i = 0; i < all.size(); ++i)
    if (i % options.parts == options.part) mine.push_back(all[i]);
  return mine;
}

// Which points there are is asked of the product by doing each action once.
std::vector<Drill> all_drills(Site& site, const RungOptions& options) {
  std::vector<Drill> all;
  for (const auto& verb : options.verbs) {
    const auto some = drills_of(verb, rehearse(site, verb));
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

}  // namespace

int run_drills(const RungOptions& options) {
  Site site({options.bin_dir, "postgresql", !options.asynchronous});
  std::map<std::string, Count> counts;
  const auto drills = chosen(options, all_drills(site, options));
  unsigned number = 0;
  for (const auto& drill : drills) {
    if (options.list) {
      fmt::print("{}\n", name_of(drill));
      continue;
    }
    auto& count = counts[drill.verb + ": " + class_of(drill)];
    ++count.drills;
    const bool fired = run_drill(site, drill);
    if (fired) ++count.fired;
    fmt::print("{}/{} {}{}\n", ++number, drills.size(), name_of(drill),
               fired ? "" : " (did not fire)");
    std::fflush(stdout);
    if (site.faults().size() > 20) break;  // it is broken: more of it tells nothing
  }
  Coverage coverage;
  const auto samples = site.observer().samples();
  const auto rows = site.writer().acknowledged().size();
  const auto found = site.finish(coverage);
  Report report{"postgresql", drills.size(), {}, coverage.evaluated, {}};
  fmt::print("\n{:<58} {:>6} {:>6}\n", "fault class", "drills", "fired");
  for (const auto& [name, count] : counts) {
    fmt::print("{:<58} {:>6} {:>6}\n", name, count.drills, count.fired);
    report.faults[name] = count.fired;
  }
  fmt::print(
      "\nrequests executed {}, rejected {}, not executed {}; rows acknowledged {}, lost {} "
      "({} of them told before); looks at the servers {}; violations and faults {}\n",
      coverage.executed, coverage.rejected, coverage.not_executed, rows, site.rows_lost(),
      site.rows_explained(), samples, found);
  if (found > 0) report.violations["in all"] = found;
  print_report(report);
  return found == 0 ? 0 : 1;
}

}  // namespace aeromq::chaos::postgresql
