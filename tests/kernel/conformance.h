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
