#include <CLI/CLI.hpp>
#include <memory>

#include "chaos/command.h"
#include "chaos/kill/kill_matrix.h"

namespace aeromq::chaos {

void add_kill_command(CLI::App& app, Place& place) {
  auto options = std::make_shared<KillOptions>();
  auto* kill = app.add_subcommand("kill", "SIGKILL at every kill point of every command class");
  kill->add_option("--class", options->only_class, "only classes whose name contains this");
  kill->add_option("--point", options->only_point, "only kill points whose name contains this");
  kill->add_option("--part", options->part, "with --parts: which part of the points, from 0");
  kill->add_option("--parts", options->parts, "split the points into this many parts")
      ->check(CLI::PositiveNumber);
  kill->callback([options, &place] {
    options->bin_dir = place.bin_dir;
    place.exit_code = run_kill_matrix(*options);
  });
}

}  // namespace aeromq::chaos
