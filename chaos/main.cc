// aeromq-chaos: proves the guarantees by breaking things. One subcommand a rung (chaos/command.h).
#include <signal.h>

#include <CLI/CLI.hpp>

#include "chaos/command.h"

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  CLI::App app("aeromq-chaos: proves the guarantees by breaking things");
  app.require_subcommand(1);
  aeromq::chaos::Place place;
  place.bin_dir = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  aeromq::chaos::add_check_commands(app, place);
  aeromq::chaos::add_timeline_command(app, place);
  aeromq::chaos::add_kill_command(app, place);
  aeromq::chaos::add_mutants_command(app, place);
  CLI11_PARSE(app, argc, argv);
  return place.exit_code;
}
