#include "kernel/postgresql/sight/sampler.h"

#include <algorithm>
#include <map>

#include "kernel/postgresql/sight/agent_probe.h"
#include "kernel/postgresql/sight/memory.h"
#include "kernel/postgresql/sight/probe.h"
#include "kernel/postgresql/sight/received.h"
#include "process/clock.h"
#include "transport/host.h"
#include "transport/resolver.h"

namespace aeromq::postgresql {
namespace {

std::uint64_t boot_ms() { return process::now().boot_ns / kNanosPerMs; }

}  // namespace

/// What the names that standbys call their senders by are resolved to. A name that cannot be
/// resolved just now keeps its addresses: they are used only to see that somebody lives.
class SenderNames {
 public:
  const std::vector<std::string>& of(const std::string& name, std::uint64_t deadline_ms) {
    auto& known = all_[name];
    const auto now = boot_ms();
    if (now < known.next_ms) return known.addresses;
    auto found =
        transport::resolve(name, now < deadline_ms ? static_cast<int>(deadline_ms - now) : 0);
    if (found) known.addresses = std::move(*found);
    known.next_ms = now + (found ? kKeepMs : kAgainMs);
    return known.addresses;
  }

 private:
  static constexpr std::uint64_t kKeepMs = 60'000;
  static constexpr std::uint64_t kAgainMs = 5'000;
  struct Known {
    std::vector<std::string> addresses;
    std::uint64_t next_ms = 0;
  };
  std::map<std::string, Known> all_;
};

struct Sampler::Impl {
  Impl(ClusterSettings settings, const transport::KeyPair& own) : cluster(std::move(settings)) {
    for (const auto& node : cluster.nodes) {
      probes.emplace_back(node, cluster.connection);
      agents.push_back(std::make_unique<AgentProbe>(node, own));
    }
  }

  void ask_nodes(Depth depth);
  void add_agent(NodeSample& node, AgentProbe& agent, const LookOptions& options);

  void add_senders(ClusterSample& sample);

  ClusterSettings cluster;
  SenderNames senders;
  std::vector<Probe> probes;
  std::vector<std::unique_ptr<AgentProbe>> agents;
  Memory memory;
};

// Until the last probe is done; each has its own deadline, so one waits for the nearest.
void Sampler::Impl::ask_nodes(Depth depth) {
  for (auto& probe : probes) probe.begin(depth, boot_ms());
  for (;;) {
    std::vector<pollfd> items;
    std::vector<Probe*> waiting;
    auto nearest = UINT64_MAX;
    for (auto& probe : probes) {
      if (probe.done()) continue;
      items.push_back(probe.waits_for());
      waiting.push_back(&probe);
      nearest = std::min(nearest, probe.deadline_ms());
    }
    if (waiting.empty()) return;
    const auto now = boot_ms();
    const auto wait_ms = nearest > now ? static_cast<int>(nearest - now) : 0;
    ::poll(items.data(), items.size(), wait_ms);
    const auto after = boot_ms();
    for (std::size_t i = 0; i < waiting.size(); ++i)
      if (items[i].revents != 0 || after >= waiting[i]->deadline_ms()) waiting[i]->step(after);
  }
}

void Sampler::Impl::add_agent(NodeSample& node, AgentProbe& agent, const LookOptions& options) {
  if (options.own && options.own->node == node.node) {
    node.agent = options.own;
    return;
  }
  auto told = agent.finish();
  if (told)
    node.agent = std::move(*told);
  else
    node.agent_error = told.error().message;
}

// A name that a node has in the settings needs no address to be recognised by.
void Sampler::Impl::add_senders(ClusterSample& sample) {
  const auto deadline_ms = sample.began_ms + cluster.connection.connect_deadline_ms;
  for (auto& node : sample.nodes) {
    if (!node.receiver) continue;
    const auto& name = node.receiver->sender_host;
    const bool is_name = transport::host_fault(name).empty() && !transport::is_address(name);
    const bool is_known = std::ranges::any_of(cluster.nodes, [&](const NodeSettings& known) {
      return transport::same_host(known.host, name);
    });
    if (is_name && !is_known) node.receiver->sender_addresses = senders.of(name, deadline_ms);
  }
}

Sampler::Sampler(ClusterSettings cluster, transport::KeyPair own)
    : impl_(std::make_unique<Impl>(std::move(cluster), own)) {}
Sampler::Sampler(Sampler&&) noexcept = default;
Sampler& Sampler::operator=(Sampler&&) noexcept = default;
Sampler::~Sampler() = default;

ClusterSample Sampler::look(const LookOptions& options) {
  ClusterSample sample;
  const auto now = process::now();
  sample.began_ms = now.boot_ns / kNanosPerMs;
  sample.wall_ms = now.wall_ns / kNanosPerMs;
  for (std::size_t i = 0; i < impl_->agents.size(); ++i)
    if (!options.own || options.own->node != impl_->cluster.nodes[i].name)
      impl_->agents[i]->begin(sample.began_ms, impl_->cluster.connection.connect_deadline_ms);
  impl_->ask_nodes(options.depth);
  for (std::size_t i = 0; i < impl_->probes.size(); ++i) {
    sample.nodes.push_back(impl_->probes[i].take());
    impl_->add_agent(sample.nodes.back(), *impl_->agents[i], options);
    count_received(sample.nodes.back());
  }
  impl_->add_senders(sample);
  impl_->memory.note(sample);
  return sample;
}

}  // namespace aeromq::postgresql
