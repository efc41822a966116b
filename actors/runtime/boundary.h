// The one impurity that an actor may have beside its road: a log to write or a kernel to call.
#pragma once
#include <vector>

#include "actors/step.h"
#include "messages/result.h"

namespace aeromq::runtime {

class Boundary {
 public:
  virtual ~Boundary() = default;
  /// Makes all of `records` durable with one sync. An error is final: the host tells whoever waits
  /// and ends the process (G9).
  virtual Result<void> persist(const std::vector<Record>&) { return {}; }
  /// Makes one kernel call; its answer comes from answers().
  virtual void call(const KernelCall&) {}
  /// The answers that have come.
  virtual std::vector<KernelAnswer> answers() { return {}; }
  /// False once the boundary is broken for good: the process ends.
  virtual bool alive() { return true; }
  /// How the process ends once alive() is false.
  virtual int exit_code() const { return 1; }
  /// Readable when answers() or alive() may have news; -1 = nothing to wait for.
  virtual int fd() const { return -1; }
  /// SIGHUP came: lists that can be read again are.
  virtual void hangup() {}
  /// Called about every 100 ms.
  virtual Result<void> idle(const Moment&) { return {}; }
};

}  // namespace aeromq::runtime
