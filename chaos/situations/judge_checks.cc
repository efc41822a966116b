#include <fmt/format.h>

#include <algorithm>

#include "chaos/situations/judge.h"

namespace aeromq::chaos::situations {
namespace {

constexpr std::uint64_t kHeardNs = 2'000'000'000;

const Check* find(const Deed& deed, const char* code) {
  const auto found = std::ranges::find(deed.checks, code, &Check::code);
  return found == deed.checks.end() ? nullptr : &*found;
}
bool passes(const Deed& deed, const char* code) {
  const auto* check = find(deed, code);
  return check != nullptr && check->passes;
}
// A check with another name that nobody may override stands in the way: nothing follows from this.
bool stopped(const Deed& deed) {
  return std::ranges::any_of(
      deed.checks, [](const Check& check) { return !check.passes && !check.overridable; });
}

// The process state stayed the same from before the window until after it.
bool outside_throughout(const Server& server, const Window& window, bool (*what)(const Outside&)) {
  const Outside* before = nullptr;
  for (const auto& one : server.outside) {
    if (one.window.to_ns <= window.from_ns) before = &one;
    if (one.window.to_ns > window.from_ns && one.window.from_ns < window.to_ns && !what(one))
      return false;
    if (one.window.from_ns >= window.to_ns)
      return before != nullptr && what(*before) && what(one) &&
             window.from_ns - before->window.to_ns < kHeardNs &&
             one.window.from_ns - window.to_ns < kHeardNs;
  }
  return false;
}

// Where a server certainly was at the latest when the window began.
const Sample* before(const Server& server, std::uint64_t at_ns) {
  const Sample* found = nullptr;
  for (const auto& sample : server.samples)
    if (sample.window.to_ns <= at_ns) found = &sample;
  return found;
}
const Sample* after(const Server& server, std::uint64_t at_ns) {
  const auto found = std::ranges::find_if(
      server.samples, [&](const Sample& sample) { return sample.window.from_ns >= at_ns; });
  return found == server.samples.end() ? nullptr : &*found;
}

void judge_others(const Story& story, const Deed& deed, std::vector<std::string>& wrong) {
  for (const auto& [name, server] : story.servers) {
    if (name == deed.node) continue;
    const bool writes = writable_throughout(server, deed.explained);
    const bool spoke =
        outside_throughout(server, deed.explained, [](const Outside& one) { return one.spoke; });
    if (writes && !stopped(deed) && passes(deed, "WRITABLE_PRIMARY_EXISTS")) {
      if (passes(deed, "NODE_STATE_UNKNOWN"))
        wrong.push_back("WRITABLE_PRIMARY_EXISTS and NODE_STATE_UNKNOWN pass, and " + name +
                        " is writable");
      if (passes(deed, "PRIMARY_ALIVE") && passes(deed, "PRIMARY_NOT_PROVABLY_DOWN"))
        wrong.push_back("PRIMARY_ALIVE and PRIMARY_NOT_PROVABLY_DOWN pass, and " + name +
                        " is writable");
    }
    // Heard at its address, by the first byte of the protocol that any client gets.
    if (writes && spoke && passes(deed, "WRITABLE_PRIMARY_EXISTS") && passes(deed, "PRIMARY_ALIVE"))
      wrong.push_back("PRIMARY_ALIVE passes, and " + name +
                      " is writable and speaks at its address");
    // More WAL elsewhere than the target had even afterwards.
    const auto* most = before(server, deed.explained.from_ns);
    const auto target = story.servers.find(deed.node);
    const auto* least =
        target == story.servers.end() ? nullptr : after(target->second, deed.explained.to_ns);
    if (passes(deed, "PREFIX_VIOLATION") && !stopped(deed) && most != nullptr && least != nullptr &&
        least->position_known && most->timeline == least->timeline && !least->writable &&
        after(server, deed.explained.to_ns) != nullptr &&
        after(server, deed.explained.to_ns)->postmaster == most->postmaster &&
        most->position > least->position)
      wrong.push_back("PREFIX_VIOLATION passes, and " + name + " has more than the target");
    const auto files = deed.before.find(name);
    if (passes(deed, "SHUTDOWN_CHECKPOINT_NOT_PASSED") && !stopped(deed) && least != nullptr &&
        least->position_known && !least->writable && files != deed.before.end() &&
        files->second.state == "shut down" && files->second.checkpoint >= least->position)
      wrong.push_back("SHUTDOWN_CHECKPOINT_NOT_PASSED passes, and the target is not past that of " +
                      name);
    if (passes(deed, "MANAGER_AT_WORK") &&
        throughout(server, deed.explained, [](const Sample& one) { return one.manager; }))
      wrong.push_back("MANAGER_AT_WORK passes, and another manager's session is at " + name);
  }
}

void judge_target(const Deed& deed, const Server& server, std::vector<std::string>& wrong) {
  const auto& window = deed.explained;
  if (passes(deed, "NOT_PRIMARY") &&
      throughout(server, window, [](const Sample& one) { return !one.writable; }))
    wrong.push_back("NOT_PRIMARY passes, and the target is in recovery");
  if (passes(deed, "NOT_A_STANDBY") && writable_throughout(server, window))
    wrong.push_back("NOT_A_STANDBY passes, and the target is writable");
  if (passes(deed, "TARGET_UNREACHABLE")) {
    if (outside_throughout(server, window, [](const Outside& one) { return !one.runs; }))
      wrong.push_back("TARGET_UNREACHABLE passes, and the target's server does not run");
    if (outside_throughout(server, window, [](const Outside& one) { return !one.agent; }))
      wrong.push_back("TARGET_UNREACHABLE passes, and the target's agent does not run");
  }
  if (passes(deed, "NO_STREAMING_CANDIDATE") && !stopped(deed) &&
      throughout(server, window, [](const Sample& one) { return one.streams.empty(); }))
    wrong.push_back("NO_STREAMING_CANDIDATE passes, and nobody streams from the target");
}

bool overlaps(const Window& one, const Window& other) {
  return one.from_ns <= other.to_ns && other.from_ns <= one.to_ns;
}

}  // namespace

std::vector<Finding> judge_checks(const Story& story) {
  std::vector<Finding> found;
  for (const auto& deed : story.deeds) {
    if (deed.checks.empty()) continue;
    std::vector<std::string> wrong;
    judge_others(story, deed, wrong);
    if (const auto target = story.servers.find(deed.node); target != story.servers.end())
      judge_target(deed, target->second, wrong);
    for (std::size_t i = 0; i < story.unlisted_at.size(); ++i)
      for (const auto& name : story.unlisted)
        if (overlaps(story.unlisted_at[i], deed.explained) && !stopped(deed) &&
            passes(deed, "NODE_STATE_UNKNOWN") &&
            outside_throughout(story.servers.at(name), deed.explained,
                               [](const Outside& one) { return one.runs; }))
          wrong.push_back("NODE_STATE_UNKNOWN passes, and " + name +
                          " runs and stands in no settings");
    for (const auto& text : wrong)
      found.push_back({predicate::kFalsePass, deed.verb + " " + deed.node + ": " + text});
  }
  return found;
}

}  // namespace aeromq::chaos::situations
