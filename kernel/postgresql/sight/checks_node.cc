// The checks of the target itself, and of what nobody may be busy with.
#include <set>

#include "kernel/postgresql/sight/checks_parts.h"
#include "kernel/postgresql/sight/text.h"

namespace aeromq::postgresql::detail {
namespace {

std::string number(std::uint64_t value) { return std::to_string(value); }

std::string role_text(const NodeSample& node) {
  return node.in_recovery ? "a standby" : "a primary";
}

}  // namespace

Check node_known(const ClusterSample& sample, const Intent& intent) {
  const bool known = find_node(sample, intent.node) != nullptr;
  return {"NODE_UNKNOWN", "P6-F1",
          intent.node + (known ? " is in the settings" : " is not in the settings"), known, false};
}

Check target_reachable(const Case& at) {
  const auto& target = at.target;
  std::vector<std::string> parts;
  if (target.answered)
    parts.push_back(target.node + " answered as " + role_text(target) + ", " + place(target));
  else
    parts.push_back(silence(target));
  parts.push_back(target.agent ? "its agent answered" : agent_silence(target));
  return {"TARGET_UNREACHABLE", "P6-F1", joined(parts), target.answered && target.agent.has_value(),
          false};
}

// What an older agent does not tell would read as "nothing there".
Check agents_new_enough(const Case& at) {
  const auto needed = number(kAgentProtocol);
  std::vector<std::string> old;
  for (const auto& node : at.sample.nodes)
    if (node.agent && node.agent->protocol < kAgentProtocol)
      old.push_back("the agent of " + node.node + " is of an older version (protocol " +
                    number(std::max<std::uint64_t>(node.agent->protocol, 1)) + ")");
  return {"AGENT_TOO_OLD", "P6-F1",
          old.empty() ? "every agent that answered speaks protocol " + needed
                      : joined(old) + "; this kernel needs " + needed,
          old.empty(), false};
}

Check settled(const Case& at) {
  std::vector<std::string> open;
  std::vector<std::string> silent;
  for (const auto& node : at.sample.nodes) {
    if (!node.agent) {
      silent.push_back(node.node);
      continue;
    }
    // An agent that can no longer read its server's files will not end what it has begun: what
    // stands in the way of a forced promotion is then the kernel's to say.
    if (at.force() && node.agent->durable_role == NodeRole::none) {
      silent.push_back(node.node);
      continue;
    }
    for (const auto& request : node.agent->open_claim)
      if (std::ranges::find(at.intent.own, request) == at.intent.own.end())
        open.push_back("the agent of " + node.node + " has begun " + node.agent->open_action +
                       " for request " + request.text() + " " + number(node.agent->open_ms) +
                       " ms before and not ended it (" + node.agent->phase + ")");
  }
  auto text = open.empty() ? "no agent that answered has an unsettled request" : joined(open);
  if (!silent.empty()) text += "; not known: the agent of " + names(silent);
  return {"UNSETTLED_REQUEST", "P6-A2", std::move(text), open.empty(), false};
}

Check one_system(const Case& at) {
  std::set<std::uint64_t> seen;
  std::vector<std::string> parts;
  const auto note = [&](std::uint64_t identifier, const std::string& who) {
    if (identifier == 0) return;
    seen.insert(identifier);
    parts.push_back(who + " has " + number(identifier));
  };
  if (at.rules.system_identifier != 0) note(at.rules.system_identifier, "the settings");
  for (const auto& node : at.sample.nodes) {
    if (node.answered) note(node.system_identifier, node.node);
    // The server that answers and the files that the agent acts on must be the same one's.
    if (node.agent) note(node.agent->system_identifier, "the agent of " + node.node);
  }
  const bool passes = seen.size() == 1;
  auto text = passes
                  ? "every server that was seen has the system identifier " + number(*seen.begin())
              : seen.empty() ? "no system identifier was seen"
                             : "system identifiers differ: " + joined(parts);
  return {"SYSTEM_ID_MISMATCH", "P6-S2", std::move(text), passes, false};
}

Check no_manager(const Case& at) {
  std::vector<std::string> found;
  for (const auto& node : at.sample.nodes) {
    for (const auto& manager : node.managers)
      found.push_back("a session of " + manager + " is on " + node.node);
    if (node.agent && !node.agent->manager.empty())
      found.push_back("the agent of " + node.node + " sees " + node.agent->manager);
  }
  return {"MANAGER_AT_WORK", "P6-A3",
          found.empty() ? "no other manager of this cluster was seen" : joined(found),
          found.empty(), false};
}

// What is read here and done there was tried with these versions; with others the same words may
// mean something else.
Check version_tried(const Case& at) {
  std::vector<std::string> others;
  for (const auto& node : at.sample.nodes)
    if (node.answered && !is_known_version(node.server_version))
      others.push_back(node.node + " has " + version_text(node.server_version));
  return {"VERSION_NOT_TRIED", "P6-A3",
          others.empty() ? "every server that answered has version 15, 16 or 17"
                         : joined(others) + "; aeromq acts on 15, 16 and 17 only",
          others.empty(), false};
}

// In recovery, and so by the file on its disk: recovery to a point in time is no standby.
Check is_standby(const Case& at) {
  const auto& target = at.target;
  const bool on_disk = !target.agent || target.agent->durable_role == NodeRole::replica;
  const bool passes = target.answered && target.in_recovery && on_disk;
  auto text = !target.answered      ? silence(target)
              : !target.in_recovery ? target.node + " is not in recovery"
              : !on_disk ? target.node + " is in recovery, but standby.signal is not there"
                         : target.node + " is in recovery, as a standby";
  return {"NOT_A_STANDBY", "P6-A3", std::move(text), passes, false};
}

Check is_primary(const Case& at) {
  const auto& target = at.target;
  auto text = target.answered ? target.node + (target.in_recovery ? " is in recovery, as a standby"
                                                                  : " is a primary")
                              : silence(target);
  return {"NOT_PRIMARY", "P6-A1", std::move(text), is_writer(target), false};
}

Check no_pending_promotion(const Case& at) {
  std::vector<std::string> waiting;
  for (const auto& node : at.sample.nodes)
    if (node.agent && node.agent->promote_signal) waiting.push_back(node.node);
  return {"PROMOTION_PENDING", "P6-A2",
          waiting.empty() ? "no promotion is pending on a server whose agent answered"
                          : "a promotion is pending on " + names(waiting),
          waiting.empty(), false};
}

}  // namespace aeromq::postgresql::detail
