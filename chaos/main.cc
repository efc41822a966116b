// aeromq-chaos: kills real processes at named points and judges what people were told.
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>

#include "chaos/kill_matrix.h"

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  CLI::App app("aeromq-chaos: proves the guarantees by breaking processes");
  app.require_subcommand(1);
  aeromq::chaos::KillOptions options;
  options.bin_dir = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  auto* kill = app.add_subcommand("kill", "SIGKILL at every kill point of every command class");
  kill->add_option("--class", options.only_class, "only classes whose name contains this");
  kill->add_option("--point", options.only_point, "only kill points whose name contains this");
  kill->add_option("--part", options.part, "with --parts: which part of the points, from 0");
  kill->add_option("--parts", options.parts, "split the points into this many parts")
      ->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);
  return aeromq::chaos::run_kill_matrix(options);
}
