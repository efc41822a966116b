#include "kernel/postgresql/sight/checks_parts.h"
#include "kernel/postgresql/sight/text.h"
#include "messages/text.h"

namespace aeromq::postgresql {
namespace {

using namespace detail;

constexpr std::size_t kMaxLine = 256;  // a text in a list, messages/codec.h

void add(std::vector<std::string>& all, const std::vector<std::string>& parts) {
  if (!parts.empty()) all.push_back(cut(joined(parts), kMaxLine));
}

// One line for each kind of thing: a snapshot has room for eight.
void add_silent(const ClusterSample& sample, std::vector<std::string>& all) {
  std::vector<std::string> servers;
  std::vector<std::string> agents;
  for (const auto& node : sample.nodes) {
    if (is_unknown(sample, node))
      servers.push_back(silence(node) + ", its role and position are not known");
    if (!node.agent) agents.push_back(agent_silence(node) + ", what it has begun is not known");
  }
  add(all, servers);
  add(all, agents);
}

void add_promotion(const Case& at, std::vector<std::string>& all) {
  add(all, known_losses(at));
  if (at.rules.synchronous_standby_names.empty()) return;
  all.push_back(
      "a commit whose wait for the synchronous standbys was cancelled, or that ran with a weaker "
      "synchronous_commit, may have been told as done and be on no standby");
}

void add_demotion(const Case& at, std::vector<std::string>& all) {
  all.push_back("open transactions on " + at.target.node +
                " are ended by the shutdown; their number is not known");
  if (!at.target.agent) return;
  const auto& trial = at.target.agent->next_start;
  if (!trial.tried)
    all.push_back("whether " + at.target.node + " can start again as a standby");
  else if (!trial.not_tried.empty())
    all.push_back(
        cut("of a new start of " + at.target.node + ": " + joined(trial.not_tried), kMaxLine));
}

std::uint64_t longest_ms(const ClusterSample& sample) {
  std::uint64_t longest = 0;
  for (const auto& node : sample.nodes) longest = std::max(longest, node.took_ms);
  return longest;
}

}  // namespace

std::vector<std::string> not_checked(const ClusterSample& sample, const Intent& intent,
                                     const ClusterRules& rules) {
  std::vector<std::string> all;
  add_silent(sample, all);
  const auto* target = find_node(sample, intent.node);
  if (target == nullptr) return all;
  const Case at{sample, intent, rules, *target};
  if (intent.action == Action::demote)
    add_demotion(at, all);
  else
    add_promotion(at, all);
  all.push_back("each server was read at a moment of its own, up to " +
                std::to_string(longest_ms(sample)) + " ms after the look began");
  all.push_back("servers that the settings do not name");
  return all;
}

}  // namespace aeromq::postgresql
