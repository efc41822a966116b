#include "messages/snapshot.h"

#include "messages/text.h"

namespace aeromq {
namespace {
constexpr std::size_t kMaxSummary = 1024;
constexpr std::string_view kMore = " ...";
}  // namespace

std::optional<std::string> snapshot_fault(const KernelSnapshot& snapshot) {
  const auto& nodes = snapshot.nodes;
  for (std::size_t i = 0; i + 1 < nodes.size(); ++i)
    if (!(nodes[i].node < nodes[i + 1].node)) return "its nodes are not in name order";
  for (const auto& node : nodes)
    if ((node.assigned == NodeRole::primary) != (node.node == snapshot.holder))
      return "its holder and its assignments disagree";
  if (!snapshot.holder.empty() && find_node(snapshot, snapshot.holder) == nullptr)
    return "its holder is not one of its nodes";
  return std::nullopt;
}

const NodeFacts* find_node(const KernelSnapshot& snapshot, std::string_view node) {
  const auto at = std::ranges::find(snapshot.nodes, node, &NodeFacts::node);
  return at == snapshot.nodes.end() ? nullptr : &*at;
}

std::string snapshot_summary(const KernelSnapshot& snapshot) {
  std::string line = "snapshot " + std::to_string(snapshot.snapshot) + ", holder " +
                     (snapshot.holder.empty() ? "none" : snapshot.holder) + ", fencing epoch " +
                     std::to_string(snapshot.fencing_epoch);
  for (const auto& node : snapshot.nodes) {
    std::string part = "; " + node.node + " ";
    part += node.reported == NodeRole::none ? "unheard" : text_of(node.reported);
    part += " " + std::to_string(node.timeline) + ":" + position_text(node.position);
    if (node.stale) part += " stale";
    if (line.size() + part.size() + kMore.size() > kMaxSummary) return line.append(kMore);
    line += part;
  }
  return line;
}

}  // namespace aeromq
