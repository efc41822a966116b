// The kill matrix: every kill point that the programs list x every command class that reaches it,
// one SIGKILL each, and the judgement of what people were told against the kernel's own ledger.
#pragma once
#include <filesystem>

namespace aeromq::chaos {

struct KillOptions {
  std::filesystem::path bin_dir;
  std::string only_class;  ///< substring; empty = all
  std::string only_point;  ///< substring; empty = all
  unsigned part = 0;       ///< this run does the points whose number modulo `parts` is `part`
  unsigned parts = 1;
};

/// Runs the matrix and prints it. Returns 0 only if no promise was broken and, in a full run,
/// every listed point was hit.
int run_kill_matrix(const KillOptions& options);

}  // namespace aeromq::chaos
