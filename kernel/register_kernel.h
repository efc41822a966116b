// What every kernel has that keeps its authority in a register file: dispatchers' epochs, fences,
// the refusals before an act, the outcome out of the ledger, snapshot ids. Which act may be
// executed, and how, is the kernel's own. One thread owns it.
#pragma once
#include "kernel/store.h"
#include "messages/catalogue.h"
#include "messages/kernel_call.h"
#include "messages/time.h"

namespace aeromq::kernel {

/// Which dispatcher and epoch a connection opened; epoch 0: none, so it can only read.
struct Standing {
  std::uint64_t dispatcher = 0;
  std::uint32_t epoch = 0;
};

/// Who asks: what it may do, and where an answer that is not ready yet belongs.
struct Caller {
  Standing standing;
  std::uint64_t connection = 0;
};

class RegisterKernel {
 public:
  virtual ~RegisterKernel() = default;
  RegisterKernel(RegisterKernel&&) = default;
  RegisterKernel& operator=(RegisterKernel&&) = default;

  /// A new durable epoch for `dispatcher`. Error INVALID_INPUT: no such id, or epochs used up.
  Result<Opened> open(std::uint64_t dispatcher, const Moment& now);
  /// From now on only acts of these are judged; of any by default. Another process of this user can
  /// act only in the place of one of them, whose epoch that ends: it is noticed.
  void admit_only(std::vector<std::uint64_t> dispatchers) { admitted_ = std::move(dispatchers); }
  /// The same epoch step by a person's order, with a row of its own.
  Result<Fenced> fence(const Fence& order, unsigned uid, const Moment& now);
  /// Lowers what a node's report raised, by a person's order, with a row of its own. Error
  /// INVALID_INPUT: as of lower_acknowledged(), no reason, or a kernel that hears no reports.
  virtual Result<Lowered> lower(const LowerAcknowledged& order, unsigned uid, const Moment& now);
  /// Takes a call of any kind. Nothing: the answer comes later, for the caller's connection.
  virtual std::optional<KernelAnswer> take(const KernelCall& call, const Caller& caller,
                                           const Moment& now) = 0;

  /// True while `standing` is its dispatcher's current epoch.
  bool is_current(const Standing& standing) const;
  const Register& state() const { return state_; }
  const Store& store() const { return store_; }

 protected:
  /// All epochs of earlier runs are over. The caller holds the lifetime lock.
  RegisterKernel(Store store, Register state);

  /// Why an act is not even judged. Refusals are not rows: whoever asks again may already have been
  /// told "not executed, final".
  std::optional<ActAnswer> refusal(const Act& act, const Standing& standing,
                                   const Moment& now) const;
  OutcomeAnswer outcome(const RequestId& request, const Moment& now) const;
  /// As a check of every action: whether the register's disk can take its row.
  Check has_room() const;
  /// The snapshot that is shown next is another one.
  void changed();
  /// Makes `snapshot` one that no restart gives again.
  void reserve(std::uint64_t snapshot);

  Store store_;
  Register state_;
  std::uint64_t snapshot_ = 0;

 private:
  std::uint32_t next_epoch(std::uint64_t dispatcher);

  std::map<std::uint64_t, std::uint32_t> epochs_;  ///< opened in this run, by a connection
  std::uint64_t snapshot_limit_ = 0;
  std::vector<std::uint64_t> admitted_;  ///< dispatchers; empty: any
};

/// What a new register of `kind` holds. Precondition: at least one node.
Register first_register(const RegisterKind& kind, const std::string& cluster,
                        const std::vector<std::string>& nodes);
/// Opens the register of this kind or makes it with `nodes`, the first of them primary; nodes that
/// it does not have yet are added. Error INVALID_INPUT.
Result<Store> open_or_create(const std::string& file, const RegisterKind& kind,
                             const std::string& cluster, const std::vector<std::string>& nodes);

/// Milliseconds of the kernel's clock, which is CLOCK_BOOTTIME of the kernel process alone.
constexpr std::uint64_t kernel_ms(const Moment& now) { return now.boot_ns / kNanosPerMs; }
constexpr std::uint64_t wall_ms(const Moment& now) { return now.wall_ns / kNanosPerMs; }

/// The outcome as the file of a dead kernel tells it, under its lifetime lock.
OutcomeAnswer outcome_of_dead(const Store& store, const RequestId& request, const Moment& now);

/// What a repeat is told, when the ledger has the first one.
ActAnswer repeat_of(const LedgerRow& row);

/// A refusal: nothing happened, and no row says so.
ActAnswer refused(std::string code, std::string text);

}  // namespace aeromq::kernel
