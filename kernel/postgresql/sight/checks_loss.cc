// The checks of what was acknowledged: P6-S1. An orderly demotion proves it; failing that, enough
// of the synchronous standbys; failing that, nothing does.
#include "kernel/postgresql/sight/checks_parts.h"
#include "kernel/postgresql/sight/synchronous.h"
#include "kernel/postgresql/sight/text.h"
#include "messages/text.h"

namespace aeromq::postgresql::detail {
namespace {

constexpr const char* kMembers = "SYNC_MEMBERS_UNSEEN";

std::string proof_text(const Case& at) {
  return at.intent.last_primary + " shut down in order and " + at.target.node +
         " is past its shutdown checkpoint at " + position_text(at.intent.shutdown_checkpoint);
}

/// A server whose commits do not wait as the settings declare, by what it says now.
std::vector<std::string> other_settings(const Case& at) {
  std::vector<std::string> all;
  for (const auto& node : at.sample.nodes) {
    if (!node.answered) continue;
    if (node.synchronous_standby_names != at.rules.synchronous_standby_names)
      all.push_back(node.node + " has synchronous_standby_names '" +
                    node.synchronous_standby_names + "', declared is '" +
                    at.rules.synchronous_standby_names + "'");
    if (node.synchronous_commit != "on" && node.synchronous_commit != "remote_apply")
      all.push_back(node.node + " has synchronous_commit " + node.synchronous_commit);
  }
  return all;
}

std::vector<std::string> visible_standbys(const Case& at) {
  std::vector<std::string> all;
  for (const auto& node : at.sample.nodes)
    if (node.answered && node.in_recovery) all.push_back(node.node);
  return all;
}

/// The target has no less than any standby that answered.
bool is_greatest(const Case& at) {
  return at.target.answered && std::ranges::all_of(at.sample.nodes, [&](const NodeSample& node) {
           return !node.answered || node.position <= at.target.position;
         });
}

std::string minus(Lsn more, Lsn less, const std::string& who) {
  return more > less ? std::to_string(more - less) + " octets beyond " + who : "not beyond " + who;
}

}  // namespace

Check synchronous_members_seen(const Case& at) {
  const auto made = [](std::string text, bool passes) {
    return Check{kMembers, "P6-S1", std::move(text), passes, false};
  };
  if (shutdown_proves(at)) return made(proof_text(at), true);
  if (const auto others = other_settings(at); !others.empty()) return made(joined(others), false);
  const auto rule = parse_synchronous(at.rules.synchronous_standby_names);
  if (!rule) return made("the declared setting is not readable: " + rule.error().message, false);
  if (rule->everybody)
    return made(
        "the declared setting names every standby, so the ones that confirmed a write are "
        "not known",
        false);
  const auto unseen = unseen_members(*rule, at.intent.last_primary, visible_standbys(at));
  auto text =
      "each commit waits for " + std::to_string(rule->number) + " of " + names(rule->names) + "; " +
      (unseen.empty() ? std::string("all of them were seen") : "not seen: " + names(unseen));
  if (!is_greatest(at)) text += "; " + at.target.node + " is not the one with the most";
  return made(std::move(text), unseen.size() < rule->number && is_greatest(at));
}

Check acknowledged_writes_proven(const Case& at) {
  const bool proven = shutdown_proves(at);
  auto text = proof_text(at);
  if (!proven) {
    auto parts = known_losses(at);
    parts.insert(parts.begin(),
                 "replication is asynchronous and the last primary is not known to have shut down "
                 "in order before: acknowledged writes may be lost, amount unknown");
    text = joined(parts);
  }
  return {"ACKNOWLEDGED_WRITES_UNPROVEN", "P6-S1", std::move(text), proven, at.force()};
}

std::vector<std::string> known_losses(const Case& at) {
  std::vector<std::string> parts;
  if (!at.target.answered) return parts;
  const auto& target = at.target;
  const auto here = target.node + "'s " + position_text(target.position);
  for (const auto& node : at.sample.nodes) {
    if (at.is_target(node) || node.answered) continue;
    if (node.last_seen)
      parts.push_back(node.node + " was last seen as a " +
                      (node.last_seen->in_recovery ? "standby" : "primary") + " at " +
                      position_text(node.last_seen->position) + ", " +
                      std::to_string(node.last_seen->age_ms) + " ms before, " +
                      minus(node.last_seen->position, target.position, here));
    if (node.agent && node.agent->checkpoint != 0)
      parts.push_back("the control file of " + node.node + " has its last checkpoint at " +
                      position_text(node.agent->checkpoint) + " (" + node.agent->control_state +
                      "), " + minus(node.agent->checkpoint, target.position, here));
  }
  return parts;
}

}  // namespace aeromq::postgresql::detail
