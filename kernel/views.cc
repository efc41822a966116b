#include "kernel/views.h"

#include "messages/text.h"

namespace aeromq::kernel {
namespace {

std::string number(std::uint64_t value) { return std::to_string(value); }
ViewFact number_fact(std::string name, std::uint64_t value) {
  return {std::move(name), number(value), ColumnKind::number};
}
ViewFact text_fact(std::string name, std::string value) {
  return {std::move(name), std::move(value), ColumnKind::text};
}
bool heard(const NodeFacts& node) { return node.reported != NodeRole::none; }
std::string told(const NodeFacts& node, std::string value) {
  return heard(node) ? std::move(value) : std::string{};
}

void find_faults(KernelAnswer& answer, const std::string& integrity) {
  auto& findings = answer.findings;
  if (integrity != "ok")
    findings.push_back({"REGISTER_DAMAGED", Severity::alarm, cut(integrity, 512)});
  findings.push_back({"NOT_CHECKED", Severity::info,
                      "whether a node's report is true, and whether its clients still write, "
                      "cannot be seen from the register"});
}

}  // namespace

void survey(KernelAnswer& answer, const KernelCall& call, const Register& state,
            std::uint64_t now_ms, const Store& store) {
  const auto name = find_command(call.command);
  if (!name) return;
  if (command_row(*name).kernel_action())
    answer.snapshot.checks = checks(state, action_of(*name), call.node, now_ms, call.successor);
  if (*name == CommandName::request_demotion && !call.successor.empty()) {
    answer.snapshot.successor = call.successor;
    answer.snapshot.successor_checks =
        succession_of(state, call.node, call.successor, now_ms).preview;
  }
  if (*name == CommandName::run_diagnostics)
    answer.cost = "reads the register file once in full (" +
                  number(store.file_octets() + store.wal_octets()) + " octets, " +
                  number(store.ledger_rows()) +
                  " ledger rows); the kernel answers nothing else meanwhile; nothing is written";
}

void add_wal(KernelAnswer& answer, const Store& store) {
  const auto& snapshot = answer.snapshot;
  answer.facts = {text_fact("acknowledged", position_text(snapshot.acknowledged)),
                  number_fact("timeline", snapshot.timeline),
                  text_fact("last_primary", snapshot.last_primary),
                  number_fact("register_wal_octets", store.wal_octets())};
  Table table{"wal",
              {{"node", ColumnKind::text},
               {"timeline", ColumnKind::number},
               {"position", ColumnKind::text},
               {"lag", ColumnKind::number},
               {"report_age_ms", ColumnKind::number},
               {"stale", ColumnKind::flag}},
              {}};
  for (const auto& node : snapshot.nodes)
    table.rows.push_back({{node.node, told(node, number(node.timeline)),
                           told(node, position_text(node.position)), told(node, number(node.lag)),
                           told(node, number(node.report_age_ms)), node.stale ? "true" : "false"}});
  answer.tables = {std::move(table)};
}

void add_snapshots(KernelAnswer& answer) {
  // The register keeps no backups and has no list of them: it repeats what nodes told.
  answer.facts = {text_fact("catalogue",
                            "none: the register keeps no catalogue of snapshots; "
                            "shown is the newest that each node told of")};
  Table table{"snapshots",
              {{"node", ColumnKind::text},
               {"snapshot", ColumnKind::text},
               {"position", ColumnKind::text},
               {"report_age_ms", ColumnKind::number},
               {"stale", ColumnKind::flag}},
              {}};
  for (const auto& node : answer.snapshot.nodes)
    table.rows.push_back({{node.node, node.snapshot_label,
                           node.snapshot_label.empty() ? "" : position_text(node.snapshot_position),
                           told(node, number(node.report_age_ms)), node.stale ? "true" : "false"}});
  answer.tables = {std::move(table)};
}

void add_diagnostics(KernelAnswer& answer, const Store& store) {
  const auto& snapshot = answer.snapshot;
  const auto integrity = store.integrity();
  answer.facts = {text_fact("register_integrity", cut(integrity, 1024)),
                  number_fact("ledger_rows", store.ledger_rows()),
                  number_fact("fences", store.fences().size()),
                  number_fact("register_octets", store.file_octets()),
                  number_fact("register_wal_octets", store.wal_octets()),
                  number_fact("fencing_epoch", snapshot.fencing_epoch),
                  text_fact("holder", snapshot.holder),
                  number_fact("stale_after_ms", snapshot.stale_after_ms)};
  Table table{"reports",
              {{"node", ColumnKind::text},
               {"assigned", ColumnKind::text},
               {"reported", ColumnKind::text},
               {"state", ColumnKind::text},
               {"fencing_epoch", ColumnKind::number},
               {"report_age_ms", ColumnKind::number},
               {"stale", ColumnKind::flag}},
              {}};
  for (const auto& node : snapshot.nodes)
    table.rows.push_back({{node.node, std::string(text_of(node.assigned)),
                           told(node, std::string(text_of(node.reported))), node.state,
                           told(node, number(node.fencing_epoch)),
                           told(node, number(node.report_age_ms)), node.stale ? "true" : "false"}});
  answer.tables = {std::move(table)};
  find_faults(answer, integrity);
}

}  // namespace aeromq::kernel
