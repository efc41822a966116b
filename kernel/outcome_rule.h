// When "not executed" is final: the rule, as one pure function of what the kernel knows. It must
// never say final while any act of that request could still commit.
#pragma once
#include <optional>

#include "messages/kernel.h"

namespace aeromq::kernel {

/// A row of the ledger: what became of one request, for ever.
struct LedgerRow {
  RequestId request;
  bool executed = false;
  Action action = Action::promote;
  std::string node;
  std::string principal;
  Digest command_digest;
  std::string reason;
  ActAnswer answer;  ///< as the first asker was told
  std::uint64_t snapshot_before = 0;
  std::uint64_t kernel_ms = 0;
  std::uint64_t wall_ms = 0;
  bool not_executed = false;  ///< granted to an agent that never claimed it, and never can now
  friend bool operator==(const LedgerRow&, const LedgerRow&) = default;
};

/// What a question reads, all at one moment in the one thread that also acts.
struct OutcomeFacts {
  std::optional<LedgerRow> row;
  HistoryId history;
  std::uint32_t epoch = 0;          ///< current epoch of the request's dispatcher; 0 = never opened
  bool opened_in_this_run = false;  ///< that epoch, by the kernel run that answers
  bool kernel_runs = true;          ///< false: the file is read under the dead kernel's lock
  std::uint64_t kernel_ms = 0;
};

/// True while the kernel's clock has not passed the lease end (seconds, inclusive). act() and the
/// outcome rule both ask this one function, so that they can't disagree.
bool lease_holds(const RequestId& request, std::uint64_t kernel_ms);

OutcomeAnswer decide_outcome(const RequestId& request, const OutcomeFacts& facts);

}  // namespace aeromq::kernel
