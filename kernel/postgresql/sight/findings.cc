// The findings of diagnostics: facts that an operator must not overlook, no advice.
#include "kernel/postgresql/sight/evidence.h"
#include "kernel/postgresql/sight/places.h"
#include "kernel/postgresql/sight/text.h"
#include "kernel/postgresql/sight/timeline.h"
#include "kernel/postgresql/sight/views.h"
#include "messages/text.h"

namespace aeromq::postgresql {
namespace {

constexpr std::size_t kMaxText = 512;     // Finding::text
constexpr std::size_t kMaxFindings = 48;  // leaves room for the dispatcher's own; a view holds 64

class Findings {
 public:
  void add(std::string code, Severity severity, const std::string& text) {
    if (all_.size() < kMaxFindings)
      all_.push_back({std::move(code), severity, cut(text, kMaxText)});
  }
  std::vector<Finding> take() { return std::move(all_); }

 private:
  std::vector<Finding> all_;
};

void find_two_systems(const ClusterSample& sample, Findings& found) {
  const NodeSample* first = nullptr;
  for (const auto& node : sample.nodes) {
    if (!node.answered) continue;
    if (first == nullptr) first = &node;
    if (node.system_identifier != first->system_identifier)
      found.add("SYSTEM_ID_MISMATCH", Severity::alarm,
                node.node + " has system identifier " + std::to_string(node.system_identifier) +
                    ", " + first->node + " has " + std::to_string(first->system_identifier));
  }
}

/// Two histories of which neither is a beginning of the other.
bool forked(const NodeSample& one, const NodeSample& other) {
  if (!one.timeline_error.empty() || !other.timeline_error.empty()) return false;
  return !on_ancestry(history_of(one), other.timeline, other.position) &&
         !on_ancestry(history_of(other), one.timeline, one.position);
}

void find_forks(const ClusterSample& sample, Findings& found) {
  for (std::size_t i = 0; i < sample.nodes.size(); ++i)
    for (std::size_t j = i + 1; j < sample.nodes.size(); ++j) {
      const auto& one = sample.nodes[i];
      const auto& other = sample.nodes[j];
      if (one.answered && other.answered && forked(one, other))
        found.add("TIMELINES_FORKED", Severity::alarm,
                  one.node + " is on " + place(one) + ", " + other.node + " on " + place(other) +
                      "; neither history goes on from the other's");
    }
}

void find_writers(const ClusterSample& sample, Findings& found) {
  std::vector<std::string> writers;
  for (const auto& node : sample.nodes)
    if (is_writer(node)) writers.push_back(node.node);
  if (writers.size() > 1)
    found.add("SEVERAL_WRITERS", Severity::alarm, names(writers) + " are out of recovery");
}

void find_silent(const ClusterSample& sample, const NodeSample& node, Findings& found) {
  if (const auto text = contradiction_text(sample, node); !text.empty())
    found.add("EVIDENCE_CONTRADICTS", Severity::alarm, text);
  if (const auto text = identity_fault(node); !text.empty())
    found.add("IDENTITY_MISMATCH", Severity::alarm, text);
  if (is_unknown(sample, node))
    found.add("NODE_STATE_UNKNOWN", Severity::warning, silence(node));
  else if (!node.answered)
    found.add("NODE_STOPPED", Severity::warning,
              "the agent of " + node.node + " says that no server runs there (" +
                  node.agent->control_state + ")");
  if (!node.agent) found.add("AGENT_SILENT", Severity::warning, agent_silence(node));
}

void find_places(const ClusterSample& sample, const NodeSample& node, Findings& found) {
  if (!node.answered) return;
  if (!node.timeline_error.empty())
    found.add("TIMELINE_UNKNOWN", Severity::warning, timeline_silence(node));
  if (const auto text = senders_short(sample, node); !text.empty())
    found.add("SENDERS_SHORT", Severity::warning, text);
  if (const auto text = connections_short(sample, node); !text.empty())
    found.add("CONNECTIONS_SHORT", Severity::warning, text);
}

void find_version(const NodeSample& node, Findings& found) {
  if (!node.answered || is_tested_version(node.server_version)) return;
  const bool known = is_known_version(node.server_version);
  found.add("VERSION_NOT_TRIED", Severity::warning,
            node.node + " has " + version_text(node.server_version) +
                (known ? "; every test of aeromq runs on 15, and on this one only looks were tried"
                       : "; aeromq acts on 15, 16 and 17 only"));
}

void find_slots(const NodeSample& node, bool writes, Findings& found) {
  for (const auto& slot : node.slots) {
    const auto name = "slot " + slot.name + " on " + node.node;
    if (slot.wal_status == "lost" || slot.wal_status == "unreserved")
      found.add("SLOT_LOSES_WAL", Severity::alarm,
                name + " has wal_status " + slot.wal_status +
                    (slot.safe_wal_size.empty() ? "" : ", safe_wal_size " + slot.safe_wal_size));
    // Its consumer went to another server, or found none: it goes on keeping WAL and catalog rows.
    else if (slot.logical && !slot.active && !writes && !slot.synchronised)
      found.add("LOGICAL_SLOT_LEFT", Severity::warning,
                "the logical " + name + " (" + slot.plugin + ", database " + slot.database +
                    ") is used by nobody, was left there when another server became the primary, "
                    "and holds WAL from " +
                    position_text(slot.restart));
    // On a standby the slots wait for the day it is promoted; once used, they hold WAL there too.
    else if (!slot.active && slot.restart != 0)
      found.add("SLOT_INACTIVE", writes ? Severity::warning : Severity::info,
                name + " is used by nobody and holds WAL from " + position_text(slot.restart));
  }
}

void find_replication(const ClusterSample& sample, const NodeSample& node, Findings& found) {
  if (!node.answered || !node.in_recovery) return;
  if (node.replay_paused)
    found.add("REPLAY_PAUSED", Severity::warning,
              node.node + " does not replay what it receives; replayed to " +
                  position_text(node.replayed));
  if (!node.receiver)
    found.add("NOT_STREAMING", Severity::warning, node.node + " streams from nobody");
  else if (upstream_of(sample, node) == nullptr)
    found.add("UPSTREAM_UNKNOWN", Severity::warning,
              node.node + " has a receiver (" + node.receiver->status + ") for " +
                  node.receiver->sender_host + ":" + std::to_string(node.receiver->sender_port) +
                  ", which is no server of the settings that was seen to send to it");
}

void find_agent(const NodeSample& node, Findings& found) {
  for (const auto& manager : node.managers)
    found.add("MANAGER_AT_WORK", Severity::alarm,
              "a session of " + manager + " is on " + node.node);
  if (!node.agent) return;
  const auto& agent = *node.agent;
  if (!agent.manager.empty())
    found.add("MANAGER_AT_WORK", Severity::alarm,
              "the agent of " + node.node + " sees " + agent.manager);
  if (!agent.not_started.empty())
    found.add("NOT_STARTED", Severity::warning,
              "the agent of " + node.node + " does not start its server: " + agent.not_started);
  if (!agent.open_claim.empty())
    found.add("UNSETTLED_REQUEST", Severity::warning,
              "the agent of " + node.node + " has begun " + agent.open_action + " " +
                  std::to_string(agent.open_ms) + " ms before and not ended it (" + agent.phase +
                  ")");
  if (agent.promote_signal)
    found.add("PROMOTION_PENDING", Severity::warning, "a promotion is pending on " + node.node);
  if (node.answered && (agent.durable_role == NodeRole::replica) != node.in_recovery)
    found.add("ROLE_ON_DISK_DIFFERS", Severity::warning,
              node.node + (node.in_recovery ? " is in recovery without standby.signal"
                                            : " is out of recovery with standby.signal"));
}

void find_synchronous(const NodeSample& node, const ClusterRules& rules, Findings& found) {
  if (node.answered && node.synchronous_standby_names != rules.synchronous_standby_names)
    found.add("SYNC_SETTING_DIFFERS", Severity::warning,
              node.node + " has synchronous_standby_names '" + node.synchronous_standby_names +
                  "', the settings declare '" + rules.synchronous_standby_names + "'");
}

}  // namespace

std::vector<Finding> findings_of(const ClusterSample& sample, const ClusterRules& rules) {
  Findings found;
  find_writers(sample, found);
  find_two_systems(sample, found);
  find_forks(sample, found);
  for (const auto& node : sample.nodes) {
    find_silent(sample, node, found);
    find_agent(node, found);
    find_synchronous(node, rules, found);
    find_places(sample, node, found);
    find_version(node, found);
    find_slots(node, is_writer(node), found);
    find_replication(sample, node, found);
  }
  found.add("NOT_CHECKED", Severity::info,
            "servers that the settings do not name, and whether clients still write to a server "
            "that did not answer, cannot be seen from here");
  return found.take();
}

}  // namespace aeromq::postgresql
