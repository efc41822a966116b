#include <CLI/CLI.hpp>
#include <memory>

#include "chaos/command.h"
#include "chaos/kill/kill_options.h"

namespace aeromq::chaos {

void add_kill_command(CLI::App& app, Place& place) {
  auto options = std::make_shared<KillOptions>();
  auto* kill = app.add_subcommand("kill", "SIGKILL at every kill point of every command class");
  kill->add_option("--bin-dir", place.bin_dir, "the programs under test");
  kill->add_option("--class", options->only_class, "only classes whose name contains this");
  kill->add_option("--point", options->only_point, "only kill points whose name contains this");
  kill->add_option("--restart", options->restarts, "once, late, never: how a killed part returns")
      ->delimiter(',')
      ->check(CLI::IsMember({"once", "late", "never"}));
  auto* pairs = kill->add_flag("--pairs", options->pairs,
                               "two kills on the road from the confirmation to the outcome");
  kill->add_option("--second", options->only_second, "with --pairs: only such second points");
  kill->add_flag("--pauses", options->pauses,
                 "SIGSTOP instead, and a return after everybody else has given up")
      ->excludes(pairs);
  kill->add_option("--sample", options->sample, "that many drills, chosen by --seed; 0 = all");
  kill->add_option("--seed", options->seed, "of the sample");
  kill->add_flag("--document", options->document, "print the matrix as a document at the end");
  kill->add_option("--part", options->part, "with --parts: which part of the drills, from 0");
  kill->add_option("--parts", options->parts, "split the drills into this many parts")
      ->check(CLI::PositiveNumber);
  kill->callback([options, &place] {
    options->bin_dir = place.bin_dir;
    place.exit_code = run_kill_matrix(*options);
  });
}

}  // namespace aeromq::chaos
