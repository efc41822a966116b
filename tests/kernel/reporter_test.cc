// The demo node's core.
#include "kernel/demo_node.h"

#include <gtest/gtest.h>

namespace aeromq::kernel {
namespace {

Assignment told(NodeRole role, std::uint64_t acknowledged) {
  return {"a", role, 3, 2, acknowledged, {}};
}

TEST(DemoNode, APrimaryMovesAndAReplicaFollows) {
  DemoNode primary;
  const auto first = primary.next(told(NodeRole::primary, 100), Fault::none);
  const auto second = primary.next(told(NodeRole::primary, first.position), Fault::none);
  EXPECT_EQ(first.role, NodeRole::primary);
  EXPECT_GT(second.position, first.position);
  DemoNode replica;
  const auto report = replica.next(told(NodeRole::replica, second.position), Fault::none);
  EXPECT_EQ(report.role, NodeRole::replica);
  EXPECT_EQ(report.position, second.position);
  EXPECT_EQ(report.timeline, 2U);
  EXPECT_EQ(report.fencing_epoch, 3U);
}

TEST(DemoNode, FaultsBreakIt) {
  DemoNode node;
  node.next(told(NodeRole::replica, 100), Fault::none);
  const auto behind = node.next(told(NodeRole::replica, 900), Fault::lag);
  EXPECT_EQ(behind.position, 100U);
  EXPECT_EQ(behind.state, "lagging");
  EXPECT_EQ(node.next(told(NodeRole::replica, 900), Fault::claim).role, NodeRole::primary);
  EXPECT_EQ(parse_fault("claim\n"), Fault::claim);
  EXPECT_EQ(parse_fault("stop"), Fault::stop);
  EXPECT_EQ(parse_fault(""), Fault::none);
  EXPECT_EQ(parse_fault("lagging"), Fault::none);
}

}  // namespace
}  // namespace aeromq::kernel
