#include "actors/explainer/explainer.h"

#include <algorithm>

#include "messages/invariants.h"
#include "messages/snapshot.h"
#include "messages/text.h"

namespace aeromq {
namespace {

using enum CommandName;

constexpr std::size_t kMaxFacts = 256;  // Explanation::facts

std::string or_none(const std::string& text) { return text.empty() ? "none" : text; }

std::string action_sentence(const Command& command, const KernelSnapshot& snapshot) {
  const auto target = "node " + command.node + " of cluster " + snapshot.cluster;
  switch (command.name) {
    case request_promotion:
      return "give write authority to " + target;
    case request_demotion:
      return "take write authority from " + target +
             (command.successor.empty()
                  ? ""
                  : "; only if node " + command.successor +
                        " could be promoted next, which is a request of its own");
    case force_promotion:
      return "give write authority to " + target +
             " without proof that the old primary is down; the operator asserts that it is";
    case run_diagnostics:
      return "run the kernel's diagnostics on cluster " + snapshot.cluster;
    default:
      return std::string(text_of(command.name)) + " on cluster " + snapshot.cluster;
  }
}

std::vector<std::string> components(const Command& command, const KernelSnapshot& snapshot) {
  if (!command.row().kernel_action()) return {"the kernel of cluster " + snapshot.cluster};
  std::vector<std::string> named{"node " + command.node};
  if (!snapshot.holder.empty() && snapshot.holder != command.node)
    named.push_back("node " + snapshot.holder + ", which holds write authority");
  if (!snapshot.last_primary.empty() && snapshot.last_primary != command.node &&
      snapshot.last_primary != snapshot.holder)
    named.push_back("node " + snapshot.last_primary + ", the last primary");
  if (!command.successor.empty())
    named.push_back("node " + command.successor + ", the successor: it stays a replica until a " +
                    "promotion of its own is confirmed");
  named.push_back("every client that writes to cluster " + snapshot.cluster);
  return named;
}

std::vector<std::string> irreversible(CommandName name) {
  switch (name) {
    case request_promotion:
      return {"the fencing epoch grows and never goes back",
              "writes that the new primary accepts become the cluster's history"};
    case force_promotion:
      return {"the fencing epoch grows and never goes back",
              "writes that the new primary accepts become the cluster's history",
              "acknowledged writes that this node does not hold are not in that history"};
    case request_demotion:
      return {"the fencing epoch grows and never goes back",
              "no node holds write authority until a promotion is executed"};
    default:
      return {};
  }
}

std::vector<std::string> not_checked(CommandName name, const KernelSnapshot& snapshot) {
  if (name == run_diagnostics) return {"how busy the system under control is while they run"};
  std::vector<std::string> lines{
      "whether clients still write to the old primary cannot be seen from here",
      "whether what a node reports is true cannot be seen from here",
      "what changes after this snapshot: the kernel checks again when it acts"};
  if (name == force_promotion) {
    lines.push_back("whether the old primary is down: the operator asserts it");
    lines.push_back("acknowledged writes may be lost: amount unknown");
  }
  lines.insert(lines.end(), snapshot.not_checked.begin(), snapshot.not_checked.end());
  return lines;
}

/// Those of the checks, then those that the action itself touches; each once, in table order.
std::vector<std::string> invariants(const Command& command, const KernelSnapshot& snapshot) {
  const auto involved = [&](std::string_view id) {
    const auto is_it = [&](const Check& check) { return check.invariant == id; };
    if (std::ranges::any_of(snapshot.checks, is_it) ||
        std::ranges::any_of(snapshot.successor_checks, is_it))
      return true;
    if (id == "P7-A2" || id == "P7-E1") return true;
    return command.row().kernel_action() && (id == "P7-E3" || id == "P6-A1" || id == "P6-A2");
  };
  std::vector<std::string> lines;
  for (const auto& row : invariant_table())
    if (involved(row.id)) lines.push_back(invariant_line(row.id));
  return lines;
}

class FactList {
 public:
  void kernel(std::string name, std::string value) {
    add({std::move(name), std::move(value), "kernel", 0});
  }
  void report(const NodeFacts& node, std::string name, std::string value) {
    add({std::move(name) + " of " + node.node, std::move(value), "report of " + node.node,
         node.report_age_ms});
  }
  std::vector<ExplainedFact> take() { return std::move(facts_); }

