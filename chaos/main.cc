// aeromq-chaos: proves the guarantees by breaking things. One subcommand a rung (chaos/command.h).
#include <CLI/CLI.hpp>
#include <cstdio>

#include "chaos/command.h"
#include "process/entry.h"

namespace {

int run(int argc, char** argv) {
  CLI::App app("aeromq-chaos: proves the guarantees by breaking things");
  app.require_subcommand(1);
  aeromq::chaos::Place place;
  place.bin_dir = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  aeromq::chaos::add_disk_command(app, place);
  aeromq::chaos::add_check_commands(app, place);
  aeromq::chaos::add_timeline_command(app, place);
  aeromq::chaos::add_simulate_command(app, place);
  aeromq::chaos::add_hostile_command(app, place);
  aeromq::chaos::add_kill_command(app, place);
  aeromq::chaos::add_mutants_command(app, place);
  aeromq::chaos::add_network_command(app, place);
  aeromq::chaos::add_postgresql_command(app, place);
  aeromq::chaos::add_situations_command(app, place);
  aeromq::chaos::add_syscalls_command(app, place);
  aeromq::chaos::add_nightly_command(app, place);
  CLI11_PARSE(app, argc, argv);
  return place.exit_code;
}

}  // namespace

// Caught, so that every stack on the way out ends its processes and removes its directory.
int main(int argc, char** argv) {
  return aeromq::process::enter(argc, argv, [&] {
    try {
      return run(argc, argv);
    } catch (const std::exception& fault) {
      std::fprintf(stderr, "aeromq-chaos: %s\n", fault.what());
      return 2;
    }
  });
}
