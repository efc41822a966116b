// What happens to which message is a function of the seed alone, and every fault class does to a
// message what its name says.
#include <gmock/gmock.h>

#include <set>

#include "chaos/network/decisions.h"
#include "chaos/network/lane.h"

namespace aeromq::chaos::network {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr auto kUp = Direction::up;
constexpr auto kDown = Direction::down;

Plan always(Fault fault) {
  Plan plan;
  plan.seed = 7;
  plan.per_mille[static_cast<std::size_t>(fault)] = 1000;
  return plan;
}

/// A link that the plan does not leave alone.
std::string touched_link(const Plan& plan) {
  for (int i = 0;; ++i)
    if (const auto link = "link." + std::to_string(i);
        decide(plan, link, kUp, 1).fault != Fault::none)
      return link;
}

TEST(Decisions, SameSeedSameFate) {
  const auto plan = make_plan(41);
  const auto again = make_plan(41);
  EXPECT_EQ(plan.per_mille, again.per_mille);
  for (std::uint64_t i = 1; i < 500; ++i)
    EXPECT_EQ(decide(plan, "kernel", kDown, i), decide(again, "kernel", kDown, i));
}

TEST(Decisions, DependOnEachOfSeedLinkDirectionAndNumber) {
  auto plan = make_plan(1);
  plan.per_mille.fill(100);
  std::set<std::string> fates;
  const auto fate = [](const Plan& of, const char* link, Direction direction) {
    std::string text;
    for (std::uint64_t i = 1; i <= 64; ++i)
      text += static_cast<char>('a' + static_cast<int>(decide(of, link, direction, i).fault));
    return text;
  };
  for (std::uint64_t seed = 1; seed <= 10; ++seed)
    for (const auto* link : {"kernel", "control.dispatcher", "client.operator"})
      for (const auto direction : {kUp, kDown}) {
        plan.seed = seed;
        const auto text = fate(plan, link, direction);
        const bool untouched = text.find_first_not_of('a') == std::string::npos;
        EXPECT_TRUE(untouched || fates.insert(text).second);
      }
  EXPECT_GE(fates.size(), 35U);  // of 60: a quarter of the links is left alone
}

TEST(Decisions, EverySeedHasAFaultAndEveryClassHasASeed) {
  std::set<std::size_t> classes;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const auto plan = make_plan(seed);
    bool any = false;
    for (std::size_t i = 1; i < kFaults; ++i)
      if (plan.per_mille[i] > 0) {
        any = true;
        classes.insert(i);
      }
    EXPECT_TRUE(any) << seed;
  }
  EXPECT_EQ(classes.size(), kFaults - 1);
}

TEST(Decisions, FrequencyIsAsPlanned) {
  auto plan = always(Fault::none);
  plan.per_mille[static_cast<std::size_t>(Fault::lost)] = 100;
  plan.per_mille[static_cast<std::size_t>(Fault::cut)] = 50;
  std::string link = "x";
  while (mix(plan.seed, link, 0) % 4 == 0) link += "x";
  int lost = 0;
  int cut = 0;
  for (std::uint64_t i = 1; i <= 20000; ++i) {
    const auto fault = decide(plan, link, kUp, i).fault;
    lost += fault == Fault::lost ? 1 : 0;
    cut += fault == Fault::cut ? 1 : 0;
  }
  EXPECT_NEAR(lost, 2000, 200);
  EXPECT_NEAR(cut, 1000, 150);
}

TEST(Decisions, HeartbeatsAreMostlySpared) {
  const auto plan = always(Fault::lost);
  LinkMemory memory;
  memory.name = touched_link(plan);
  int met = 0;
  for (int i = 0; i < 160; ++i)
    if (memory.next(plan, kUp, true).fault != Fault::none) ++met;
  EXPECT_LE(met, 10);
  EXPECT_EQ(memory.next(plan, kUp, false).fault, Fault::lost);
}

// ---- one direction of a connection ------------------------------------------------------------

Frames message(const std::string& text) {
  const auto octets = [](const std::string& of) { return Bytes(of.begin(), of.end()); };
  return {octets("AMCP.."), octets("header"), octets(text)};
}

std::vector<std::string> bodies(const Outcome& outcome) {
  std::vector<std::string> all;
  for (const auto& one : outcome.deliver) all.emplace_back(one.back().begin(), one.back().end());
  return all;
}