 private:
  void add(ExplainedFact fact) {
    if (facts_.size() < kMaxFacts) facts_.push_back(std::move(fact));
  }
  std::vector<ExplainedFact> facts_;
};

/// All that the kernel knows of one node; `full` for the nodes that the action is about.
void add_node(FactList& facts, const NodeFacts& node, bool full) {
  facts.kernel("assigned role of " + node.node, std::string(text_of(node.assigned)));
  if (node.reported == NodeRole::none) {
    facts.kernel("report of " + node.node, "never received");
    return;
  }
  facts.report(node, "reported role", std::string(text_of(node.reported)));
  facts.kernel("report of " + node.node, node.stale ? "too old to prove anything" : "fresh");
  if (!full) return;
  facts.report(node, "state", node.state);
  facts.report(node, "fencing epoch", std::to_string(node.fencing_epoch));
  facts.report(node, "timeline", std::to_string(node.timeline));
  facts.report(node, "position", position_text(node.position));
  facts.kernel("octets that " + node.node + " is behind the acknowledged position",
               std::to_string(node.lag));
}

std::vector<ExplainedFact> facts_of(const Command& command, const KernelSnapshot& snapshot) {
  FactList facts;
  facts.kernel("holder of write authority", or_none(snapshot.holder));
  facts.kernel("fencing epoch", std::to_string(snapshot.fencing_epoch));
  if (!command.row().kernel_action()) return facts.take();
  facts.kernel("last primary", or_none(snapshot.last_primary));
  facts.kernel("timeline of the last primary", std::to_string(snapshot.timeline));
  facts.kernel("highest acknowledged position known", position_text(snapshot.acknowledged));
  facts.kernel("age in ms at which a report proves nothing",
               std::to_string(snapshot.stale_after_ms));
  if (find_node(snapshot, command.node) == nullptr)
    facts.kernel("node " + command.node, "not in the register");
  if (!command.successor.empty() && find_node(snapshot, command.successor) == nullptr)
    facts.kernel("node " + command.successor, "not in the register");
  for (const auto& node : snapshot.nodes) {
    const bool full = node.node == command.node || node.node == snapshot.holder ||
                      node.node == snapshot.last_primary || node.node == command.successor;
    add_node(facts, node, full);
  }
  return facts.take();
}

std::vector<Risk> risks_of(const Command& command, const KernelSnapshot& snapshot) {
  std::vector<Risk> risks;
  if (command.row().confirmation != ConfirmationKind::enhanced) return risks;
  for (const auto& check : snapshot.checks)
    if (check.overridable) risks.push_back({check.code, check.invariant, check.text});
  return risks;
}

Step refuse(const RequestId& request, Error error, Authority authority, Bytes command) {
  Refused refused{std::move(error), authority, std::move(command), {}, {}};
  return {{}, {}, {message(MessageType::refused_by_explainer, request, refused)}};
}

std::optional<Error> check_snapshot(const Command& command, const KernelSnapshot& snapshot) {
  if (auto fault = snapshot_fault(snapshot)) return make_error(ErrorCode::mixed_view, *fault);
  if (command.row().kernel_action() && snapshot.checks.empty())
    return make_error(ErrorCode::kernel_unavailable, "its survey has no checks");
  // A kernel that knows no successors would demote without asking whether anybody can follow.
  if (snapshot.successor != command.successor)
    return make_error(ErrorCode::kernel_unavailable,
                      "its survey is not about the successor that was named");
  for (auto at = snapshot.checks.begin(); at != snapshot.checks.end(); ++at)
    if (std::find_if(snapshot.checks.begin(), at,
                     [&](const Check& earlier) { return earlier.code == at->code; }) != at)
      return make_error(ErrorCode::mixed_view, "a check stands twice");
  return std::nullopt;
}

}  // namespace

Explanation explain(const Command& command, const KernelSnapshot& snapshot,
                    const std::string& cost) {
  Explanation made;
  made.command = text_of(command.name);
  made.node = command.node;
  made.cluster = snapshot.cluster;
  made.confirmation = command.row().confirmation;
  made.action = action_sentence(command, snapshot);
  made.components = components(command, snapshot);
  made.irreversible = irreversible(command.name);
  made.invariants = invariants(command, snapshot);
  made.facts = facts_of(command, snapshot);
  made.checks = snapshot.checks;
  made.not_checked = not_checked(command.name, snapshot);
  made.risks = risks_of(command, snapshot);
  if (command.row().kernel_action()) made.warnings = snapshot.findings;
  made.cost = cost;
  made.history = snapshot.history;
  made.snapshot = snapshot.snapshot;
  made.fencing_epoch = snapshot.fencing_epoch;
  made.kernel_ms = snapshot.kernel_ms;
  made.wall_ms = snapshot.wall_ms;
  made.successor = snapshot.successor;
  made.successor_checks = snapshot.successor_checks;
  return made;
}

std::span<const MessageType> Explainer::accepts() {
  static constexpr std::array kTypes{MessageType::surveyed};
  return kTypes;
}

Step Explainer::on(const Envelope& envelope, const Moment&) {
  const auto& request = envelope.request;
  const auto surveyed = decode<Surveyed>(envelope.body);
  if (!surveyed)
    return refuse(request, make_error(ErrorCode::malformed, "surveyed", Outcome::not_executed),
                  Authority::none, {});
  const auto no = [&](Error error) {
    return refuse(request, std::move(error), surveyed->authority, surveyed->command);
  };
  const auto command = read_command(surveyed->command, request);
  if (!command || command->row().confirmation == ConfirmationKind::never)
    return no(make_error(ErrorCode::malformed, "surveyed", Outcome::not_executed));
  const auto snapshot = decode<KernelSnapshot>(surveyed->snapshot);
  if (!snapshot)
    return no(make_error(ErrorCode::kernel_unavailable, "its snapshot could not be read"));
  if (auto error = check_snapshot(*command, *snapshot)) return no(*error);
  auto explanation = encode(explain(*command, *snapshot, surveyed->cost));
  // The risks are all shown or nothing is: a list that was cut could be acknowledged unread.
  if (explanation.size() > kMaxNested || !decode<Explanation>(explanation))
    return no(make_error(ErrorCode::kernel_unavailable, "the explanation exceeds one message"));
  const Explained explained{surveyed->authority, surveyed->command, std::move(explanation),
                            snapshot_summary(*snapshot)};
  return {{}, {}, {message(request, explained)}};
}

Step Explainer::on_tick(const Moment&) { return {}; }

}  // namespace aeromq
