// What the kernel answers to readings beyond the snapshot: write-ahead log, snapshots, diagnostics
// and the survey of a command. Reads only.
#pragma once
#include "kernel/store.h"
#include "messages/kernel_call.h"

namespace aeromq::kernel {

/// The checks of a control command on its node, or what run_diagnostics will cost.
void survey(KernelAnswer& answer, const KernelCall& call, const Register& state,
            std::uint64_t now_ms, const Store& store);
void add_wal(KernelAnswer& answer, const Store& store);
void add_snapshots(KernelAnswer& answer);
void add_diagnostics(KernelAnswer& answer, const Store& store);

}  // namespace aeromq::kernel
