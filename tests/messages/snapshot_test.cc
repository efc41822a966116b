// A snapshot that contradicts itself is named as such; its summary is bounded.
#include "messages/snapshot.h"

#include <gtest/gtest.h>

namespace aeromq {
namespace {

KernelSnapshot two_nodes() {
  KernelSnapshot snapshot;
  snapshot.snapshot = 7;
  snapshot.fencing_epoch = 3;
  snapshot.holder = "n1";
  snapshot.nodes.resize(2);
  snapshot.nodes[0].node = "n1";
  snapshot.nodes[0].assigned = NodeRole::primary;
  snapshot.nodes[1].node = "n2";
  snapshot.nodes[1].assigned = NodeRole::replica;
  return snapshot;
}

TEST(Snapshot, AgreesWithItself) { EXPECT_EQ(snapshot_fault(two_nodes()), std::nullopt); }

TEST(Snapshot, FaultsAreFound) {
  auto order = two_nodes();
  std::swap(order.nodes[0], order.nodes[1]);
  EXPECT_NE(snapshot_fault(order), std::nullopt);
  auto twice = two_nodes();
  twice.nodes[1] = twice.nodes[0];
  EXPECT_NE(snapshot_fault(twice), std::nullopt);
  auto two_primaries = two_nodes();
  two_primaries.nodes[1].assigned = NodeRole::primary;
  EXPECT_NE(snapshot_fault(two_primaries), std::nullopt);
  auto unassigned = two_nodes();
  unassigned.nodes[0].assigned = NodeRole::replica;
  EXPECT_NE(snapshot_fault(unassigned), std::nullopt);
  auto elsewhere = two_nodes();
  elsewhere.nodes.erase(elsewhere.nodes.begin());
  EXPECT_NE(snapshot_fault(elsewhere), std::nullopt);
}

TEST(Snapshot, TheSummaryIsBounded) {
  auto snapshot = two_nodes();
  EXPECT_EQ(snapshot_summary(snapshot),
            "snapshot 7, holder n1, fencing epoch 3; n1 unheard 0:0/0 stale; n2 unheard 0:0/0 "
            "stale");
  snapshot.nodes.resize(64);
  for (auto& node : snapshot.nodes) node.node = std::string(64, 'n');
  EXPECT_LE(snapshot_summary(snapshot).size(), 1024U);
}

}  // namespace
}  // namespace aeromq
