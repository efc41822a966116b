#include "kernel/postgresql/agent/curve_side.h"

#include <algorithm>

#include "process/entropy.h"
#include "process/log.h"
#include "process/settings.h"

namespace aeromq::postgresql {
namespace {

constexpr const char* kDomain = "aeromq-agent";
constexpr const char* kKernel = "kernel";
constexpr std::size_t kMostConnections = 4096;

}  // namespace

CurveSide::CurveSide(std::unique_ptr<transport::Context> context, transport::Listener listener)
    : context_(std::move(context)),
      listener_(std::move(listener)),
      boot_(process::fresh<BootId>()) {}

Result<CurveSide> CurveSide::bind(const AgentSettings& settings) {
  const auto keys = process::read_key_pair(settings.keys);
  if (!keys) return fail(keys.error());
  const auto* own = find_node(settings.cluster, settings.node);
  if (own == nullptr || own->agent_key != keys->public_key)
    return fail(make_error(ErrorCode::invalid_input,
                           settings.keys + ": its public key is not the agent_key of " +
                               settings.node + " in " + settings.cluster_file,
                           "settings"));
  transport::ZapRules rules;
  for (const auto& node : settings.cluster.nodes) rules.keys[node.agent_key] = "agent " + node.name;
  if (rules.keys.contains(settings.cluster.kernel_key))
    return fail(
        make_error(ErrorCode::invalid_input, "the kernel's key is also an agent's", "settings"));
  rules.keys[settings.cluster.kernel_key] = kKernel;
  auto context = transport::Context::start({{kDomain, rules}});
  if (!context) return fail(context.error());
  transport::ListenerOptions options;
  options.zap_domain = kDomain;
  options.secret_key = keys->secret_key;
  auto listener = transport::Listener::bind(**context, own->agent, options);
  if (!listener) return fail(listener.error());
  return CurveSide(std::move(*context), std::move(*listener));
}

CurveSide::Sequence& CurveSide::sequence_of(const transport::Connection& connection) {
  if (const auto at = sequences_.find(connection); at != sequences_.end()) {
    // A connection that is used stays known, however many have come and gone.
    if (oldest_.size() >= kMostConnections) {
      std::erase(oldest_, connection);
      oldest_.push_back(connection);
    }
    return at->second;
  }
  if (oldest_.size() >= kMostConnections) {
    sequences_.erase(oldest_.front());
    oldest_.pop_front();
  }
  oldest_.push_back(connection);
  return sequences_[connection];
}

std::optional<Heard> CurveSide::receive() {
  while (auto incoming = listener_.receive())
    if (auto heard = judge(std::move(*incoming))) return heard;
  return std::nullopt;
}

std::optional<Heard> CurveSide::judge(transport::Incoming incoming) {
  const auto& from = incoming.user_id;
  auto received = from.empty() ? fail(make_error(ErrorCode::malformed))
                               : transport::from_frames(std::move(incoming.frames));
  auto& sequence = sequence_of(incoming.connection);
  if (!received || received->header.seq != sequence.received + 1) {
    process::log_peer(from, "message_dropped", {{"from", from}, {"why", "frames or sequence"}});
    return std::nullopt;
  }
  ++sequence.received;
  return Heard{incoming.connection, from == kKernel, from, received->header.type,
               std::move(received->body)};
}

void CurveSide::understands(const transport::Connection& connection, std::uint64_t protocol) {
  sequence_of(connection).protocol =
      static_cast<unsigned>(std::clamp<std::uint64_t>(protocol, 1, kAgentProtocol));
}

void CurveSide::send(const transport::Connection& connection, MessageType type, ByteView body) {
  auto& sequence = sequence_of(connection);
  const auto sent = listener_.send(
      connection, transport::to_frames({type, boot_, sequence.sent + 1, {}, {}}, body));
  if (sent == transport::Sent::queued) ++sequence.sent;
}

}  // namespace aeromq::postgresql
