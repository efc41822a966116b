// The simulator itself: the same plan gives the same history, every fault can fire, and one kill at
// every single effect of every process, tried one by one, breaks no promise.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include "chaos/history/history.h"
#include "chaos/simulation/run.h"

namespace aeromq::chaos {
namespace {

using enum CommandName;

Plan one_talk(CommandName command, const std::string& node, Reaction reaction) {
  Plan plan;
  plan.seed = 7;
  Talk talk;
  talk.principal = "alice";
  talk.command = command;
  talk.node = node;
  talk.reaction = reaction;
  talk.think_ms = 5;
  talk.questions.push_back({2000, 0, "bob"});
  plan.talks.push_back(talk);
  return plan;
}

std::string words_of(const Judgement& judgement) {
  std::string words;
  for (const auto& violation : judgement.violations)
    words += violation.predicate + ": " + violation.what + "\n";
  return words;
}

bool fired(const History& history, std::string_view what) {
  return std::ranges::any_of(history, [&](const Event& event) {
    return event.kind == EventKind::fault && event.what == what;
  });
}

std::size_t effects(const History& history) {
  return static_cast<std::size_t>(std::ranges::count(history, EventKind::effect, &Event::kind));
}

TEST(Simulation, TheSameSeedGivesTheSameHistoryWhateverRanBefore) {
  Simulator fresh;
  Simulator used;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) used.run(make_plan(seed + 1000));
  for (std::uint64_t seed = 1; seed <= 20; ++seed)
    EXPECT_EQ(history_hash(fresh.run(make_plan(seed)).history),
              history_hash(used.run(make_plan(seed)).history))
        << "seed " << seed;
}

TEST(Simulation, WithoutFaultsAConfirmedDemotionIsExecutedOnce) {
  Simulator simulator;
  const auto result = simulator.run(one_talk(request_demotion, "a", Reaction::confirm));
  EXPECT_EQ(words_of(result.judgement), "");
  EXPECT_EQ(effects(result.history), 1U);
}

TEST(Simulation, NobodysYesIsNoYes) {
  Simulator simulator;
  for (const auto reaction : {Reaction::abandon, Reaction::leave, Reaction::wrong_token,
                              Reaction::wrong_explanation, Reaction::confirm_late}) {
    const auto result = simulator.run(one_talk(request_demotion, "a", reaction));
    EXPECT_EQ(words_of(result.judgement), "");
    EXPECT_EQ(effects(result.history), 0U) << static_cast<int>(reaction);
  }
}

TEST(Simulation, EveryKindOfFaultFiresAmongTheFirstSeeds) {
  Simulator simulator;
  std::set<std::string> seen;
  for (std::uint64_t seed = 1; seed <= 1500; ++seed)
    for (const auto& event : simulator.run(make_plan(seed)).history)
      if (event.kind == EventKind::fault) seen.insert(event.what);
  for (std::size_t kind = 0; kind < kFaultKinds; ++kind) {
    const auto name = std::string(name_of(static_cast<FaultKind>(kind)));
    const bool of_a_disk = name == "io_error" || name == "no_space" || name == "short_write";
    if (!of_a_disk) {
      EXPECT_TRUE(seen.contains(name)) << name;
    }
  }
  EXPECT_TRUE(seen.contains("write") && seen.contains("sync"));  // where a disk's faults hit
}

// A crash is "only the first k effects happened": here every k of every process, with every way to
// come back. Few enough to try them all.
struct Road {
  const char* name;
  CommandName command;
  const char* node;
  Reaction reaction;
};
void PrintTo(const Road& road, std::ostream* out) { *out << road.name; }

class EveryEffect : public testing::TestWithParam<Road> {};

TEST_P(EveryEffect, OneKillBreaksNoPromise) {
  const auto& [name, command, node, reaction] = GetParam();
  Simulator simulator;
  std::size_t kills = 0;
  for (const auto* lane :
       {"broker", "gate", "explainer", "keeper", "writer", "dispatcher", "kernel", "talk.0"}) {
    for (const auto restart : {Restart::at_once, Restart::late, Restart::never}) {
      for (std::uint64_t nth = 1;; ++nth) {
        auto plan = one_talk(command, node, reaction);
        Fault fault;
        fault.lane = lane;
        fault.nth = nth;
        fault.restart = restart;
        plan.faults.push_back(fault);
        const auto result = simulator.run(plan);
        if (!fired(result.history, "crash")) break;
        ++kills;
        ASSERT_EQ(words_of(result.judgement), "") << lane << " at its effect " << nth;
      }
    }
  }
  fmt::print("{} kills\n", kills);
  EXPECT_GT(kills, 200U);
}

INSTANTIATE_TEST_SUITE_P(
    Of, EveryEffect,
    testing::Values(Road{"executed", request_demotion, "a", Reaction::confirm},
                    Road{"rejected", request_demotion, "b", Reaction::confirm},
                    Road{"confirmed_twice", request_demotion, "a", Reaction::confirm_twice},
                    Road{"abandoned", request_demotion, "a", Reaction::abandon},
                    Road{"confirmed_by_another", request_demotion, "a", Reaction::by_another}),
    [](const auto& with) { return with.param.name; });

}  // namespace
}  // namespace aeromq::chaos
