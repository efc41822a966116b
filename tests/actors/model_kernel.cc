#include "tests/actors/model_kernel.h"

#include "messages/snapshot.h"

namespace aeromq {
namespace {

NodeFacts fact(std::string name, NodeRole role, std::uint64_t position, std::uint64_t lag) {
  NodeFacts node;
  node.node = name;
  node.host = "10.0.0.1:5432";
  node.assigned = node.reported = role;
  node.state = role == NodeRole::primary ? "running" : "streaming";
  node.stale = false;
  node.report_age_ms = 200;
  node.fencing_epoch = 3;
  node.timeline = 5;
  node.position = position;
  node.lag = lag;
  return node;
}

}  // namespace

ModelKernel::ModelKernel() {
  snapshot_.history.octets = {1, 2, 3, 4};
  snapshot_.snapshot = 10;
  snapshot_.cluster = "batman";
  snapshot_.kernel_ms = 50'000;
  snapshot_.wall_ms = 1'700'000'000'000;
  snapshot_.fencing_epoch = 3;
  snapshot_.holder = snapshot_.last_primary = "n1";
  snapshot_.acknowledged = 0x4000;
  snapshot_.timeline = 5;
  snapshot_.stale_after_ms = 3000;
  snapshot_.nodes = {fact("n1", NodeRole::primary, 0x4000, 0),
                     fact("n2", NodeRole::replica, 0x4000, 0),
                     fact("n3", NodeRole::replica, 0x3F00, 0x100)};
}

void ModelKernel::silence(std::string_view name) {
  for (auto& node : snapshot_.nodes) {
    if (node.node != name) continue;
    node.stale = true;
    node.report_age_ms = 60'000;
  }
}

std::vector<Check> ModelKernel::checks(Action action, const std::string& name,
                                       const std::string& successor) const {
  const auto* node = find_node(snapshot_, name);
  if (node == nullptr) return {{"NODE_UNKNOWN", "P6-F1", "no node " + name, false, false}};
  std::vector<Check> made;
  if (action == Action::demote) {
    made.push_back(
        {"NOT_PRIMARY", "P6-A1", name + " holds write authority", snapshot_.holder == name, false});
    const auto* next = find_node(snapshot_, successor);
    if (!successor.empty())
      made.push_back({"SUCCESSOR_NOT_READY", "P6-A2", successor + " holds every acknowledged write",
                      next != nullptr && next->position >= snapshot_.acknowledged, false});
    return made;
  }
  if (action == Action::force_promote)
    made.push_back({"OLD_PRIMARY_NOT_PROVEN_DOWN", "P6-A1", "the old primary may still write",
                    snapshot_.holder.empty(), true});
  else
    made.push_back({"PRIMARY_EXISTS", "P6-A1", "no node holds write authority",
                    snapshot_.holder.empty(), false});
  made.push_back({"REPLICA_BEHIND", "P6-S1", name + " holds every acknowledged write",
                  node->position >= snapshot_.acknowledged, false});
  return made;
}

KernelAnswer ModelKernel::answer(const KernelCall& call) {
  KernelAnswer made;
  made.kind = call.kind;
  made.id = call.id;
  if (call.kind == CallKind::act) made.act = act(call.act);
  made.snapshot = snapshot_;
  switch (call.kind) {
    case CallKind::survey: {
      const auto command = *find_command(call.command);
      made.snapshot.successor = call.successor;
      if (!call.successor.empty())
        made.snapshot.successor_checks = checks(Action::promote, call.successor);
      if (command_row(command).kernel_action())
        made.snapshot.checks = checks(action_of(command), call.node, call.successor);
      else
        made.cost = "reads every report once";
      break;
    }
    case CallKind::wal:
    case CallKind::snapshots:
    case CallKind::diagnostics:
      made.facts = {{"reports", "3", ColumnKind::number}};
      made.tables = {{"reports", {{"node", ColumnKind::text}}, {{{"n1"}}, {{"n2"}}, {{"n3"}}}}};
      break;
    case CallKind::outcome: {
      OutcomeAnswer outcome;
      outcome.request = call.about;
      outcome.kernel_ms = snapshot_.kernel_ms;
      const auto row = ledger_.find(call.about);
      outcome.verdict = row == ledger_.end()                        ? Verdict::not_yet_decided
                        : row->second.status == ActStatus::executed ? Verdict::executed
                                                                    : Verdict::rejected;
      made.outcome = {outcome};
      break;
    }
    case CallKind::snapshot:
    case CallKind::act:
      break;
  }
  return made;
}

ActAnswer ModelKernel::act(const Act& wanted) {
  if (const auto row = ledger_.find(wanted.request); row != ledger_.end()) {
    auto first = row->second;
    first.first_executed = first.status == ActStatus::executed;
    first.status = ActStatus::duplicate;
    return first;
  }
  ActAnswer answer;
  answer.snapshot = snapshot_.snapshot;
  answer.status = ActStatus::rejected;
  const auto rejection = [&](std::string code, std::string text, std::string invariant) {
    answer.code = std::move(code);
    answer.text = std::move(text);
    answer.invariants = {std::move(invariant)};
  };
  if (wanted.fencing_epoch != snapshot_.fencing_epoch)
    rejection("FACTS_CHANGED", "the fencing epoch moved", "P6-F1");
  for (const auto& check : checks(wanted.action, wanted.node, wanted.successor)) {
    const bool overridden = check.overridable && std::ranges::find(wanted.overrides, check.code) !=
                                                     wanted.overrides.end();
    if (answer.code.empty() && !check.passes && !overridden)
      rejection(check.code, "not so: " + check.text, check.invariant);
  }
  if (answer.code.empty()) execute(wanted, answer);
  ledger_[wanted.request] = answer;
  return answer;
}

void ModelKernel::execute(const Act& wanted, ActAnswer& answer) {
  const auto before = snapshot_.holder;
  const bool demotes = wanted.action == Action::demote;
  snapshot_.holder = demotes ? "" : wanted.node;
  if (!demotes) snapshot_.last_primary = wanted.node;
  for (auto& node : snapshot_.nodes)
    node.assigned = node.reported =
        node.node == snapshot_.holder ? NodeRole::primary : NodeRole::replica;
  ++snapshot_.fencing_epoch;
  ++snapshot_.snapshot;
  ++executions_;
  answer.status = ActStatus::executed;
  answer.effects = {{"holder", before, snapshot_.holder},
                    {"fencing epoch", std::to_string(wanted.fencing_epoch),
                     std::to_string(snapshot_.fencing_epoch)}};
  answer.snapshot = snapshot_.snapshot;
}

}  // namespace aeromq
