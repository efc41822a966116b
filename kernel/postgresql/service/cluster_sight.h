// The real Sight: sight/'s rules for one cluster's settings.
#pragma once
#include "kernel/postgresql/service/sight.h"
#include "kernel/postgresql/sight/facts.h"
#include "kernel/postgresql/sight/warnings.h"

namespace aeromq::postgresql {

class ClusterSight final : public Sight {
 public:
  explicit ClusterSight(ClusterSettings cluster)
      : cluster_(std::move(cluster)), rules_(rules_of(cluster_)) {}
  std::vector<Check> checks(const ClusterSample& sample, const Intent& intent) const override {
    return postgresql::checks(sample, intent, rules_);
  }
  std::vector<std::string> not_checked(const ClusterSample& sample,
                                       const Intent& intent) const override {
    return postgresql::not_checked(sample, intent, rules_);
  }
  std::vector<Finding> warnings(const ClusterSample& sample, const Intent& intent) const override {
    return postgresql::warnings(sample, intent, rules_);
  }
  std::string observe(kernel::Register& state, const ClusterSample& sample) const override {
    return postgresql::observe(state, sample);
  }
  KernelSnapshot snapshot(const kernel::Register& state, const ClusterSample& sample,
                          std::uint64_t snapshot, std::uint64_t now_ms) const override;
  void read(KernelAnswer& answer, const KernelCall& call, const ClusterSample& sample,
            const kernel::Store& store) const override;

 private:
  ClusterSettings cluster_;
  ClusterRules rules_;
};

}  // namespace aeromq::postgresql
