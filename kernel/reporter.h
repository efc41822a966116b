// The process of a demo node: asks its role and reports as told, so that a cluster made by
// `aeromq up` is alive and can be broken.
#pragma once
#include <string>

namespace aeromq::kernel {

/// `aeromq-kernel reporter`: a report every 500 ms until SIGTERM. Returns the exit code.
int run_reporter(const std::string& node_file);

}  // namespace aeromq::kernel