class LaneTest : public testing::Test {
 protected:
  Outcome take(Fault fault, const std::string& text, std::uint64_t detail = 0) {
    return lane_.take({fault, detail}, memory_, message(text), now_ms_);
  }
  Lane lane_{kUp, Spoil::envelope};
  LinkMemory memory_;
  std::uint64_t now_ms_ = 1000;
};

TEST_F(LaneTest, PassesWhatMeetsNoFault) {
  const auto out = take(Fault::none, "one");
  EXPECT_THAT(bodies(out), ElementsAre("one"));
  EXPECT_EQ(out.fired, Fault::none);
  EXPECT_FALSE(out.end);
  EXPECT_FALSE(lane_.due_ms());
}

TEST_F(LaneTest, LosesAndDoubles) {
  EXPECT_THAT(bodies(take(Fault::lost, "one")), IsEmpty());
  EXPECT_THAT(bodies(take(Fault::doubled, "two")), ElementsAre("two", "two"));
}

TEST_F(LaneTest, HoldsBehindLaterOnes) {
  const auto held = take(Fault::reordered, "one", 1);  // two may overtake
  EXPECT_EQ(held.fired, Fault::reordered);
  EXPECT_THAT(bodies(held), IsEmpty());
  EXPECT_THAT(bodies(take(Fault::none, "two")), ElementsAre("two"));
  EXPECT_THAT(bodies(take(Fault::none, "three")), ElementsAre("three", "one"));
}

TEST_F(LaneTest, HoldsNoLongerThanItsTime) {
  take(Fault::reordered, "one");
  ASSERT_TRUE(lane_.due_ms());
  EXPECT_THAT(bodies(lane_.release(*lane_.due_ms() - 1)), IsEmpty());
  EXPECT_THAT(bodies(lane_.release(*lane_.due_ms())), ElementsAre("one"));
  EXPECT_FALSE(lane_.due_ms());
}

TEST_F(LaneTest, ReplaysOnlyWhatAnEarlierIncarnationSaid) {
  take(Fault::none, "old");
  EXPECT_EQ(take(Fault::replayed, "still the same").fired, Fault::none);
  memory_.new_incarnation();
  const auto out = take(Fault::replayed, "new");
  EXPECT_EQ(out.fired, Fault::replayed);
  EXPECT_THAT(bodies(out), ElementsAre("old", "new"));
}

TEST_F(LaneTest, CutsAndFlaps) {
  EXPECT_TRUE(take(Fault::cut, "one").end);
  EXPECT_TRUE(take(Fault::flapping, "two", 1).end);
  EXPECT_EQ(memory_.flaps, 2U);
  for (const unsigned left : {1U, 0U}) {
    memory_.new_incarnation();
    EXPECT_FALSE(take(Fault::none, "hello").end);
    const auto second = take(Fault::none, "more");
    EXPECT_TRUE(second.end);
    EXPECT_EQ(second.fired, Fault::flapping);
    EXPECT_EQ(memory_.flaps, left);
  }
  memory_.new_incarnation();
  take(Fault::none, "hello");
  EXPECT_FALSE(take(Fault::none, "more").end);
}

TEST_F(LaneTest, HalfOpenIsSilentUntilItEnds) {
  EXPECT_EQ(take(Fault::half_open, "one").fired, Fault::half_open);
  EXPECT_TRUE(lane_.silent());
  EXPECT_THAT(bodies(take(Fault::doubled, "two")), IsEmpty());
  EXPECT_FALSE(lane_.release(now_ms_).end);
  EXPECT_TRUE(lane_.release(*lane_.due_ms()).end);
}

TEST_F(LaneTest, SpoilsTheEnvelopeAlone) {
  for (std::uint64_t bit = 0; bit < 64; ++bit) {
    auto out = take(Fault::corrupted, "body", bit << 16);
    ASSERT_EQ(out.deliver.size(), 1U);
    EXPECT_NE(out.deliver[0][0], message("body")[0]);
    EXPECT_EQ(out.deliver[0][1], message("body")[1]);
    EXPECT_EQ(out.deliver[0][2], message("body")[2]);
    const auto short_one = take(Fault::truncated, "body", bit);
    EXPECT_LT(short_one.deliver[0][2].size(), 4U);
  }
}

TEST_F(LaneTest, HealingLetsOutWhatWasHeldAndEndsWhatIsSilent) {
  take(Fault::reordered, "one");
  const auto healed = lane_.heal();
  EXPECT_THAT(bodies(healed), ElementsAre("one"));
  EXPECT_FALSE(healed.end);
  take(Fault::half_open, "two");
  EXPECT_TRUE(lane_.heal().end);
}

}  // namespace
}  // namespace aeromq::chaos::network
