// aeromq-kernel fence: a person ends a dispatcher's epoch; what it named is final at once and the
// dispatcher does not come back (docs: outcome).
#include "tests/system/system_test.h"

namespace aeromq::system_tests {
namespace {

using Fence = SystemTest;

TEST_F(Fence, EndsTheDispatcherForGood) {
  auto asked = ask("operator", legal());
  ASSERT_NE(asked.request, "");
  const auto open = stack().kernel({"outcome", asked.request});
  EXPECT_EQ(open.exit_code, 30) << "not yet decided while its epoch lasts: " << open.out;
  const auto ledger = stack().ledger();
  EXPECT_EQ(stack().kernel({"fence", "1"}).exit_code, 2) << "a reason is needed";
  const auto fenced = stack().kernel({"fence", "1", "--reason", "the site is lost"});
  EXPECT_EQ(fenced.exit_code, 0) << fenced.err;
  EXPECT_THAT(fenced.out, ::testing::HasSubstr("dispatcher 1 is fenced"));
  EXPECT_EQ(stack().kernel({"outcome", asked.request}).exit_code, 10) << "final at once";
  const auto ended = asked.yes();
  EXPECT_THAT(ended.exit_code, ::testing::AnyOf(10, 11, 30, 31)) << ended.out;
  EXPECT_NE(last_object(ended.out)["outcome"], "executed");
  ASSERT_TRUE(stack().says("ended: exit code 71", kSoonMs));
  ASSERT_TRUE(stack().says("Left dead", kSoonMs));
  EXPECT_EQ(stack().pid_of("aeromq-dispatcher"), -1);
  EXPECT_EQ(stack().ledger(), ledger);
  EXPECT_EQ(stack().kernel({"outcome", asked.request}).exit_code, 10);
  const auto refused = ctl("operator", {"inspect", "cluster"});
  EXPECT_EQ(refused.exit_code, 31) << refused.err;
  EXPECT_THAT(refused.err, ::testing::HasSubstr("ACTOR_UNAVAILABLE"));
  // Another start is a person's decision, and serves under a newer epoch.
  stack().stop();
  ASSERT_NO_THROW(stack().start());
  ASSERT_TRUE(stack().settle());
  EXPECT_EQ(ctl("operator", {"outcome", asked.request}).exit_code, 10);
  auto fresh = ask("operator", legal());
  EXPECT_EQ(fresh.yes().exit_code, 0);
}

}  // namespace
}  // namespace aeromq::system_tests
