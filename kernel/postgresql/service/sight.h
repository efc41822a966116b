// What the kernel reads out of a look, behind one door so that a test can script it. Pure
// functions; the real ones are sight/'s.
#pragma once
#include "kernel/postgresql/sight/checks.h"
#include "kernel/postgresql/sight/sampler.h"
#include "kernel/store.h"
#include "messages/kernel_call.h"

namespace aeromq::postgresql {

class Sight {
 public:
  virtual ~Sight() = default;
  virtual std::vector<Check> checks(const ClusterSample& sample, const Intent& intent) const = 0;
  virtual std::vector<std::string> not_checked(const ClusterSample& sample,
                                               const Intent& intent) const = 0;
  /// What the action will meet or leave behind.
  virtual std::vector<Finding> warnings(const ClusterSample& sample,
                                        const Intent& intent) const = 0;
  /// Write authority as the look proves it, where it is not what the register has: one fencing
  /// epoch more, the holder follows. What changed, in words; empty: nothing.
  virtual std::string observe(kernel::Register& state, const ClusterSample& sample) const = 0;
  /// Register and look as one snapshot, without checks.
  virtual KernelSnapshot snapshot(const kernel::Register& state, const ClusterSample& sample,
                                  std::uint64_t snapshot, std::uint64_t now_ms) const = 0;
  /// Facts, tables and findings of wal, snapshots and diagnostics; what a survey's command costs.
  virtual void read(KernelAnswer& answer, const KernelCall& call, const ClusterSample& sample,
                    const kernel::Store& store) const = 0;
};

}  // namespace aeromq::postgresql
