#include <CLI/CLI.hpp>
#include <memory>

#include "chaos/command.h"
#include "chaos/network/network_rung.h"

namespace aeromq::chaos {

void add_network_command(CLI::App& app, Place& place) {
  auto options = std::make_shared<network::RungOptions>();
  auto* command =
      app.add_subcommand("network", "faults between processes and between hosts while people act");
  command->add_option("--runs", options->runs, "how many seeds");
  command->add_option("--seed", options->seed, "the first seed");
  command->add_option("--part", options->part, "with --parts: which part of the runs, from 0");
  command->add_option("--parts", options->parts, "split the runs into this many parts")
      ->check(CLI::PositiveNumber);
  command->add_option("--jobs", options->jobs, "runs side by side")->check(CLI::PositiveNumber);
  command->add_option("--bin-dir", options->bin_dir, "where the programs under test are");
  command->add_flag("--keep", options->keep, "keep the folders of good runs too");
  command->add_option("--only", options->only, "this kind of runs alone")
      ->check(CLI::IsMember({"proxied", "hosts"}));
  command->callback([options, &place] {
    if (options->bin_dir.empty()) options->bin_dir = place.bin_dir;
    place.exit_code = network::run_network_rung(*options);
  });
}

}  // namespace aeromq::chaos
