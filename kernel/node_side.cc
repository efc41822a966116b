#include "kernel/node_side.h"

#include "process/entropy.h"
#include "process/kill_point.h"
#include "process/log.h"

namespace aeromq::kernel {
namespace {

constexpr const char* kDomain = "aeromq-nodes";
constexpr std::size_t kMostConnections = 4096;
constexpr int kMostPerTurn = 64;

}  // namespace

NodeSide::NodeSide(std::unique_ptr<transport::Context> context, transport::Listener listener,
                   std::map<std::string, std::string> hosts)
    : context_(std::move(context)),
      listener_(std::move(listener)),
      hosts_(std::move(hosts)),
      boot_(process::fresh<BootId>()) {}

Result<NodeSide> NodeSide::bind(const process::KernelSettings& settings) {
  const auto keys = process::read_key_pair(settings.keys);
  if (!keys) return fail(keys.error());
  const auto nodes = process::read_nodes(settings.nodes);
  if (!nodes) return fail(nodes.error());
  transport::ZapRules rules;
  std::map<std::string, std::string> hosts;
  for (const auto& node : *nodes) {
    rules.keys[node.key] = node.name;
    hosts[node.name] = node.host;
  }
  auto context = transport::Context::start({{kDomain, rules}});
  if (!context) return fail(context.error());
  transport::ListenerOptions options;
  options.zap_domain = kDomain;
  options.secret_key = keys->secret_key;
  auto listener = transport::Listener::bind(**context, settings.nodes_endpoint, options);
  if (!listener) return fail(listener.error());
  return NodeSide(std::move(*context), std::move(*listener), std::move(hosts));
}

NodeSide::Sequence& NodeSide::sequence_of(const transport::Connection& connection) {
  if (const auto at = sequences_.find(connection); at != sequences_.end()) return at->second;
  if (oldest_.size() >= kMostConnections) {
    sequences_.erase(oldest_.front());
    oldest_.pop_front();
  }
  oldest_.push_back(connection);
  return sequences_[connection];
}

void NodeSide::serve(Embedded& kernel, Moment (*clock)()) {
  for (int i = 0; i < kMostPerTurn; ++i) {
    const auto incoming = listener_.receive();
    if (!incoming) return;
    take(kernel, *incoming, clock());
  }
}

void NodeSide::take(Embedded& kernel, const transport::Incoming& incoming, const Moment& now) {
  process::kill_point("kernel.report.received");
  const auto& node = incoming.user_id;
  const auto drop = [&](const std::string& why) {
    process::log_peer(node, "node_message_dropped", {{"node", node}, {"why", why}});
  };
  if (node.empty() || incoming.frames.size() != kFrames) return drop("frames");
  if (!check_magic(incoming.frames[0])) return drop("magic");
  const auto header = decode_header(incoming.frames[1]);
  auto& sequence = sequence_of(incoming.connection);
  if (!header || header->seq != sequence.received + 1) return drop("header or sequence");
  ++sequence.received;
  Assignment told;
  if (header->type == AskRole::kType && decode<AskRole>(incoming.frames[2])) {
    told = kernel.role(node);
  } else if (header->type == NodeReport::kType) {
    auto report = decode<NodeReport>(incoming.frames[2]);
    if (report) {
      told = kernel.report(node, std::move(*report), now);
    } else {
      told = kernel.role(node);
      told.refused.push_back(report.error());
    }
    for (const auto& error : told.refused)
      process::log_peer(node, "report_refused", {{"node", node}, {"why", error.message}});
  } else {
    return drop("type");
  }
  const auto sent = listener_.send(
      incoming.connection,
      {Bytes(kMagic.begin(), kMagic.end()),
       encode_header({Assignment::kType, boot_, sequence.sent + 1, {}, {}}), encode(told)});
  if (sent == transport::Sent::queued) ++sequence.sent;
}

}  // namespace aeromq::kernel
