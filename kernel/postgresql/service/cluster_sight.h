// The real Sight: sight/'s rules for one cluster's settings.
#pragma once
#include "kernel/postgresql/service/sight.h"

namespace aeromq::postgresql {

class ClusterSight final : public Sight {
 public:
  explicit ClusterSight(const ClusterSettings& cluster) : rules_(rules_of(cluster)) {}
  std::vector<Check> checks(const ClusterSample& sample, const Intent& intent) const override {
    return postgresql::checks(sample, intent, rules_);
  }
  std::vector<std::string> not_checked(const ClusterSample& sample,
                                       const Intent& intent) const override {
    return postgresql::not_checked(sample, intent, rules_);
  }
  std::string observe(kernel::Register& state, const ClusterSample& sample) const override;
  void show(KernelSnapshot& snapshot, const kernel::Register& state,
            const ClusterSample& sample) const override;
  void read(KernelAnswer& answer, const KernelCall& call, const ClusterSample& sample,
            const kernel::Store& store) const override;

 private:
  ClusterRules rules_;
};

}  // namespace aeromq::postgresql
