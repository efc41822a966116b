// KernelAnswer -> View, one per command: a pure function. A view is drawn from ONE snapshot (A12);
// an answer whose parts disagree is refused, never shown. Findings are facts, no advice (C7).
#pragma once
#include "messages/kernel_call.h"

namespace aeromq {

/// The view of `command`, which must not be a kernel action. Errors: MIXED_VIEW if the answer
/// contradicts itself, KERNEL_UNAVAILABLE if it exceeds one message, a KernelRejection NODE_UNKNOWN
/// if the node is not in the snapshot.
Result<View> make_view(const Command& command, const KernelAnswer& answer);

/// Why `answer` cannot be one reading, or nothing.
std::optional<Error> answer_fault(const KernelAnswer& answer);

/// What the kernel found itself, then TWO_PRIMARIES, PRIMARY_WITHOUT_AUTHORITY, NO_PRIMARY,
/// NODE_SILENT, NODE_BEHIND: the gravest first, then in node order.
std::vector<Finding> findings_of(const KernelSnapshot& snapshot);

}  // namespace aeromq
