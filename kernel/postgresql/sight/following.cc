#include "kernel/postgresql/sight/following.h"

#include <algorithm>

#include "kernel/postgresql/sight/text.h"

namespace aeromq::postgresql {
namespace {

constexpr std::string_view kUsualPort = "5432";

std::string_view host_of(std::string_view name) {
  if (name == "localhost") return "127.0.0.1";
  if (name.starts_with('[') && name.ends_with(']')) return name.substr(1, name.size() - 2);
  return name;
}

/// "10.0.0.1:5432", "[::1]:5432": host and port.
bool is_at(const UpstreamPlace& place, const NodeSample& node) {
  const std::string_view at = node.host;
  const auto colon = at.rfind(':');
  if (colon == at.npos) return false;
  const auto host = host_of(at.substr(0, colon));
  const auto port = place.port.empty() ? kUsualPort : std::string_view(place.port);
  if (port != at.substr(colon + 1)) return false;
  return (!place.host.empty() && host_of(place.host) == host) ||
         (!place.address.empty() && host_of(place.address) == host);
}

const NodeSample* node_at_place(const ClusterSample& sample, const UpstreamPlace& place) {
  for (const auto& node : sample.nodes)
    if (is_at(place, node)) return &node;
  return nullptr;
}

std::string text_of_place(const UpstreamPlace& place) {
  const auto& host = place.host.empty() ? place.address : place.host;
  return host + ":" + (place.port.empty() ? std::string(kUsualPort) : place.port);
}

bool wants_primary(const Upstream& upstream) {
  return upstream.session_attrs == "primary" || upstream.session_attrs == "read-write";
}

/// One step of the search; `through` are the nodes that led here, so that a circle ends.
FollowsWhom search(const ClusterSample& sample, const NodeSample& node, const NodeSample& primary,
                   std::vector<const NodeSample*> through) {
  const auto& upstream = node.setup.upstream;
  if (!upstream.known)
    return {Follows::unsure, "primary_conninfo of " + node.node + " is not known"};
  if (upstream.places.empty())
    return {Follows::nobody, node.node + " names no host in primary_conninfo"};
  std::vector<std::string> known;      // nodes that are not the primary
  std::vector<std::string> strangers;  // addresses that are no node's
  std::vector<const NodeSample*> others;
  bool names_primary = false;
  for (const auto& place : upstream.places) {
    const auto* named = node_at_place(sample, place);
    if (named == &primary) {
      names_primary = true;
    } else if (named == nullptr) {
      strangers.push_back(text_of_place(place));
    } else if (named != &node) {
      known.push_back(named->node);
      others.push_back(named);
    }
  }
  const bool several = upstream.places.size() > 1;
  if (names_primary && (!several || wants_primary(upstream))) return {Follows::directly, {}};
  if (names_primary)
    return {Follows::unsure, node.node +
                                 " names several servers without target_session_attrs = "
                                 "primary, so it takes whichever answers first"};
  if (!strangers.empty())
    return {Follows::unsure,
            node.node + " names " + names(strangers) + ", which is no address of the settings"};
  auto alone = node.node + " names " + (known.empty() ? "itself" : names(known)) +
               (known.size() > 1 ? "" : " alone") + " in primary_conninfo";
  if (wants_primary(upstream) || several) return {Follows::nobody, std::move(alone)};
  through.push_back(&node);
  for (const auto* other : others) {
    if (!other->answered || std::ranges::find(through, other) != through.end()) continue;
    const auto next = search(sample, *other, primary, through);
    if (next.how == Follows::directly || next.how == Follows::through_another)
      return {Follows::through_another, {}};
    if (next.how == Follows::unsure) return {Follows::unsure, alone + ", and " + next.why};
    alone += ", and " + next.why;
  }
  return {Follows::nobody, std::move(alone)};
}

}  // namespace

FollowsWhom would_follow(const ClusterSample& sample, const NodeSample& node,
                         const NodeSample& primary) {
  return search(sample, node, primary, {});
}

std::string standby_name(const NodeSample& node) {
  const auto& name = node.setup.upstream.application_name;
  if (!name.empty()) return name;
  const std::string cluster(value_of(node.setup.settings, "cluster_name"));
  return cluster.empty() ? "walreceiver" : cluster;
}

}  // namespace aeromq::postgresql
