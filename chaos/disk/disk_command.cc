#include <CLI/CLI.hpp>
#include <memory>

#include "chaos/command.h"
#include "chaos/disk/disk_rung.h"

namespace aeromq::chaos {

void add_disk_command(CLI::App& app, Place& place) {
  auto options = std::make_shared<disk::DiskOptions>();
  options->keep = std::filesystem::temp_directory_path();
  auto* command = app.add_subcommand("disk", "power cuts, disk errors and damaged logs");
  command->add_option("--power-cuts", options->power_cuts, "how often the power goes");
  command->add_option("--errors", options->errors, "how many errors and damages");
  command->add_option("--seed", options->seed, "everything random follows from it");
  command->add_option("--lanes", options->lanes, "stacks side by side")->check(CLI::Range(1, 16));
  command->add_option("--bin-dir", options->bin_dir, "where the programs under test are");
  command->add_option("--keep", options->keep, "folder for what a violation leaves");
  command->callback([options, &place] {
    if (options->bin_dir.empty()) options->bin_dir = place.bin_dir;
    options->bin_dir = std::filesystem::absolute(options->bin_dir);
    place.exit_code = disk::run_disk_rung(*options);
  });
}

}  // namespace aeromq::chaos
