// What an action will meet or leave behind, though no check fails: said in the explanation, before
// a person confirms. Pure.
#pragma once
#include "kernel/postgresql/sight/checks_parts.h"

namespace aeromq::postgresql {

/// The warnings of one action, most pressing first; at most kMostWarnings.
std::vector<Finding> warnings(const ClusterSample& sample, const Intent& intent,
                              const ClusterRules& rules);

constexpr std::size_t kMostWarnings = 24;

namespace detail {

/// Findings with bounded texts.
class Warnings {
 public:
  void add(std::string code, std::string text, Severity severity = Severity::warning);
  /// One warning for several nodes: "<text>n2 and n3".
  void add_of(std::string code, const std::string& text, const std::string& node,
              Severity severity = Severity::warning);
  std::vector<Finding> take();

 private:
  struct One {
    Finding finding;
    std::vector<std::string> nodes;
  };
  std::vector<One> all_;
};

/// warnings_demotion.cc: what holds up the stop of `node`.
void add_stop(const NodeSample& node, Warnings& found);

/// warnings_switch.cc: what is so once `primary` has taken over from the others.
void add_switch(const ClusterSample& sample, const NodeSample& primary, Warnings& found);

/// warnings_switch.cc: logical slots of `node` that not all of `next` have: who is or may become
/// the primary.
void add_logical_slots(const NodeSample& node, const std::vector<const NodeSample*>& next,
                       Warnings& found);

/// Settings of a node that change with its next start, by the server and by its agent's trial.
std::vector<std::string> waiting_for_restart(const NodeSample& node);

}  // namespace detail
}  // namespace aeromq::postgresql
