// The checks of who is who, and of signs that cannot all be true: P6-F1. They stand before every
// check that believes a sample.
#include "kernel/postgresql/sight/checks_parts.h"
#include "kernel/postgresql/sight/evidence.h"
#include "kernel/postgresql/sight/text.h"

namespace aeromq::postgresql::detail {

Check one_server_each(const Case& at) {
  std::vector<std::string> faults;
  for (const auto& node : at.sample.nodes)
    if (auto fault = identity_fault(node); !fault.empty()) faults.push_back(std::move(fault));
  const bool passes = faults.empty();
  return {"IDENTITY_MISMATCH", "P6-F1",
          passes ? "no server that answered differs from the one that its agent watches"
                 : joined(faults),
          passes, false};
}

// Force is for the night in which agents are dead, too; but never for its own target.
Check everybody_identified(const Case& at) {
  std::vector<std::string> unknown;
  for (const auto& node : at.sample.nodes)
    if (is_unidentified(node)) unknown.push_back(node.node);
  const bool passes = unknown.empty();
  return {"IDENTITY_UNPROVEN", "P6-F1",
          passes
              ? "each server that answered is watched by its agent"
              : "no agent shows that the server that answers is the node's own: " + names(unknown),
          passes, at.force() && !is_unidentified(at.target)};
}

// What was only accepted in silence is a contradiction, too, and force may take it upon itself by
// a code of its own (nobody_accepts).
Check no_contradiction(const Case& at) {
  std::vector<std::string> parts;
  for (const auto& node : at.sample.nodes) {
    const auto evidence = evidence_of(at.sample, node);
    const bool heard = evidence.reached >= Reached::spoke || evidence.received == Received::fresh;
    if (!contradicts(evidence) || (at.force() && !heard)) continue;
    parts.push_back(contradiction_text(at.sample, node));
  }
  const bool passes = parts.empty();
  return {"EVIDENCE_CONTRADICTS", "P6-F1",
          passes ? "nothing that was seen speaks against an agent's word" : joined(parts), passes,
          false};
}

}  // namespace aeromq::postgresql::detail
