#include "kernel/postgresql/sight/views.h"

#include "kernel/postgresql/sight/text.h"
#include "messages/text.h"

namespace aeromq::postgresql {
namespace {

using enum ColumnKind;

constexpr std::size_t kMaxCell = 256;  // Row::cells
constexpr std::size_t kMaxRows = 256;  // Table::rows

std::string count(std::uint64_t value) { return std::to_string(value); }
std::string flag_text(bool value) { return value ? "true" : "false"; }
std::string position_or_none(Lsn value) { return value == 0 ? "" : position_text(value); }

ViewFact number_fact(std::string name, std::uint64_t value) {
  return {std::move(name), count(value), number};
}
ViewFact text_fact(std::string name, const std::string& value) {
  return {std::move(name), cut(value, 1024), text};
}

void add_row(Table& table, std::vector<std::string> cells) {
  if (table.rows.size() >= kMaxRows) return;
  for (auto& cell : cells) cell = cut(cell, kMaxCell);
  table.rows.push_back({std::move(cells)});
}

std::uint64_t answered(const ClusterSample& sample) {
  return static_cast<std::uint64_t>(
      std::ranges::count_if(sample.nodes, [](const NodeSample& node) { return node.answered; }));
}

Table servers_table(const ClusterSample& sample) {
  Table table{"servers",
              {{"node", text},
               {"state", text},
               {"timeline", number},
               {"position", text},
               {"replayed", text},
               {"version", number},
               {"synchronous_standby_names", text},
               {"took_ms", number}},
              {}};
  for (const auto& node : sample.nodes) {
    if (!node.answered) {
      add_row(table,
              {node.node, state_text(sample, node), "", "", "", "", "", count(node.took_ms)});
      continue;
    }
    add_row(table,
            {node.node, state_text(sample, node), count(node.timeline),
             position_text(node.position), position_or_none(node.replayed),
             count(node.server_version), node.synchronous_standby_names, count(node.took_ms)});
  }
  return table;
}

Table links_table(const ClusterSample& sample) {
  Table table{"replication_links",
              {{"sender", text},
               {"standby", text},
               {"address", text},
               {"state", text},
               {"sync_state", text},
               {"sent", text},
               {"flushed", text},
               {"replayed", text}},
              {}};
  for (const auto& node : sample.nodes)
    for (const auto& streamer : node.streamers)
      add_row(table, {node.node, streamer.application_name, streamer.client_address, streamer.state,
                      streamer.sync_state, position_or_none(streamer.sent),
                      position_or_none(streamer.flush), position_or_none(streamer.replay)});
  return table;
}

Table slots_table(const ClusterSample& sample) {
  Table table{"slots",
              {{"node", text},
               {"slot", text},
               {"active", flag},
               {"restart", text},
               {"wal_status", text},
               {"safe_wal_size", number}},
              {}};
  for (const auto& node : sample.nodes)
    for (const auto& slot : node.slots)
      add_row(table, {node.node, slot.name, flag_text(slot.active), position_or_none(slot.restart),
                      slot.wal_status, slot.safe_wal_size});
  return table;
}

Table agents_table(const ClusterSample& sample) {
  Table table{"agents",
              {{"node", text},
               {"answered", flag},
               {"server_runs", flag},
               {"role_on_disk", text},
               {"control_state", text},
               {"checkpoint", text},
               {"promised_term", number},
               {"open_request", text},
               {"not_started", text}},
              {}};
  for (const auto& node : sample.nodes) {
    if (!node.agent) {
      add_row(table, {node.node, "false", "", "", "", "", "", "", ""});
      continue;
    }
    const auto& agent = *node.agent;
    add_row(table,
            {node.node, "true", flag_text(agent.running), std::string(text_of(agent.durable_role)),
             agent.control_state, position_or_none(agent.checkpoint), count(agent.promised),
             agent.open_claim.empty() ? "" : agent.open_claim.front().text(), agent.not_started});
  }
  return table;
}

Table timelines_table(const ClusterSample& sample) {
  Table table{"timelines", {{"node", text}, {"timeline", number}, {"ended_at", text}}, {}};
  for (const auto& node : sample.nodes) {
    if (!node.answered) continue;
    for (const auto& ancestor : node.ancestors)
      add_row(table, {node.node, count(ancestor.timeline), position_text(ancestor.end)});
    add_row(table, {node.node, count(node.timeline), ""});
  }
  return table;
}

}  // namespace

Depth depth_of(CallKind kind) {
  if (kind == CallKind::wal) return Depth::wal;
  return kind == CallKind::snapshots ? Depth::backups : Depth::facts;
}

std::string diagnostics_cost(const ClusterSettings& cluster) {
  return "asks each of the " + count(cluster.nodes.size()) +
         " servers 3 to 4 short questions over one connection, and each agent one; reads "
         "statistics "
         "views, slots and the timeline history, no table; a server that does not answer delays it "
         "by " +
         count(cluster.connection.connect_deadline_ms) + " ms; nothing is written";
}

void add_wal(KernelAnswer& answer, const ClusterSample& sample) {
  const auto& snapshot = answer.snapshot;
  answer.facts = {text_fact("acknowledged", position_text(snapshot.acknowledged)),
                  number_fact("timeline", snapshot.timeline),
                  text_fact("last_primary", snapshot.last_primary),
                  number_fact("servers_answered", answered(sample))};
  Table table{"wal",
              {{"node", text},
               {"timeline", number},
               {"position", text},
               {"replayed", text},
               {"files", number},
               {"octets", number},
               {"archive_mode", text},
               {"waiting_for_archive", number},
               {"archived", number},
               {"last_archived", text},
               {"failed", number},
               {"last_failed", text}},
              {}};
  for (const auto& node : sample.nodes) {
    if (!node.answered || !node.wal) {
      add_row(table, {node.node, "", "", "", "", "", "", "", "", "", "", ""});
      continue;
    }
    const auto& wal = *node.wal;
    add_row(table, {node.node, count(node.timeline), position_text(node.position),
                    position_or_none(node.replayed), count(wal.files), count(wal.octets),
                    wal.archive_mode, count(wal.waiting_for_archive), count(wal.archived),
                    wal.last_archived, count(wal.failed), wal.last_failed});
  }
  answer.tables = {std::move(table), slots_table(sample)};
}

void add_snapshots(KernelAnswer& answer, const ClusterSample& sample) {
  std::uint64_t running = 0;
  Table table{"base_backups",
              {{"node", text},
               {"application", text},
               {"phase", text},
               {"streamed_octets", number},
               {"total_octets", number}},
              {}};
  for (const auto& node : sample.nodes)
    for (const auto& backup : node.backups) {
      ++running;
      add_row(table,
              {node.node, backup.application_name, backup.phase, count(backup.streamed_octets),
               backup.total_octets == 0 ? "" : count(backup.total_octets)});
    }
  answer.facts = {number_fact("base_backups_running", running),
                  text_fact("restore_points", "unknown: PostgreSQL keeps no catalogue of backups"),
                  number_fact("servers_answered", answered(sample))};
  answer.tables = {std::move(table), timelines_table(sample)};
}

void add_diagnostics(KernelAnswer& answer, const ClusterSample& sample, const ClusterRules& rules) {
  answer.facts = {text_fact("holder", answer.snapshot.holder),
                  number_fact("fencing_epoch", answer.snapshot.fencing_epoch),
                  number_fact("servers", sample.nodes.size()),
                  number_fact("servers_answered", answered(sample)),
                  text_fact("declared_synchronous_standby_names", rules.synchronous_standby_names)};
  answer.tables = {servers_table(sample), links_table(sample), slots_table(sample),
                   agents_table(sample), timelines_table(sample)};
  answer.findings = findings_of(sample, rules);
}

}  // namespace aeromq::postgresql
