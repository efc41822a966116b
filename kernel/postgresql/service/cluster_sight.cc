#include "kernel/postgresql/service/cluster_sight.h"

#include "kernel/postgresql/service/grants.h"
#include "kernel/postgresql/service/member_changes.h"
#include "kernel/postgresql/sight/members.h"
#include "kernel/postgresql/sight/views.h"
#include "messages/text.h"

namespace aeromq::postgresql {
namespace {

std::string number(std::uint64_t value) { return std::to_string(value); }

/// What only the register's file can tell.
void add_register(KernelAnswer& answer, const kernel::Store& store) {
  const auto integrity = store.integrity();
  const Grants grants(store.database());
  const auto open = grants.open();
  answer.facts.push_back({"register_integrity", cut(integrity, 1024), ColumnKind::text});
  answer.facts.push_back({"ledger_rows", number(store.ledger_rows()), ColumnKind::number});
  answer.facts.push_back({"grants", number(grants.count()), ColumnKind::number});
  answer.facts.push_back(
      {"term", number(RegisterTerms(store.database()).last()), ColumnKind::number});
  answer.facts.push_back(
      {"open_grant", open ? open->act.request.text() : std::string("none"), ColumnKind::text});
  if (const auto changes = MemberChanges(store.database()).all(); !changes.empty())
    answer.tables.push_back(member_changes_table(changes));
  if (integrity != "ok")
    answer.findings.push_back({"REGISTER_DAMAGED", Severity::alarm, cut(integrity, 512)});
  if (open)
    answer.findings.push_back(
        {"GRANT_OPEN", Severity::warning,
         cut(open->act.request.text() + " (" + std::string(text_of(open->act.action)) + " " +
                 open->act.node + ") is granted under term " + number(open->term) +
                 " and not settled",
             512)});
}

/// "promote, claimed 1.2 s ago: server_asked"
std::string claim_text(const AgentStatus& agent) {
  const auto tenths = agent.open_ms / 100;
  auto text = agent.open_action + ", claimed " + number(tenths / 10) + "." + number(tenths % 10) +
              " s ago" + (agent.phase.empty() ? "" : ": " + agent.phase);
  constexpr std::size_t kMostState = 64;  // NodeFacts::state
  return cut(text, kMostState);
}

}  // namespace

KernelSnapshot ClusterSight::snapshot(const kernel::Register& state, const ClusterSample& sample,
                                      std::uint64_t snapshot, std::uint64_t now_ms) const {
  auto made = postgresql::snapshot_of(state, sample, snapshot, now_ms);
  for (auto& facts : made.nodes) {
    const auto* node = find_node(sample, facts.node);
    if (node != nullptr && node->agent && !node->agent->open_claim.empty())
      facts.state = claim_text(*node->agent);
  }
  const auto members = member_findings(sample, rules_, state.last_primary);
  made.findings.insert(made.findings.end(), members.begin(), members.end());
  return made;
}

void ClusterSight::read(KernelAnswer& answer, const KernelCall& call, const ClusterSample& sample,
                        const kernel::Store& store) const {
  switch (call.kind) {
    case CallKind::survey:
      if (call.command == text_of(CommandName::run_diagnostics))
        answer.cost = diagnostics_cost(cluster_);
      return;
    case CallKind::wal:
      return add_wal(answer, sample);
    case CallKind::snapshots:
      return add_snapshots(answer, sample);
    case CallKind::diagnostics:
      add_diagnostics(answer, sample, rules_);
      return add_register(answer, store);
    default:
      return;
  }
}

}  // namespace aeromq::postgresql
