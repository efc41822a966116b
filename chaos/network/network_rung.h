// The network rung: many seeded runs, each judged, and what they add up to.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

namespace aeromq::chaos::network {

struct RungOptions {
  std::filesystem::path bin_dir;
  std::uint64_t runs = 40;
  std::uint64_t seed = 1;  ///< of the first run; each later one has the next
  unsigned part = 0;       ///< this process does the runs whose number modulo `parts` is `part`
  unsigned parts = 1;
  unsigned jobs = 2;  ///< runs side by side
  bool keep = false;  ///< the folder of a good run too
  std::string only;   ///< proxied or hosts; empty: one run in five is between hosts
};

/// Runs, judges and prints. Returns 0 only if no promise was broken and nothing was vacuous.
int run_network_rung(const RungOptions& options);

}  // namespace aeromq::chaos::network
