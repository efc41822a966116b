#include "supervisor/node_removal.h"

#include <algorithm>
#include <set>

#include "kernel/postgresql/sight/members.h"
#include "kernel/postgresql/sight/synchronous.h"
#include "kernel/postgresql/sight/text.h"

namespace aeromq::supervisor {
namespace {

using namespace postgresql;

class Words {
 public:
  Words(const ClusterSample& sample, const RemovalFacts& facts)
      : sample_(sample), facts_(facts), node_(find_node(sample, facts.node)) {}

  RemovalWords all() {
    register_speaks();
    synchronous("the settings", facts_.synchronous_standby_names);
    for (const auto& other : sample_.nodes)
      if (other.answered) synchronous(other.node, other.synchronous_standby_names);
    if (node_ != nullptr) node_speaks();
    receivers();
    return std::move(words_);
  }

 private:
  void against(std::string text) { words_.against.push_back(std::move(text)); }
  void unknown(std::string text) { words_.unknown.push_back(std::move(text)); }

  void register_speaks() {
    const auto& name = facts_.node;
    if (facts_.last_primary.empty())
      against("the register knows no last primary yet: it may be " + name);
    else if (name == facts_.last_primary || name == facts_.holder)
      against(name + " is the last primary that the register knows");
    for (const auto& grant : facts_.unsettled) {
      if (grant.act.node != name) continue;
      const auto text =
          "request " + grant.act.request.text() + " was granted to " + name + " and is not settled";
      grant.state == GrantState::open ? against(text) : unknown(text);
    }
  }

  void synchronous(const std::string& who, const std::string& setting) {
    const auto rule = parse_synchronous(setting);
    if (!rule) return against(who + ": synchronous_standby_names cannot be read: " + setting);
    if (std::ranges::any_of(rule->names,
                            [&](const auto& one) { return same_name(one, facts_.node); }))
      against("synchronous_standby_names of " + who + " names it: " + setting);
  }

  void node_speaks() {
    const auto& node = *node_;
    if (is_writer(node)) against(node.node + " is a primary, " + place(node));
    if (!node.answered && node.spoke) against("a server speaks at the address of " + node.node);
    if (!node.agent) {
      unknown(agent_silence(node) + ", what it has begun is not known");
    } else {
      if (!node.agent->open_claim.empty())
        against("its agent has begun " + node.agent->open_action + " and not ended it");
      if (!node.answered && node.agent->running)
        against(node.node + " did not answer, but its agent says that it runs");
    }
    if (is_unknown(sample_, node)) unknown(silence(node));
  }

  void receivers() {
    for (const auto& other : sample_.nodes) {
      if (other.node == facts_.node) continue;
      if (node_ != nullptr && streams_from(other, *node_))
        against(other.node + " streams from " + facts_.node);
      if (is_unknown(sample_, other))
        unknown("whether " + other.node + " streams from it is not known: " + silence(other));
    }
    for (const auto& one : unlisted_receivers(sample_))
      if (one.sender == facts_.node)
        against((one.application_name.empty() ? "somebody" : one.application_name) +
                " streams from " + facts_.node);
  }

  const ClusterSample& sample_;
  const RemovalFacts& facts_;
  const NodeSample* node_;
  RemovalWords words_;
};

}  // namespace

RemovalWords removal_words(const ClusterSample& sample, const RemovalFacts& facts) {
  return Words(sample, facts).all();
}

}  // namespace aeromq::supervisor
