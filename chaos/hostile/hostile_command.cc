#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "chaos/command.h"
#include "chaos/hostile/attacker.h"
#include "chaos/hostile/dummy.h"
#include "chaos/hostile/hostile_run.h"

namespace aeromq::chaos {
namespace {

struct AttackerWords {
  std::string attack;
  std::string arena;
  int milliseconds = 0;
};

struct DummyWords {
  std::string folder;
  unsigned port = 0;
  transport::KeyPair server;
};

// What the rung starts beside itself; nobody types these.
void add_helpers(CLI::App& app, Place& place) {
  auto attacker = std::make_shared<AttackerWords>();
  auto* lead = app.add_subcommand("hostile-attacker", "")->group("");
  lead->add_option("--attack", attacker->attack)->required();
  lead->add_option("--arena", attacker->arena)->required();
  lead->add_option("--milliseconds", attacker->milliseconds)->required();
  lead->callback([attacker, &place] {
    place.exit_code =
        hostile::lead_attack(attacker->attack, attacker->arena, attacker->milliseconds);
  });
  auto dummy = std::make_shared<DummyWords>();
  auto* serve = app.add_subcommand("hostile-dummy", "")->group("");
  serve->add_option("--folder", dummy->folder)->required();
  serve->add_option("--port", dummy->port)->required();
  serve->add_option("--public", dummy->server.public_key)->required();
  serve->add_option("--secret", dummy->server.secret_key)->required();
  serve->callback([dummy, &place] {
    place.exit_code = hostile::serve_dummy(dummy->folder, dummy->port, dummy->server);
  });
}

}  // namespace

void add_hostile_command(CLI::App& app, Place& place) {
  auto options = std::make_shared<hostile::HostileOptions>();
  auto list = std::make_shared<bool>(false);
  auto* command = app.add_subcommand(
      "hostile",
      "strangers and turned keys against the control plane, and who is served meanwhile");
  command->add_option("--bin-dir", options->bin_dir, "the programs under test");
  command->add_option("--minutes", options->minutes, "of all phases together")
      ->check(CLI::PositiveNumber);
  command->add_option("--only", options->only, "these attacks alone")->delimiter(',');
  command->add_option("--audit-bound", options->audit_bound,
                      "octets a second that the audit log may grow by");
  command->add_flag("--keep", options->keep, "keep the folder");
  command->add_flag("--list", *list, "print the attacks, lead none");
  command->callback([options, list, &place] {
    if (options->bin_dir.empty()) options->bin_dir = place.bin_dir;
    if (*list) {
      for (const auto& attack : hostile::attacks())
        fmt::print("{:18} {:9} {}\n", attack.name, attack.who, attack.what);
      return;
    }
    place.exit_code = hostile::run_hostile(*options);
  });
  add_helpers(app, place);
}

}  // namespace aeromq::chaos
