#include "kernel/postgresql/sight/sampler.h"

#include "kernel/postgresql/sight/agent_probe.h"
#include "kernel/postgresql/sight/memory.h"
#include "kernel/postgresql/sight/probe.h"
#include "kernel/postgresql/sight/received.h"
#include "process/clock.h"

namespace aeromq::postgresql {
namespace {

std::uint64_t boot_ms() { return process::now().boot_ns / kNanosPerMs; }

}  // namespace

struct Sampler::Impl {
  Impl(ClusterSettings settings, const transport::KeyPair& own) : cluster(std::move(settings)) {
    for (const auto& node : cluster.nodes) {
      probes.emplace_back(node, cluster.connection);
      agents.push_back(std::make_unique<AgentProbe>(node, own));
    }
  }

  void ask_nodes(Depth depth);
  void add_agent(NodeSample& node, AgentProbe& agent, const LookOptions& options);

  ClusterSettings cluster;
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
  impl_->memory.note(sample);
  return sample;
}

}  // namespace aeromq::postgresql
