#include "kernel/postgresql/sight/places.h"

#include <algorithm>

#include "kernel/postgresql/sight/synchronous.h"

namespace aeromq::postgresql {
namespace {

std::string number(std::uint64_t value) { return std::to_string(value); }

std::uint64_t less(std::uint64_t all, std::uint64_t taken) { return all > taken ? all - taken : 0; }

/// Each looks at every node: the kernel, and the agent of each node.
std::uint64_t lookers(const ClusterSample& sample) { return sample.nodes.size() + 1; }

bool is_node(const ClusterSample& sample, const std::string& name) {
  return std::ranges::any_of(sample.nodes,
                             [&](const NodeSample& node) { return same_name(name, node.node); });
}

}  // namespace

// Whoever is no node streams beside the standbys: an archive, a backup, a server not in the
// settings.
std::string senders_short(const ClusterSample& sample, const NodeSample& node) {
  const auto& places = node.places;
  const auto standbys = less(sample.nodes.size(), 1);
  const auto strangers = static_cast<std::uint64_t>(std::ranges::count_if(
      node.streamers, [&](const Streamer& one) { return !is_node(sample, one.application_name); }));
  if (places.max_senders == 0 || places.max_senders > standbys + strangers) return {};
  auto text = "max_wal_senders = " + number(places.max_senders) + " on " + node.node + ": the " +
              number(standbys) + " other nodes need one each";
  if (strangers != 0) text += ", others have " + number(strangers);
  return text + "; aeromq opens up to " + number(lookers(sample)) +
         " for a moment when a timeline changes, and " +
         number(less(places.max_senders, standbys + strangers)) + " are left for that; " +
         number(less(places.max_senders, places.senders)) + " are free now";
}

std::string connections_short(const ClusterSample& sample, const NodeSample& node) {
  const auto& places = node.places;
  const auto taken = places.reserved + places.connections;
  const auto free = less(places.max_connections, taken);
  if (places.max_connections == 0 || free >= lookers(sample)) return {};
  return "max_connections = " + number(places.max_connections) + " on " + node.node + ": " +
         number(places.reserved) + " are reserved, others have " + number(places.connections) +
         ", aeromq has up to " + number(lookers(sample)) + " and " + number(free) +
         " are left for them; while fewer than three are left it keeps none between looks";
}

}  // namespace aeromq::postgresql
