#include "kernel/postgresql/sight/warnings.h"

#include <algorithm>

#include "kernel/postgresql/sight/promotable.h"
#include "kernel/postgresql/sight/text.h"
#include "messages/text.h"

namespace aeromq::postgresql {
namespace {

using namespace detail;

constexpr std::size_t kMaxText = 512;  // Finding::text

std::string octets(std::uint64_t count) { return std::to_string(count) + " octets"; }

/// The standby itself, on its way to become the primary.
void add_target(const NodeSample& target, bool blocked, Warnings& found) {
  if (target.replay_paused && !blocked)
    found.add("REPLAY_PAUSED",
              "replay on " + target.node + " is paused (" +
                  (target.setup.pause_state.empty() ? "paused" : target.setup.pause_state) +
                  "), by a person or a recovery target, since no setting that replay needs is too "
                  "low; a promotion ends the pause, and replays what was received first");
  if (const auto gap = replay_gap(target); gap >= kFarBehind)
    found.add("REPLAY_FAR_BEHIND",
              target.node + " has " + octets(gap) +
                  " received and not replayed; a promotion replays them before "
                  "it ends, and nobody can write meanwhile");
  if (full_disks(target).empty())
    if (const auto low = nearly_full_disks(target); !low.empty())
      found.add("DISK_NEARLY_FULL", target.node + ": " + joined(low));
}

void add_lower_wal_level(const ClusterSample& sample, const NodeSample& target, Warnings& found) {
  const auto own = value_of(target.setup.settings, "wal_level");
  for (const auto& node : sample.nodes) {
    const auto other = value_of(node.setup.settings, "wal_level");
    if (node.answered && other == "logical" && own == "replica") {
      found.add("WAL_LEVEL_LOWER", target.node + " has wal_level replica, " + node.node +
                                       " has logical: without a restart of " + target.node +
                                       " no logical decoding is possible after the switch");
      return;
    }
  }
}

void add_pending(const NodeSample& node, const std::string& when, Warnings& found) {
  const auto waiting = waiting_for_restart(node);
  if (!waiting.empty())
    found.add("PENDING_RESTART",
              node.node + " has settings that wait for a restart: " + names(waiting) + "; " + when);
}

void add_demotion(const Case& at, Warnings& found) {
  const auto& target = at.target;
  add_stop(target, found);
  add_pending(target, "this demotion restarts it, and they change with it", found);
  std::vector<const NodeSample*> next;
  for (const auto& node : at.sample.nodes)
    if (!at.is_target(node) && node.answered && node.in_recovery &&
        (at.intent.successor.empty() || node.node == at.intent.successor))
      next.push_back(&node);
  add_logical_slots(target, next, found);
  for (const auto* node : next)
    if (const auto why = obstacles(at.sample, *node); !why.empty())
      found.add("STANDBY_NOT_PROMOTABLE",
                node->node + " could not be promoted after this demotion: " + joined(why));
    else
      add_switch(at.sample, *node, found);
}

void add_promotion(const Case& at, Warnings& found) {
  const auto& target = at.target;
  if (!target.answered) return;
  add_target(target, !lower_limits(at.sample, target).empty(), found);
  add_pending(target, "a promotion is no restart: it becomes the primary without them", found);
  add_lower_wal_level(at.sample, target, found);
  for (const auto& node : at.sample.nodes)
    if (!at.is_target(node) && node.answered) add_logical_slots(node, {&target}, found);
  add_switch(at.sample, target, found);
}

}  // namespace

namespace detail {

void Warnings::add(std::string code, std::string text, Severity severity) {
  if (all_.size() < kMostWarnings)
    all_.push_back({{std::move(code), severity, std::move(text)}, {}});
}

void Warnings::add_of(std::string code, const std::string& text, const std::string& node,
                      Severity severity) {
  for (auto& one : all_)
    if (one.finding.code == code && one.finding.text == text && !one.nodes.empty())
      return one.nodes.push_back(node);
  if (all_.size() < kMostWarnings) all_.push_back({{std::move(code), severity, text}, {node}});
}

std::vector<Finding> Warnings::take() {
  std::vector<Finding> findings;
  for (auto& one : std::exchange(all_, {})) {
    one.finding.text = cut(one.finding.text + names(one.nodes), kMaxText);
    findings.push_back(std::move(one.finding));
  }
  return findings;
}

std::vector<std::string> waiting_for_restart(const NodeSample& node) {
  auto waiting = node.setup.pending;
  if (!node.agent) return waiting;
  for (const auto& next : node.agent->next_start.settings) {
    const auto now = value_of(node.setup.settings, next.name);
    // A trial that ended at an error has told no value.
    if (now.empty() || next.value.empty() || now == next.value ||
        std::ranges::find(waiting, next.name) != waiting.end())
      continue;
    waiting.push_back(next.name + " (" + std::string(now) + " now, " + next.value + " then)");
  }
  return waiting;
}

}  // namespace detail

std::vector<Finding> warnings(const ClusterSample& sample, const Intent& intent,
                              const ClusterRules& rules) {
  const auto* target = find_node(sample, intent.node);
  if (target == nullptr) return {};
  const Case at{sample, intent, rules, *target};
  Warnings found;
  if (intent.action == Action::demote)
    add_demotion(at, found);
  else
    add_promotion(at, found);
  return found.take();
}

}  // namespace aeromq::postgresql
