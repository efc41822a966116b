// A kernel small enough to read at a glance: three nodes, a few checks, a ledger. It stands in for
// the real one where a test is about the actors, and decides by its own state, never by script.
#pragma once
#include <map>

#include "messages/kernel_call.h"

namespace aeromq {

class ModelKernel {
 public:
  ModelKernel();  ///< n1 holds write authority; n2 and n3 replicate, n3 lags

  KernelAnswer answer(const KernelCall& call);

  /// `node` stops reporting.
  void silence(std::string_view node);

  const KernelSnapshot& snapshot() const { return snapshot_; }
  std::size_t executions() const { return executions_; }

 private:
  std::vector<Check> checks(Action action, const std::string& node,
                            const std::string& successor = {}) const;
  ActAnswer act(const Act& act);
  void execute(const Act& act, ActAnswer& answer);

  KernelSnapshot snapshot_;
  std::map<RequestId, ActAnswer> ledger_;
  std::size_t executions_ = 0;
};

}  // namespace aeromq
