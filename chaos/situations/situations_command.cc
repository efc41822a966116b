#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "chaos/command.h"
#include "chaos/situations/campaign.h"
#include "chaos/situations/fault.h"
#include "chaos/situations/tally.h"

namespace aeromq::chaos {
namespace {

struct Words {
  situations::CampaignOptions campaign;
  std::vector<std::string> faults;  ///< with --alone: these of the plan's
  bool alone = false;
  bool table = false;
  bool catalogue = false;
  bool show = false;
};

int play_alone(const Words& words) {
  const auto& options = words.campaign;
  auto plan = situations::draw(options.seed, options.only);
  if (!words.faults.empty()) plan = situations::keep_faults(plan, words.faults);
  auto result = situations::play(options.bin_dir, plan, options.keep);
  result.commit = situations::commit_of_sources();
  if (!options.results.empty()) situations::append(options.results, situations::as_json(result));
  return result.against_us() || !result.broken.empty() ? 1 : 0;
}

int run_words(const Words& words) {
  for (const auto& name : words.campaign.only) situations::fault_named(name);
  if (words.catalogue) {
    fmt::print("{}", situations::catalogue_table());
    return 0;
  }
  if (words.table) {
    fmt::print("{}", situations::table_of(situations::read_lines(words.campaign.results)));
    return 0;
  }
  if (words.show) {
    for (unsigned i = 0; i < words.campaign.count; ++i)
      fmt::print("{}\n", text_of(situations::draw(words.campaign.seed + i, words.campaign.only)));
    return 0;
  }
  return words.alone ? play_alone(words) : situations::run_campaign(words.campaign);
}

}  // namespace

void add_situations_command(CLI::App& app, Place& place) {
  auto words = std::make_shared<Words>();
  auto& campaign = words->campaign;
  auto* command = app.add_subcommand(
      "situations", "clusters with one to three things wrong, and what the product makes of them");
  command->add_option("--bin-dir", place.bin_dir, "the programs under test");
  command->add_option("--seed", campaign.seed, "the first seed; each situation has its own");
  command->add_option("--count", campaign.count, "how many");
  command->add_option("--minutes", campaign.minutes,
                      "begin no new one after so many; 0 = no bound");
  command->add_option("--clusters", campaign.clusters, "so many side by side")
      ->check(CLI::PositiveNumber);
  command->add_option("--only", campaign.only, "draw from these faults only")->delimiter(',');
  command->add_option("--results", campaign.results, "add a JSON line for each to this file");
  command->add_flag("--resume", campaign.resume,
                    "leave out the seeds that --results has of this commit");
  command->add_flag("!--no-shrink", campaign.shrink, "do not look for the fewest faults");
  command->add_flag("--keep", campaign.keep, "keep the folders of what was found");
  command->add_flag("--alone", words->alone, "play the one of --seed in this process");
  command
      ->add_option("--faults", words->faults,
                   "with --alone: leave out all other faults of the plan; none = all of them")
      ->delimiter(',');
  command->add_flag("--table", words->table, "print what --results has as a table; play none");
  command->add_flag("--catalogue", words->catalogue, "print the faults there are; play none");
  command->add_flag("--show", words->show, "print the plans; play none");
  command->callback([words, &place] {
    words->campaign.bin_dir = place.bin_dir;
    place.exit_code = run_words(*words);
  });
}

}  // namespace aeromq::chaos
