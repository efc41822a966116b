// Until the sight is built: a cluster that nobody sees, so that every action is rejected.
#include "kernel/postgresql/sight/checks.h"
#include "kernel/postgresql/sight/sampler.h"

namespace aeromq::postgresql {

struct Sampler::Impl {
  ClusterSettings cluster;
};
Sampler::Sampler(ClusterSettings cluster, transport::KeyPair)
    : impl_(std::make_unique<Impl>(Impl{std::move(cluster)})) {}
Sampler::Sampler(Sampler&&) noexcept = default;
Sampler& Sampler::operator=(Sampler&&) noexcept = default;
Sampler::~Sampler() = default;
ClusterSample Sampler::look() {
  ClusterSample sample;
  for (const auto& node : impl_->cluster.nodes) {
    sample.nodes.emplace_back();
    sample.nodes.back().node = node.name;
  }
  return sample;
}

ClusterRules rules_of(const ClusterSettings&) { return {}; }
std::vector<Check> checks(const ClusterSample&, const Intent& intent, const ClusterRules&) {
  Check check;
  check.code = "TARGET_UNREACHABLE";
  check.invariant = "P6-F1";
  check.text = intent.node + " is not seen";
  return {check};
}

}  // namespace aeromq::postgresql
