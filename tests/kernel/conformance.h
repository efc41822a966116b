// What every kernel must do, as typed checks against a fixture: each throws nothing, returns the
// complaints it has. A small model runs in lock-step over a seeded random sequence.
#pragma once
#include <functional>
#include <memory>

#include "messages/catalogue.h"
#include "messages/kernel_call.h"

namespace aeromq::kernel {

/// One connection of a dispatcher.
class Connection {
 public:
  virtual ~Connection() = default;
  virtual const Opened& opened() const = 0;
  /// One call and its answer; nothing if the connection is gone.
  virtual std::optional<KernelAnswer> call(const KernelCall& call) = 0;
};

/// A kernel that can be made, broken and waited for. Its cluster has the nodes a, b and c.
class KernelFixture {
 public:
  virtual ~KernelFixture() = default;
  virtual void fresh() = 0;    ///< a new kernel with a new history; a is primary
  virtual void restart() = 0;  ///< the same kernel dies and comes back; connections are gone
  virtual std::unique_ptr<Connection> open(std::uint8_t dispatcher) = 0;
  virtual std::uint64_t kernel_ms() = 0;
  virtual void pass_ms(std::uint64_t ms) = 0;  ///< advances the kernel's clock, or waits
  /// Every node learns its role and reports as told, holding all that was acknowledged.
  virtual void settle() = 0;
  virtual void settle_only(const std::string& node) = 0;
  /// From now on nothing is heard of the node, and nothing proves that it is down.
  virtual void silence(const std::string& node, std::uint64_t stale_after_ms);

  // What is each kernel's own: its words. These are the embedded kernel's.

  /// The code that this kernel has for a check that the suite names as the embedded kernel does.
  virtual std::string word(const std::string& code) const { return code; }
  /// What a forced promotion over a silent primary has to acknowledge.
  virtual std::vector<std::string> overrides() const { return {"OLD_PRIMARY_NOT_PROVEN_DOWN"}; }
  /// What it says of an act under the right fencing epoch, with every node alive and caught up:
  /// the code, or nothing if it executes.
  virtual std::string judge(const std::string& holder, const Act& act) const;
};

struct ConformanceCheck {
  const char* name;
  std::function<void(KernelFixture&, std::vector<std::string>& complaints)> run;
};

const std::vector<ConformanceCheck>& conformance_checks();

/// `steps` random acts, opens, breaks, restarts and questions beside the model. The complaint names
/// seed and step.
std::vector<std::string> run_lock_step(KernelFixture& fixture, std::uint32_t seed, int steps);

}  // namespace aeromq::kernel
