#include <CLI/CLI.hpp>
#include <memory>

#include "chaos/command.h"
#include "chaos/syscalls/syscall_sweep.h"

namespace aeromq::chaos {

void add_syscalls_command(CLI::App& app, Place& place) {
  auto options = std::make_shared<SyscallOptions>();
  auto* sweep = app.add_subcommand("syscalls", "SIGKILL at every system call of a release build");
  sweep->add_option("--bin-dir", place.bin_dir, "the programs under test: a release build");
  sweep->add_option("--runs", options->runs, "that many kills, chosen by --seed; 0 = every one");
  sweep->add_option("--seed", options->seed, "of the choice");
  sweep->add_option("--part", options->part, "with --parts: which part of the points, from 0");
  sweep->add_option("--parts", options->parts, "split the points into this many parts")
      ->check(CLI::PositiveNumber);
  sweep->add_option("--class", options->only_class, "only classes whose name contains this");
  sweep->add_option("--process", options->only_process, "only this process, as in audit-writer");
  sweep->add_option("--call", options->only_call, "only this system call");
  sweep->add_option("--thread", options->only_thread, "only this thread, from 0");
  sweep->add_option("--nth", options->only_nth, "only the nth call, from 1");
  auto starts = std::make_shared<bool>(false);
  sweep->add_flag("--starts", *starts, "in the middle of a killed process's next start instead");
  sweep->callback([options, starts, &place] {
    options->bin_dir = place.bin_dir;
    place.exit_code = *starts ? run_start_sweep(*options) : run_syscall_sweep(*options);
  });
}

}  // namespace aeromq::chaos
