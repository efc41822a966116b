#include "chaos/postgresql/drills.h"

#include <fmt/core.h>
#include <signal.h>

#include <algorithm>

namespace aeromq::chaos::postgresql {
namespace {

// How often the startup process makes each call on its way out of recovery, and some more: a drill
// that did not fire says so.
constexpr std::pair<const char*, unsigned> kStartupCalls[] = {
    {"unlink", 3}, {"rename", 2}, {"fsync", 4}, {"openat", 6}};

constexpr const char* kAskedPoint = "pgagent.act.asked";
constexpr const char* kSettlePoints[] = {"pgagent.settle.begun", "pgagent.settle.stopped",
                                         "pgagent.settle.repaired", "pgagent.settle.written",
                                         "pgagent.start.allowed"};

bool is_of(const std::string& point, const char* process) {
  return point.starts_with(std::string(process) + ".");
}

// What explains the action changes nothing: that is the kill matrix's.
bool is_act(const std::string& point) {
  return point.find("survey") == std::string::npos && !is_of(point, "kernel.call");
}

// Who is there to die while the agent stands at the point. A demotion has no server of its own
// between stop and start; then it is the standby that is waited for.
std::vector<std::string> victims_at(const std::string& verb, const std::string& point) {
  std::vector<std::string> victims{"kernel", "dispatcher"};
  if (verb != "demote") {
    victims.push_back("postmaster");
    // A server that was promoted has no startup process any more.
    if (point.starts_with("pgagent.open.") || point.starts_with("pgagent.act.") ||
        point == "pgagent.promote.asked")
      victims.push_back("startup");
    if (point == "pgagent.act.result_written" || point == "pgagent.act.answered")
      victims.pop_back();
    return victims;
  }
  const bool stopped = point.starts_with("pgagent.demote.") && point != "pgagent.demote.started";
  victims.push_back(stopped || point == "pgagent.act.result_written" ? "candidate" : "postmaster");
  return victims;
}

std::vector<std::string> points_of(const std::vector<Pass>& passes) {
  std::vector<std::string> points;
  for (const auto& pass : passes)
    if (std::ranges::find(points, pass.point) == points.end()) points.push_back(pass.point);
  return points;
}

// A dead host: its server and its agent are gone, so nothing proves that it is down.
void lose_host(Site& site, const std::string& name) {
  const auto agent = site.cluster().agent_pid(name);
  if (agent > 0) ::kill(agent, SIGKILL);
  poll_until(5000, [&] { return !site.cluster().agent_runs(name); });
  site.cluster().kill_postmaster(name);
}

}  // namespace

std::string name_of(const Drill& drill) {
  switch (drill.moment) {
    case Moment::plane_point:
    case Moment::agent_point:
      return fmt::format("{} / {} dies at {}{}", drill.verb, drill.victim, drill.point,
                         drill.second.empty() ? "" : ", then at " + drill.second);
    case Moment::at_agent_point:
      return fmt::format("{} / {} dies while the agent is at {}", drill.verb, drill.victim,
                         drill.point);
    case Moment::startup_call:
      return fmt::format("{} / startup process dies at {} number {}", drill.verb, drill.point,
                         drill.nth);
    case Moment::startup_frozen:
      return fmt::format("{} / startup process frozen, {}", drill.verb, drill.victim);
    case Moment::recovery_end:
      return fmt::format("{} / recovery_end_command runs, {} dies", drill.verb, drill.victim);
  }
  return {};
}

std::vector<Drill> drills_of(const std::string& verb, const Passed& passed) {
  std::vector<Drill> drills;
  for (const auto& point : passed.plane)
    if (is_act(point) && (is_of(point, "dispatcher") || is_of(point, "kernel")))
      drills.push_back({verb, Moment::plane_point, point, point.substr(0, point.find('.')), 1, {}});
  for (const auto& point : passed.agent) {
    drills.push_back({verb, Moment::agent_point, point, "agent", 1, {}});
    for (const auto& victim : victims_at(verb, point))
      drills.push_back({verb, Moment::at_agent_point, point, victim, 1, {}});
  }
  // Past this point a claim has to be settled by looking.
  for (const auto* second : kSettlePoints)
    drills.push_back({verb, Moment::agent_point, kAskedPoint, "agent", 1, second});
  if (verb == "demote") return drills;
  for (const auto& [call, most] : kStartupCalls)
    for (unsigned nth = 1; nth <= most; ++nth)
      drills.push_back({verb, Moment::startup_call, call, "startup", nth, {}});
  for (const auto* victim : {"late", "never", "agent", "postmaster", "kernel", "dispatcher"})
    drills.push_back({verb, Moment::startup_frozen, "", victim, 1, {}});
  for (const auto* victim : {"agent", "postmaster", "startup", "kernel", "dispatcher"})
    drills.push_back({verb, Moment::recovery_end, "", victim, 1, {}});
  return drills;
}

std::string prepare(Site& site, const std::string& verb) {
  auto facts = read_facts(site.cluster());
  const auto primary = primary_of(facts);
  if (primary.empty() || verb == "demote") return primary;
  if (verb == "promote") {
    const auto deed = do_deed(site, "demote", primary);
    if (judge_deed(site, deed) != "executed") return {};
    // It streams from nobody now, and is the last to be aimed at.
    poll_until(10000, [&] {
      facts = read_facts(site.cluster());
      return facts.at(primary).answers;
    });
    return foremost_standby(facts, primary);
  }
  lose_host(site, primary);
  std::string best;
  poll_until(10000, [&] {
    facts = read_facts(site.cluster());
    best = foremost_standby(facts, primary);
    return !best.empty();
  });
  return best;
}

Passed rehearse(Site& site, const std::string& verb) {
  site.begin("rehearsal of " + verb, "");
  fmt::print("rehearsal of {}\n", verb);
  std::fflush(stdout);
  Passed passed;
  const auto node = prepare(site, verb);
  if (node.empty()) {
    site.fault("it could not be prepared");
    return passed;
  }
  site.recorder().follow(false);
  site.cluster().passes();
  // What is passed before the yes belongs to the explanation: nothing can have happened there.
  const auto deed = do_deed(site, verb, node, [&] { site.cluster().passes(); });
  const auto plane = site.recorder().follow(false);
  passed.plane = points_of(plane);
  passed.agent = points_of(site.cluster().passes());
  const auto verdict = judge_deed(site, deed);
  if (verdict != "executed")
    site.fault(fmt::format("without a fault it is {}: {}", verdict, deed.attempt.words));
  if (!restore(site)) site.fault("the cluster did not become healthy");
  return passed;
}

}  // namespace aeromq::chaos::postgresql
