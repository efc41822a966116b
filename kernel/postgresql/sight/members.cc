#include "kernel/postgresql/sight/members.h"

#include <algorithm>
#include <set>

#include "kernel/postgresql/sight/synchronous.h"
#include "kernel/postgresql/sight/text.h"
#include "messages/text.h"
#include "transport/host.h"

namespace aeromq::postgresql {
namespace {

constexpr std::size_t kMaxText = 512;  // Finding::text

/// A standby's last message is no older while its sender lives: an idle sender is asked for one
/// after half of wal_receiver_timeout, 30 s where nobody has set it.
constexpr std::uint64_t kFreshMs = 40'000;

bool is_streaming(const NodeSample& standby) {
  return standby.answered && standby.receiver && standby.receiver->status == "streaming";
}

std::string address_of(const Receiver& receiver) {
  return transport::with_port(receiver.sender_host, receiver.sender_port);
}

/// Our own looks, and programs that write WAL into files: none of them is a server.
bool is_program(const Streamer& streamer) {
  static const std::set<std::string> kPrograms{"aeromq", "pg_basebackup", "pg_receivewal"};
  return streamer.logical || kPrograms.contains(streamer.application_name) ||
         streamer.state == "backup" || streamer.state == "startup";
}

/// Whether `streamer`, which has another name, may be `node`: nothing that was seen of the node
/// speaks against it. A unix socket and a host's name tell no address.
bool may_be(const Streamer& streamer, const NodeSample& node, const NodeSample& sender) {
  if (node.node == sender.node) return false;
  if (node.answered && !streams_from(node, sender)) return false;
  const auto own = transport::split_host_port(node.host);
  return streamer.client_address.empty() || !own || !transport::is_address(own->host) ||
         transport::same_host(own->host, streamer.client_address);
}

std::vector<UnlistedReceiver> unlisted_at(const ClusterSample& sample, const NodeSample& sender) {
  std::vector<const Streamer*> nameless;
  std::set<std::string> taken;
  for (const auto& streamer : sender.streamers) {
    if (is_program(streamer)) continue;
    const auto node = std::ranges::find_if(sample.nodes, [&](const NodeSample& one) {
      return same_name(one.node, streamer.application_name) && one.node != sender.node;
    });
    if (node != sample.nodes.end())
      taken.insert(node->node);
    else
      nameless.push_back(&streamer);
  }
  std::vector<UnlistedReceiver> unlisted;
  for (const auto* streamer : nameless) {
    const auto node = std::ranges::find_if(sample.nodes, [&](const NodeSample& one) {
      return !taken.contains(one.node) && may_be(*streamer, one, sender);
    });
    if (node != sample.nodes.end())
      taken.insert(node->node);
    else
      unlisted.push_back({sender.node, streamer->application_name, streamer->client_address});
  }
  return unlisted;
}

}  // namespace

std::vector<UnlistedSender> unlisted_senders(const ClusterSample& sample) {
  std::vector<UnlistedSender> all;
  for (const auto& node : sample.nodes)
    if (is_streaming(node) && upstream_of(sample, node) == nullptr)
      all.push_back({node.node, address_of(*node.receiver), node.receiver->quiet_ms,
                     node.receiver->quiet_ms <= kFreshMs});
  return all;
}

std::vector<UnlistedReceiver> unlisted_receivers(const ClusterSample& sample) {
  std::vector<UnlistedReceiver> all;
  for (const auto& node : sample.nodes)
    if (node.answered)
      for (auto& one : unlisted_at(sample, node)) all.push_back(std::move(one));
  return all;
}

std::vector<std::string> differing_members(const ClusterSample& sample, const ClusterRules& rules) {
  std::vector<std::string> all;
  for (const auto& node : sample.nodes)
    if (node.agent && node.agent->members != rules.members) all.push_back(node.node);
  return all;
}

std::string members_text(const ClusterSample& sample, const ClusterRules& rules) {
  std::vector<std::string> parts;
  std::vector<std::string> silent;
  for (const auto& node : sample.nodes) {
    if (!node.agent)
      silent.push_back(node.node);
    else if (node.agent->members.empty() && !rules.members.empty())
      parts.push_back("the agent of " + node.node +
                      " tells no member list: it is an older version");
    else if (node.agent->members != rules.members)
      parts.push_back("the agent of " + node.node + " has the member list " + node.agent->members +
                      ", here it is " + rules.members);
  }
  if (parts.empty()) parts.push_back("every agent that answered has the member list of here");
  if (!silent.empty()) parts.push_back("not heard: the agent of " + names(silent));
  return joined(parts);
}

std::string last_primary_text(const ClusterSample& sample, const std::string& last_primary) {
  if (last_primary.empty()) return "no last primary is known";
  if (find_node(sample, last_primary) != nullptr)
    return "the last primary, " + last_primary + ", is in the settings";
  return "the last primary, " + last_primary +
         ", is not in the settings; while that is so nothing is changed";
}

std::string unlisted_senders_text(const ClusterSample& sample) {
  std::vector<std::string> parts;
  for (const auto& one : unlisted_senders(sample))
    parts.push_back(one.standby + " streams from " + one.address +
                    ", which is no address of the settings, and last heard from it " +
                    std::to_string(one.quiet_ms) + " ms before");
  return joined(parts);
}

std::string unlisted_receivers_text(const ClusterSample& sample) {
  std::vector<std::string> parts;
  for (const auto& one : unlisted_receivers(sample))
    parts.push_back(one.sender + " streams to " +
                    (one.application_name.empty() ? "a nameless one" : one.application_name) +
                    (one.address.empty() ? " over a unix socket" : " at " + one.address) +
                    ", which is no node of the settings");
  return joined(parts);
}

std::vector<Finding> member_findings(const ClusterSample& sample, const ClusterRules& rules,
                                     const std::string& last_primary) {
  std::vector<Finding> all;
  const auto add = [&](const char* code, const std::string& text) {
    all.push_back({code, Severity::warning, cut(text, kMaxText)});
  };
  if (!last_primary.empty() && find_node(sample, last_primary) == nullptr)
    add("HOLDER_NOT_IN_SETTINGS", last_primary_text(sample, last_primary));
  if (!differing_members(sample, rules).empty()) add("MEMBERS_DIFFER", members_text(sample, rules));
  for (const auto& text : {unlisted_senders_text(sample), unlisted_receivers_text(sample)})
    if (!text.empty()) add("UNLISTED_SERVER", text);
  return all;
}

}  // namespace aeromq::postgresql
