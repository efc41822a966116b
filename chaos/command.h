// The subcommands of aeromq-chaos, one a rung. Each adds itself and, when chosen, says how it
// ended.
#pragma once
#include <filesystem>

namespace CLI {
class App;
}

namespace aeromq::chaos {

/// What every rung is given.
struct Place {
  std::filesystem::path bin_dir;  ///< where the programs under test are
  int exit_code = 0;              ///< 0 nothing found, 1 a violation, 2 wrong use
};

void add_check_commands(CLI::App& app, Place& place);  ///< check, predicates
void add_timeline_command(CLI::App& app, Place& place);
void add_hostile_command(CLI::App& app, Place& place);
void add_kill_command(CLI::App& app, Place& place);
void add_mutants_command(CLI::App& app, Place& place);
void add_disk_command(CLI::App& app, Place& place);
void add_nightly_command(CLI::App& app, Place& place);
void add_postgresql_command(CLI::App& app, Place& place);
void add_situations_command(CLI::App& app, Place& place);
void add_simulate_command(CLI::App& app, Place& place);
void add_network_command(CLI::App& app, Place& place);
void add_syscalls_command(CLI::App& app, Place& place);

}  // namespace aeromq::chaos
