#include <CLI/CLI.hpp>
#include <memory>

#include "chaos/command.h"
#include "chaos/disk/disk_rung.h"

namespace aeromq::chaos {

void add_disk_command(CLI::App& app, Place& place) {
  auto options = std::make_shared<DiskOptions>();
  options->keep = std::filesystem::temp_directory_path();
  auto* disk = app.add_subcommand("disk", "power cuts, disk errors and damaged logs");
  disk->add_option("--power-cuts", options->power_cuts, "how often the power goes");
  disk->add_option("--errors", options->errors, "how many errors and damages");
  disk->add_option("--seed", options->seed, "everything random follows from it");
  disk->add_option("--lanes", options->lanes, "stacks side by side")->check(CLI::Range(1, 16));
  disk->add_option("--bin-dir", options->bin_dir, "where the programs under test are");
  disk->add_option("--keep", options->keep, "folder for what a violation leaves");
  disk->callback([options, &place] {
    if (options->bin_dir.empty()) options->bin_dir = place.bin_dir;
    options->bin_dir = std::filesystem::absolute(options->bin_dir);
    place.exit_code = run_disk_rung(*options);
  });
}

}  // namespace aeromq::chaos
