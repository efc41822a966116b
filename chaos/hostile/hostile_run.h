// The rung: a control run beside the dummy, every attack in turn, all of them at once; and what
// honest people were served meanwhile.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace aeromq::chaos::hostile {

struct HostileOptions {
  std::filesystem::path bin_dir;
  double minutes = 1;             ///< of all phases together
  std::vector<std::string> only;  ///< these attacks alone; empty = all
  std::uint64_t audit_bound = 0;  ///< octets a second that the log may grow by; 0 = not judged
  double most_rss_mib = 64;       ///< of the broker
  double most_ratio = 10;         ///< p99 under attack over p99 of the control run
  bool keep = false;              ///< the folder outlives the run
};

/// Prints a line a phase and the verdicts; 0 if all hold, else 1.
int run_hostile(const HostileOptions& options);

}  // namespace aeromq::chaos::hostile
