// What `aeromq-chaos kill` was asked for.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace aeromq::chaos {

struct KillOptions {
  std::filesystem::path bin_dir;
  std::string only_class;                     ///< substring; empty = all
  std::string only_point;                     ///< substring; empty = all
  std::string only_second;                    ///< substring, of pairs; empty = all
  std::vector<std::string> restarts{"once"};  ///< once, late, never
  bool pairs = false;
  bool pauses = false;
  bool document = false;
  unsigned part = 0;  ///< this run does the drills whose number modulo `parts` is `part`
  unsigned parts = 1;
  unsigned sample = 0;  ///< that many drills, chosen by the seed; 0 = all
  std::uint64_t seed = 1;
};

/// Runs the drills and prints them. Returns 0 only if no promise was broken and, in a full run of
/// single kills, every listed point was hit.
int run_kill_matrix(const KillOptions& options);

}  // namespace aeromq::chaos
