#include <CLI/CLI.hpp>
#include <memory>

#include "chaos/command.h"
#include "chaos/postgresql/rung.h"

namespace aeromq::chaos {

void add_postgresql_command(CLI::App& app, Place& place) {
  using postgresql::RungOptions;
  using postgresql::SoakOptions;
  auto options = std::make_shared<RungOptions>();
  auto soak = std::make_shared<SoakOptions>();
  soak->switchovers = 0;
  auto* command = app.add_subcommand(
      "postgresql", "SIGKILL around real PostgreSQL servers at each step of each action");
  command->add_option("--bin-dir", place.bin_dir, "the programs under test");
  command->add_option("--only", options->only, "only drills whose name contains this");
  command->add_option("--verbs", options->verbs, "demote, promote, force-promote")
      ->delimiter(',')
      ->check(CLI::IsMember({"demote", "promote", "force-promote"}));
  command->add_flag("--asynchronous", options->asynchronous,
                    "no synchronous_standby_names; else ANY 1 of the others");
  command->add_option("--sample", options->sample, "that many drills, chosen by --seed; 0 = all");
  command->add_option("--part", options->part, "with --parts: which part of the drills, from 0");
  command->add_option("--parts", options->parts, "split the drills into this many parts")
      ->check(CLI::PositiveNumber);
  command->add_option("--seed", options->seed, "of the sample, or of the kills");
  command->add_flag("--list", options->list, "print the drills, do none");
  command->add_option("--switchovers", soak->switchovers,
                      "the soak instead: that many, demote and promote the next");
  command->add_flag("--kills", soak->kills, "with --switchovers: random kills in two of three");
  command->callback([options, soak, &place] {
    options->bin_dir = soak->bin_dir = place.bin_dir;
    soak->asynchronous = options->asynchronous;
    soak->seed = options->seed;
    place.exit_code =
        soak->switchovers > 0 ? postgresql::run_soak(*soak) : postgresql::run_drills(*options);
  });
}

}  // namespace aeromq::chaos
