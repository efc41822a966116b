// The sweep over system calls: the release build, no kill point, SIGKILL at the nth call of one
// kind that one thread of one process makes while one command runs; n grows until the command
// survives.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

namespace aeromq::chaos {

struct SyscallOptions {
  std::filesystem::path bin_dir;
  unsigned runs = 0;  ///< that many kills, chosen by the seed; 0 = every one
  unsigned part = 0;  ///< this run does the points whose number modulo `parts` is `part`
  unsigned parts = 1;
  std::uint64_t seed = 1;
  std::string only_class;    ///< substring; empty = all
  std::string only_process;  ///< whole name without "aeromq-"; empty = all
  std::string only_call;     ///< whole name; empty = all
  int only_thread = -1;
  unsigned only_nth = 0;
};

/// Prints what it does. 0 only if no promise was broken.
int run_syscall_sweep(const SyscallOptions& options);

/// The same for the starts of processes that were killed: start_sweep.cc.
int run_start_sweep(const SyscallOptions& options);

}  // namespace aeromq::chaos
