// A register that was copied back is older than what the control plane saw it do. Only the control
// plane can know that: its kernel has forgotten. Pure.
#pragma once
#include "messages/catalogue.h"
#include "messages/kernel_call.h"
#include "messages/newest_fact.h"

namespace aeromq {

/// True if a request of the epoch that `opened` begins stands in the log already: none may be made
/// in it again.
bool is_used(const NewestFact& fact, const Opened& opened);

/// Why the register is older than the log's newest fact, naming both values; empty: it is not, or
/// it has begun a new history since. `opened`: the first epoch that it gave to this run.
std::string older_than_log(const NewestFact& fact, const Opened& opened,
                           std::uint64_t fencing_epoch);

/// What such a register may not say unsaid: a look shows it as a finding, an action's checks fail,
/// and of a request that it has no row of nothing is known.
void say_older(KernelAnswer& answer, const std::string& why);

/// The answer to an act, which is not sent to such a register.
KernelAnswer refused_as_older(const KernelCall& call, const std::string& why);

}  // namespace aeromq
