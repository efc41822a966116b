// What every stage may say of one kernel snapshot without judging it: does it agree with itself,
// which node is which, and the one line that the audit record keeps.
#pragma once
#include <optional>

#include "messages/kernel.h"

namespace aeromq {

/// Why `snapshot` cannot be one reading of one kernel: nodes out of order or twice, a holder that
/// is not assigned, an assignment that is not the holder's (A12). Nothing if it agrees with itself.
std::optional<std::string> snapshot_fault(const KernelSnapshot& snapshot);

/// The node of that name, or nullptr.
const NodeFacts* find_node(const KernelSnapshot& snapshot, std::string_view node);

/// One line of at most 1024 octets: holder, fencing epoch, each node's reported role and position.
std::string snapshot_summary(const KernelSnapshot& snapshot);

}  // namespace aeromq
