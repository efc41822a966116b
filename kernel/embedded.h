// The embedded kernel without its sockets: register, ledger and epochs behind open, act, outcome,
// report. One thread acts, answers and hears reports; it must never answer before the commit.
#pragma once
#include "kernel/register_kernel.h"

namespace aeromq::kernel {

struct EmbeddedOptions {
  std::string register_file;
  std::string cluster;
  std::vector<std::string> nodes;  ///< the first is primary when the register is created
  std::map<std::string, std::string> hosts;
  std::uint64_t stale_after_ms = 3000;
};

class Embedded final : public RegisterKernel {
 public:
  /// Opens or creates the register. All epochs of earlier runs are over. The caller holds the
  /// lifetime lock. Error INVALID_INPUT.
  static Result<Embedded> start(const EmbeddedOptions& options, const Moment& now);

  /// Acts (kind act) or reads (every other kind; never writes). Always at once.
  std::optional<KernelAnswer> take(const KernelCall& call, const Caller& caller,
                                   const Moment& now) override {
    return answer(call, caller.standing, now);
  }
  KernelAnswer answer(const KernelCall& call, const Standing& standing, const Moment& now);
  Result<Lowered> lower(const LowerAcknowledged& order, unsigned uid, const Moment& now) override;
  /// `node` comes from the authenticated connection, never from the message (P6-A3).
  Assignment report(const std::string& node, NodeReport report, const Moment& now);
  Assignment role(const std::string& node) const { return assignment(state_, node); }

 private:
  Embedded(Store store, Register state) : RegisterKernel(std::move(store), std::move(state)) {}
  ActAnswer act(const Act& act, const Standing& standing, const Moment& now);
  ActAnswer decide(const Act& act, const Moment& now);

  bool unsaved_ = false;  ///< the acknowledged position in memory is ahead of the file's
};

/// The kill points of kernel/, for register_kill_points.
const std::vector<std::string>& kill_points();

}  // namespace aeromq::kernel
