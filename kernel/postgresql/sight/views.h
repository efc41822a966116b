// What this kernel answers to readings beyond the snapshot, out of one look: write-ahead log,
// snapshots, diagnostics. Pure; `answer.snapshot` is the same look's.
#pragma once
#include "kernel/postgresql/sight/checks.h"
#include "kernel/postgresql/sight/sampler.h"
#include "messages/kernel_call.h"

namespace aeromq::postgresql {

/// How deep the look for a call must be.
Depth depth_of(CallKind kind);

/// What run_diagnostics will cost, said before it runs.
std::string diagnostics_cost(const ClusterSettings& cluster);

/// Precondition: the look was as deep as depth_of() says.
void add_wal(KernelAnswer& answer, const ClusterSample& sample);
void add_snapshots(KernelAnswer& answer, const ClusterSample& sample);
void add_diagnostics(KernelAnswer& answer, const ClusterSample& sample, const ClusterRules& rules);

/// What a look shows beyond the findings that any kernel's snapshot has.
std::vector<Finding> findings_of(const ClusterSample& sample, const ClusterRules& rules);

}  // namespace aeromq::postgresql
