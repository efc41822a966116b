// aeromq-chaos simulate: the simulator is a program of its own, since it is linked with other
// definitions of files, clock and register than a program that looks at real ones.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "chaos/command.h"

namespace aeromq::chaos {

void add_simulate_command(CLI::App& app, Place& place) {
  auto* simulate = app.add_subcommand(
      "simulate", "the whole control plane in one process, from seeds (aeromq-simulation)");
  simulate->prefix_command();
  simulate->set_help_flag();  // its own --help tells the options
  simulate->callback([simulate, &place] {
    auto words = simulate->remaining();
    const auto program = (place.bin_dir / "aeromq-simulation").string();
    std::vector<char*> arguments{const_cast<char*>(program.c_str())};
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    execv(program.c_str(), arguments.data());
    std::perror(program.c_str());
    place.exit_code = 2;
  });
}

}  // namespace aeromq::chaos
