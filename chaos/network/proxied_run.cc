#include "chaos/network/runs.h"
#include "chaos/network/site.h"

namespace aeromq::chaos::network {
namespace {

constexpr std::uint64_t kFewestActions = 5;
constexpr std::uint64_t kMoreActions = 5;
constexpr std::uint64_t kKernelStopsIn = 4;  // one run in so many stops the kernel once

}  // namespace

void run_behind_proxies(const RunOptions& options, Chronicle& chronicle) {
  Choices choices(mix(options.seed, "actions", 0));
  Site site(options.bin_dir, options.dir, chronicle);
  site.stack().keep();  // whoever started the run decides once it is judged
  Scene scene(site.stack(), chronicle, [&](const std::string& who) { return site.direct(who); });
  const auto door = choices.below(2) == 0 ? Door::inside : Door::outside;
  People people(chronicle, [&](const std::string& who) { return site.through(door, who); });

  site.proxy().begin(make_plan(options.seed));
  const auto actions = kFewestActions + choices.below(kMoreActions);
  const auto stopped_at = choices.below(kKernelStopsIn) == 0 ? choices.below(actions) : actions;
  for (std::uint64_t i = 0; i < actions; ++i) {
    if (choices.below(4) != 0) scene.pause_for_parts();
    if (i == stopped_at) scene.stop_kernel();
    scene.act(choices, people);
    if (i == stopped_at) scene.resume_kernel();
  }
  people.leave();
  site.proxy().heal();
  scene.finish(people.requests(), [&] { site.proxy().cut("kernel"); });
}

}  // namespace aeromq::chaos::network
