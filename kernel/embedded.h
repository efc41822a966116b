// The embedded kernel without its sockets: register, ledger and epochs behind open, act, outcome,
// report. One thread acts, answers and hears reports; it must never answer before the commit.
#pragma once
#include <set>

#include "kernel/store.h"
#include "messages/catalogue.h"
#include "messages/kernel_call.h"
#include "messages/time.h"

namespace aeromq::kernel {

struct EmbeddedOptions {
  std::string register_file;
  std::string cluster;
  std::vector<std::string> nodes;  ///< the first is primary when the register is created
  std::map<std::string, std::string> hosts;
  std::uint64_t stale_after_ms = 3000;
};

/// Which dispatcher and epoch a connection opened; epoch 0: none, so it can only read.
struct Standing {
  std::uint64_t dispatcher = 0;
  std::uint32_t epoch = 0;
};

class Embedded {
 public:
  /// Opens or creates the register. All epochs of earlier runs are over. The caller holds the
  /// lifetime lock. Error INVALID_INPUT.
  static Result<Embedded> start(const EmbeddedOptions& options, const Moment& now);

  /// A new durable epoch for `dispatcher`. Error INVALID_INPUT: no such id, or epochs used up.
  Result<Opened> open(std::uint64_t dispatcher, const Moment& now);
  /// The same epoch step by a person's order, with a row of its own.
  Result<Fenced> fence(const Fence& order, unsigned uid, const Moment& now);
  /// Acts (kind act) or reads (every other kind; never writes).
  KernelAnswer answer(const KernelCall& call, const Standing& standing, const Moment& now);
  /// `node` comes from the authenticated connection, never from the message (P6-A3).
  Assignment report(const std::string& node, NodeReport report, const Moment& now);
  Assignment role(const std::string& node) const { return assignment(state_, node); }

  /// True while `standing` is its dispatcher's current epoch.
  bool is_current(const Standing& standing) const;
  const Register& state() const { return state_; }
  const Store& store() const { return store_; }

 private:
  Embedded(Store store, Register state) : store_(std::move(store)), state_(std::move(state)) {}
  ActAnswer act(const Act& act, const Standing& standing, const Moment& now);
  ActAnswer decide(const Act& act, const Moment& now);
  std::optional<ActAnswer> refusal(const Act& act, const Standing& standing,
                                   const Moment& now) const;
  std::uint32_t next_epoch(std::uint64_t dispatcher);
  void changed();

  Store store_;
  Register state_;
  std::map<std::uint64_t, std::uint32_t> epochs_;  ///< opened in this run, by a connection
  std::uint64_t snapshot_ = 0;
  std::uint64_t snapshot_limit_ = 0;
};

/// Milliseconds of the kernel's clock, which is CLOCK_BOOTTIME of the kernel process alone.
constexpr std::uint64_t kernel_ms(const Moment& now) { return now.boot_ns / kNanosPerMs; }

/// The outcome as the file of a dead kernel tells it, under its lifetime lock.
OutcomeAnswer outcome_of_dead(const Store& store, const RequestId& request, const Moment& now);

/// The kill points of kernel/, for register_kill_points.
const std::vector<std::string>& kill_points();

}  // namespace aeromq::kernel
