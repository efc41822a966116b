// A promotion never begins a second timeline of one number: what the register knows beyond a look.
#include <gtest/gtest.h>

#include "kernel/postgresql/service/rules.h"

namespace aeromq::postgresql {
namespace {

struct Case {
  kernel::Register state;
  Intent intent;
  ClusterSample sample;
  std::vector<Check> checks{{"TIMELINE_BEHIND", "P6-S2", "as seen", true, false}};

  Case(Action action, std::uint32_t target, std::uint64_t newest) {
    state.holder = "c";
    state.timeline = newest;
    intent.action = action;
    intent.node = "a";
    NodeSample a;
    a.node = "a";
    a.answered = true;
    a.timeline = target;
    sample.nodes = {a};
    add_newest_timeline(checks, state, intent, sample);
  }
};

TEST(NewestTimeline, ATargetThatNeverFollowedItIsRejected) {
  const Case at(Action::promote, 5, 6);
  EXPECT_FALSE(at.checks[0].passes);
  EXPECT_FALSE(at.checks[0].overridable);
  EXPECT_EQ(at.checks[0].text,
            "a is on timeline 5, and c began timeline 6: a promotion would begin a second timeline "
            "6");
}

TEST(NewestTimeline, ForceMayTakeItUponItself) {
  const Case at(Action::force_promote, 5, 6);
  EXPECT_FALSE(at.checks[0].passes);
  EXPECT_TRUE(at.checks[0].overridable);
}

TEST(NewestTimeline, ATargetThatFollowedPasses) {
  EXPECT_EQ(Case(Action::promote, 6, 6).checks[0].text, "as seen");
  EXPECT_TRUE(Case(Action::promote, 6, 6).checks[0].passes);
}

}  // namespace
}  // namespace aeromq::postgresql
