#include "kernel/postgresql/sight/text.h"

#include <algorithm>

#include "kernel/postgresql/sight/evidence.h"
#include "kernel/postgresql/sight/synchronous.h"
#include "messages/text.h"
#include "transport/host.h"

namespace aeromq::postgresql {
namespace {

constexpr std::uint64_t kVersionsOfMajor = 10'000;
constexpr std::uint64_t kFirstVersion = 15;
constexpr std::uint64_t kTestedVersion = 15;  ///< every test runs on it
constexpr std::uint64_t kLastVersion = 17;
constexpr std::size_t kMaxState = 64;  // NodeFacts::state

bool is_streaming(const NodeSample& node) {
  return node.receiver && node.receiver->status == "streaming";
}

/// In the order of what says the most.
std::string silent_state(const ClusterSample& sample, const NodeSample& node) {
  const auto evidence = evidence_of(sample, node);
  if (life_of(evidence) == Life::proven_stopped) return "stopped";
  if (contradicts(evidence)) return "contradictory";
  if (!node.sqlstate.empty()) return "refuses: " + node.sqlstate;
  if (node.spoke) return "speaks, refused by us";
  if (evidence.agent == AgentSees::process) return "runs, no answer";
  if (evidence.agent == AgentSees::remains) return "processes left";
  if (evidence.received == Received::fresh) return "no answer, sends";
  if (node.tcp_accepted) return "accepts, silent";
  return node.timed_out ? "no answer" : "unreachable";
}

bool is_sender(const Receiver& receiver, const NodeSample& upstream) {
  const auto own = transport::split_host_port(upstream.host);
  if (!own || own->port != std::to_string(receiver.sender_port)) return false;
  const auto has = [&](const std::string& sender) {
    return !sender.empty() &&
           (transport::same_host(own->host, sender) ||
            std::ranges::any_of(upstream.addresses, [&](const std::string& address) {
              return transport::same_host(address, sender);
            }));
  };
  return has(receiver.sender_host) || std::ranges::any_of(receiver.sender_addresses, has);
}

}  // namespace

bool is_writer(const NodeSample& node) { return node.answered && !node.in_recovery; }

bool is_proven_stopped(const ClusterSample& sample, const NodeSample& node) {
  return !node.answered && life_of(sample, node) == Life::proven_stopped;
}

bool is_unknown(const ClusterSample& sample, const NodeSample& node) {
  return !node.answered && !is_proven_stopped(sample, node);
}

// By address first: as it is written at either end, or as either end's name was resolved. A server
// may be configured under another address than the standby connects to; then the sender's own list
// of who streams from it tells, by the standby's name.
bool streams_from(const NodeSample& standby, const NodeSample& upstream) {
  if (!standby.answered || !is_streaming(standby)) return false;
  if (is_sender(*standby.receiver, upstream)) return true;
  return upstream.answered &&
         std::ranges::any_of(upstream.streamers, [&](const Streamer& streamer) {
           return streamer.state == "streaming" &&
                  same_name(streamer.application_name, standby.node);
         });
}

bool is_known_version(std::uint64_t version) {
  const auto major = version / kVersionsOfMajor;
  return version == 0 || (major >= kFirstVersion && major <= kLastVersion);
}

bool is_tested_version(std::uint64_t version) {
  return version == 0 || version / kVersionsOfMajor == kTestedVersion;
}

std::string version_text(std::uint64_t version) {
  return "PostgreSQL " + std::to_string(version / kVersionsOfMajor) + "." +
         std::to_string(version % kVersionsOfMajor);
}

const NodeSample* upstream_of(const ClusterSample& sample, const NodeSample& standby) {
  for (const auto& node : sample.nodes)
    if (node.node != standby.node && streams_from(standby, node)) return &node;
  return nullptr;
}

std::string place(const NodeSample& node) {
  const auto where = " at " + position_text(node.position);
  if (node.timeline == 0) return "a timeline that is not known" + where;
  return "timeline " + std::to_string(node.timeline) + where;
}

std::string silence(const NodeSample& node) {
  auto text = node.node + " did not answer: " + node.error;
  if (!node.sqlstate.empty()) text += " (" + node.sqlstate + ")";
  return text;
}

std::string timeline_silence(const NodeSample& node) {
  return (node.timeline == 0 ? "the timeline of " : "the history of the timeline of ") + node.node +
         " is not known: " + node.timeline_error;
}

std::string agent_silence(const NodeSample& node) {
  return "the agent of " + node.node + " did not answer: " + node.agent_error;
}

std::string state_text(const ClusterSample& sample, const NodeSample& node) {
  const auto short_enough = [](std::string_view text) { return cut(text, kMaxState); };
  if (!node.answered) return short_enough(silent_state(sample, node));
  if (!node.in_recovery) return "running";
  const std::string paused = node.replay_paused ? ", replay paused" : "";
  if (!node.receiver) return "in recovery, no receiver" + paused;
  const auto* upstream = upstream_of(sample, node);
  if (upstream != nullptr) return short_enough("streaming from " + upstream->node + paused);
  return short_enough("receiver " + node.receiver->status + paused);
}

std::string names(const std::vector<std::string>& all) {
  std::string text;
  for (std::size_t i = 0; i < all.size(); ++i)
    text += (i == 0 ? "" : i + 1 == all.size() ? " and " : ", ") + all[i];
  return text;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : "; ") + part;
  return text;
}

}  // namespace aeromq::postgresql
