#include "kernel/postgresql/sight/checks.h"

#include <charconv>

#include "kernel/postgresql/sight/checks_parts.h"
#include "kernel/postgresql/sight/successor.h"
#include "messages/text.h"

namespace aeromq::postgresql {
namespace {

using namespace detail;
using Part = Check (*)(const Case&);

constexpr std::size_t kMaxText = 1024;  // Check::text

// In the order in which a rejection looks for its reason: who is asked, who else writes, whose
// history, what would be lost.
std::vector<Part> parts_of(const Case& at) {
  std::vector<Part> parts{target_reachable, agents_new_enough,    settled,
                          one_system,       one_member_list,      last_primary_known,
                          one_server_each,  everybody_identified, no_contradiction,
                          no_manager,       version_tried};
  const auto add = [&](std::initializer_list<Part> more) {
    parts.insert(parts.end(), more.begin(), more.end());
  };
  if (at.intent.action == Action::demote) {
    add({is_primary, no_other_writer, states_known, has_candidate, can_start_again});
    return parts;
  }
  add({is_standby, no_pending_promotion, no_other_writer, no_unlisted_sender});
  // Force replaces "everybody's state is known" by "not proven down", which it may override;
  // evidence of life it may not.
  if (at.force())
    add({no_evidence_of_life, proven_down, nobody_accepts});
  else
    add({states_known});
  add({on_one_ancestry, holds_the_most});
  if (!at.force() || at.intent.shutdown_checkpoint != 0) add({passed_shutdown_checkpoint});
  if (at.rules.synchronous_standby_names.empty())
    add({acknowledged_writes_proven});
  else
    add({synchronous_members_seen});
  add({replay_goes_on, has_disk});
  return parts;
}

}  // namespace

ClusterRules rules_of(const ClusterSettings& settings) {
  ClusterRules rules;
  const auto& text = settings.system_identifier;
  std::from_chars(text.data(), text.data() + text.size(), rules.system_identifier);
  rules.synchronous_standby_names = settings.synchronous_standby_names;
  rules.members = members_digest(settings);
  return rules;
}

std::vector<Check> checks(const ClusterSample& sample, const Intent& intent,
                          const ClusterRules& rules) {
  std::vector<Check> all{node_known(sample, intent)};
  const auto* target = find_node(sample, intent.node);
  if (target == nullptr) return all;
  const Case at{sample, intent, rules, *target};
  for (const auto part : parts_of(at)) all.push_back(part(at));
  if (intent.action == Action::demote && !intent.successor.empty()) {
    const auto judge = [&](const ClusterSample& look, const Intent& wanted) {
      return checks(look, wanted, rules);
    };
    all.push_back(succession_of(sample, intent, judge).ready);
  }
  for (auto& check : all) check.text = cut(check.text, kMaxText);
  return all;
}

}  // namespace aeromq::postgresql
