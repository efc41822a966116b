// The two kinds of runs of the network rung: faults between processes of one machine, and faults
// between two hosts.
#pragma once
#include "chaos/network/scene.h"

namespace aeromq::chaos::network {

/// Every message of every road may be lost, doubled, held back, spoiled or played again, every
/// connection cut. The history is in `chronicle`, also if it throws.
void run_behind_proxies(const RunOptions& options, Chronicle& chronicle);

/// True if this process may make network namespaces of its own.
bool namespaces_permitted();

/// Client and broker on two hosts, each a network namespace that ends with this process.
void run_between_hosts(const RunOptions& options, Chronicle& chronicle);

}  // namespace aeromq::chaos::network
