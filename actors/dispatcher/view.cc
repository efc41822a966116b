#include "actors/dispatcher/view.h"

#include "messages/snapshot.h"
#include "messages/text.h"

namespace aeromq {
namespace {

using enum CommandName;
using enum ColumnKind;

constexpr std::size_t kMaxFacts = 64;     // View::facts
constexpr std::size_t kMaxTables = 8;     // View::tables
constexpr std::size_t kMaxFindings = 64;  // View::findings

std::string flag_text(bool value) { return value ? "true" : "false"; }

bool heard(const NodeFacts& node) { return node.reported != NodeRole::none; }

/// What only a report can tell: empty = not known.
std::string told(const NodeFacts& node, std::string value) {
  return heard(node) ? std::move(value) : std::string{};
}

std::string reported_text(const NodeFacts& node) {
  return told(node, std::string(text_of(node.reported)));
}

bool holds_acknowledged(const KernelSnapshot& snapshot, const NodeFacts& node) {
  return heard(node) && node.timeline == snapshot.timeline && node.lag == 0 &&
         node.position >= snapshot.acknowledged;
}

Table cluster_table(const KernelSnapshot& snapshot) {
  Table table{"nodes",
              {{"node", text},
               {"host", text},
               {"reported", text},
               {"assigned", text},
               {"state", text},
               {"timeline", number},
               {"position", text},
               {"lag", number},
               {"report_age_ms", number},
               {"stale", flag}},
              {}};
  for (const auto& node : snapshot.nodes)
    table.rows.push_back(
        {{node.node, node.host, reported_text(node), std::string(text_of(node.assigned)),
          node.state, told(node, std::to_string(node.timeline)),
          told(node, position_text(node.position)), told(node, std::to_string(node.lag)),
          told(node, std::to_string(node.report_age_ms)), flag_text(node.stale)}});
  return table;
}

Table replication_table(const KernelSnapshot& snapshot) {
  Table table{"replication",
              {{"node", text},
               {"reported", text},
               {"state", text},
               {"timeline", number},
               {"same_timeline", flag},
               {"position", text},
               {"lag", number},
               {"report_age_ms", number},
               {"stale", flag}},
              {}};
  for (const auto& node : snapshot.nodes)
    table.rows.push_back(
        {{node.node, reported_text(node), node.state, told(node, std::to_string(node.timeline)),
          told(node, flag_text(node.timeline == snapshot.timeline)),
          told(node, position_text(node.position)), told(node, std::to_string(node.lag)),
          told(node, std::to_string(node.report_age_ms)), flag_text(node.stale)}});
  return table;
}

Table promotion_table(const KernelSnapshot& snapshot) {
  Table table{"nodes",
              {{"node", text},
               {"assigned", text},
               {"reported", text},
               {"fencing_epoch", number},
               {"timeline", number},
               {"position", text},
               {"holds_acknowledged", flag},
               {"report_age_ms", number},
               {"stale", flag}},
              {}};
  for (const auto& node : snapshot.nodes)
    table.rows.push_back(
        {{node.node, std::string(text_of(node.assigned)), reported_text(node),
          told(node, std::to_string(node.fencing_epoch)), told(node, std::to_string(node.timeline)),
          told(node, position_text(node.position)),
          told(node, flag_text(holds_acknowledged(snapshot, node))),
          told(node, std::to_string(node.report_age_ms)), flag_text(node.stale)}});
  return table;
}

std::vector<ViewFact> authority_facts(const KernelSnapshot& snapshot) {
  return {{"holder", snapshot.holder, text},
          {"fencing_epoch", std::to_string(snapshot.fencing_epoch), number},
          {"last_primary", snapshot.last_primary, text},
          {"timeline", std::to_string(snapshot.timeline), number},
          {"acknowledged", position_text(snapshot.acknowledged), text},
          {"stale_after_ms", std::to_string(snapshot.stale_after_ms), number}};
}

std::vector<ViewFact> node_facts(const KernelSnapshot& snapshot, const NodeFacts& node) {
  return {{"node", node.node, text},
          {"host", node.host, text},
          {"assigned", std::string(text_of(node.assigned)), text},
          {"reported", reported_text(node), text},
          {"state", node.state, text},
          {"stale", flag_text(node.stale), flag},
          {"report_age_ms", told(node, std::to_string(node.report_age_ms)), number},
          {"fencing_epoch", told(node, std::to_string(node.fencing_epoch)), number},
          {"timeline", told(node, std::to_string(node.timeline)), number},
          {"position", told(node, position_text(node.position)), text},
          {"lag", told(node, std::to_string(node.lag)), number},
          {"snapshot_label", node.snapshot_label, text},
          {"snapshot_position",
           node.snapshot_label.empty() ? "" : position_text(node.snapshot_position), text},
          {"holder", snapshot.holder, text}};
}

bool fresh_primary(const NodeFacts& node) {
  return node.reported == NodeRole::primary && !node.stale;
}

void find_primaries(const KernelSnapshot& snapshot, std::vector<Finding>& findings) {
  const auto reporting = std::ranges::count_if(snapshot.nodes, fresh_primary);
  for (const auto& node : snapshot.nodes) {
    if (!fresh_primary(node) || node.node == snapshot.holder) continue;
    const auto what = node.node + " reports as primary under fencing epoch " +
                      std::to_string(node.fencing_epoch) + "; write authority is with " +
                      (snapshot.holder.empty() ? "no node" : snapshot.holder);
    // After a demotion the old primary says so until it has stopped: one primary, not two.
    if (snapshot.holder.empty() && reporting == 1)
      findings.push_back({"PRIMARY_WITHOUT_AUTHORITY", Severity::warning, what});
    else
      findings.push_back({"TWO_PRIMARIES", Severity::alarm, what});
  }
  if (snapshot.holder.empty())
    findings.push_back({"NO_PRIMARY", Severity::warning, "no node holds write authority"});
}

void find_silent_and_behind(const KernelSnapshot& snapshot, std::vector<Finding>& findings) {
  for (const auto& node : snapshot.nodes) {
    if (!node.stale) continue;
    findings.push_back(
        {"NODE_SILENT", Severity::warning,
         heard(node)
             ? node.node + " last reported " + std::to_string(node.report_age_ms) +
                   " ms before this snapshot"
             : node.node + " is not heard: " + (node.state.empty() ? "no report" : node.state)});
  }
  for (const auto& node : snapshot.nodes) {
    if (node.stale || !heard(node)) continue;
    if (node.timeline < snapshot.timeline)
      findings.push_back({"NODE_BEHIND", Severity::info,
                          node.node + " is on timeline " + std::to_string(node.timeline) +
                              ", the last primary on " + std::to_string(snapshot.timeline)});
    else if (node.lag > 0)
      findings.push_back({"NODE_BEHIND", Severity::info,
                          node.node + " is " + std::to_string(node.lag) +
                              " octets behind the acknowledged position"});
  }
}

bool tables_agree(const std::vector<Table>& tables) {
  for (const auto& table : tables)
    for (const auto& row : table.rows)
      if (row.cells.size() != table.columns.size()) return false;
  return true;
}

std::optional<Error> outcome_fault(const Command& command, const KernelAnswer& answer) {
  if (command.name != inspect_promotion_state || command.about.empty()) return std::nullopt;
  if (answer.outcome.size() == 1 && answer.outcome.front().request == command.about)
    return std::nullopt;
  return make_error(ErrorCode::mixed_view, "the outcome is another request's");
}

bool contains(const std::vector<Finding>& all, const Finding& finding) {
  return std::ranges::find(all, finding) != all.end();
}

void fill(View& view, const Command& command, const KernelAnswer& answer) {
  const auto& snapshot = answer.snapshot;
  view.findings = findings_of(snapshot);
  switch (command.name) {
    case inspect_cluster_state:
      view.facts = authority_facts(snapshot);
      view.tables = {cluster_table(snapshot)};
      return;
    case inspect_node: {
      const auto* node = find_node(snapshot, command.node);
      if (node != nullptr) view.facts = node_facts(snapshot, *node);
      std::erase_if(view.findings, [&](const Finding& finding) {
        return finding.severity != Severity::alarm &&
               !finding.text.starts_with(command.node + " ") &&
               !contains(snapshot.findings, finding);
      });
      return;
    }
    case inspect_replication_status:
      view.facts = authority_facts(snapshot);
      view.tables = {replication_table(snapshot)};
      return;
    case inspect_promotion_state:
      view.facts = authority_facts(snapshot);
      view.tables = {promotion_table(snapshot)};
      view.outcomes = answer.outcome;
      return;
    default:  // run_diagnostics, inspect_wal, inspect_snapshots: the kernel's own tables
      view.facts = answer.facts;
      view.tables = answer.tables;
      if (command.name != run_diagnostics) view.findings = snapshot.findings;
      std::erase_if(view.findings,
                    [&](const Finding& finding) { return contains(answer.findings, finding); });
      view.findings.insert(view.findings.begin(), answer.findings.begin(), answer.findings.end());
  }
}

}  // namespace

std::vector<Finding> findings_of(const KernelSnapshot& snapshot) {
  // The kernel's own first: an alarm of it is never cut off.
  auto findings = snapshot.findings;
  find_primaries(snapshot, findings);
  find_silent_and_behind(snapshot, findings);
  if (findings.size() > kMaxFindings) findings.resize(kMaxFindings);
  return findings;
}

std::optional<Error> answer_fault(const KernelAnswer& answer) {
  if (auto fault = snapshot_fault(answer.snapshot))
    return make_error(ErrorCode::mixed_view, *fault);
  if (!tables_agree(answer.tables))
    return make_error(ErrorCode::mixed_view, "a row does not fit its table");
  return std::nullopt;
}

Result<View> make_view(const Command& command, const KernelAnswer& answer) {
  if (auto error = answer_fault(answer)) return fail(*error);
  if (auto error = outcome_fault(command, answer)) return fail(*error);
  const auto& snapshot = answer.snapshot;
  if (command.name == inspect_node && find_node(snapshot, command.node) == nullptr)
    return fail(kernel_rejection("NODE_UNKNOWN", "no node " + command.node + " is in the register",
                                 {"P6-F1"}));
  View view{std::string(text_of(command.name)),
            snapshot.cluster,
            snapshot.history,
            snapshot.snapshot,
            snapshot.fencing_epoch,
            snapshot.kernel_ms,
            snapshot.wall_ms,
            {},
            {},
            {},
            {}};
  fill(view, command, answer);
  if (view.facts.size() > kMaxFacts || view.tables.size() > kMaxTables ||
      view.findings.size() > kMaxFindings)
    return fail(make_error(ErrorCode::kernel_unavailable, "the view exceeds one message"));
  return view;
}

}  // namespace aeromq
