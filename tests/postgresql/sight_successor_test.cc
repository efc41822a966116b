// Who may be named as a demotion's successor: what is only this primary's to end does not count
// against them, everything else does.
#include <gmock/gmock.h>

#include "kernel/postgresql/sight/successor.h"
#include "kernel/rejection.h"
#include "tests/postgresql/sight_samples.h"

namespace aeromq::postgresql {
namespace {

using testing::HasSubstr;

const std::string kNames = "ANY 1 (n1,n2,n3)";

Intent demotion(const std::string& successor) {
  auto intent = wish(Action::demote, "n1");
  intent.successor = successor;
  return intent;
}

ClusterSample declared(ClusterSample sample, const std::string& names) {
  for (auto& node : sample.nodes) node.synchronous_standby_names = names;
  return sample;
}

kernel::Succession look(const ClusterSample& sample, const std::string& successor,
                        const std::string& names = {}) {
  const ClusterRules rules{kSystem, names};
  return succession_of(
      sample, demotion(successor),
      [&](const ClusterSample& seen, const Intent& intent) { return checks(seen, intent, rules); });
}

struct Row {
  const char* name;
  std::string code;  ///< what stands against the successor n2; empty: it is ready
  std::function<void(ClusterSample&)> change;
  std::string names = {};  ///< synchronous_standby_names
};

NodeSample& n1(ClusterSample& sample) { return sample.nodes[0]; }
NodeSample& n2(ClusterSample& sample) { return sample.nodes[1]; }
NodeSample& n3(ClusterSample& sample) { return sample.nodes[2]; }

/// Everything in the cluster is as it is, but n3 is `node`.
void third_is(ClusterSample& sample, NodeSample node) { n3(sample) = std::move(node); }

const std::vector<Row>& rows() {
  static const std::vector<Row> kAll{
      // Only the primary stands against it.
      {"healthy", "", [](auto&) {}},
      {"synchronous", "", [](auto&) {}, kNames},
      {"the primary is ahead", "", [](auto& sample) { n1(sample).position += 4096; }},
      {"another standby of the primary is ahead of it", "",
       [](auto& sample) {
         n1(sample).position += 4096;
         n3(sample).position += 4096;
       }},
      {"another standby was read later than the primary", "",
       [](auto& sample) { n3(sample).position += 4096; }},
      {"a third is proven stopped", "",
       [](auto& sample) { third_is(sample, stopped("n3", NodeRole::replica)); }},
      // Somebody else does, beside the primary.
      {"a second primary", "WRITABLE_PRIMARY_EXISTS",
       [](auto& sample) { third_is(sample, primary("n3")); }},
      {"a third is not heard", "NODE_STATE_UNKNOWN",
       [](auto& sample) { third_is(sample, silent("n3")); }},
      {"a third has more, and not from this primary", "PREFIX_VIOLATION",
       [](auto& sample) { third_is(sample, standby("n3", kHere + 4096)); }},
      {"a third was a primary and is stopped", "ACKNOWLEDGED_WRITES_UNPROVEN",
       [](auto& sample) { third_is(sample, stopped("n3", NodeRole::primary)); }},
      {"a third is on a branch of its own", "TIMELINE_BEHIND",
       [](auto& sample) {
         third_is(sample, standby("n3"));
         n3(sample).timeline = 2;
         n3(sample).ancestors = {{1, kHere - 0x1000}};
       }},
      {"a promotion is pending on a third", "PROMOTION_PENDING",
       [](auto& sample) { n3(sample).agent->promote_signal = true; }},
      // It is not able to itself.
      {"it does not answer", "TARGET_UNREACHABLE", [](auto& sample) { n2(sample) = silent("n2"); }},
      {"its agent is silent", "TARGET_UNREACHABLE", [](auto& sample) { n2(sample).agent.reset(); }},
      {"it is no standby", "NOT_A_STANDBY",
       [](auto& sample) { n2(sample).agent->durable_role = NodeRole::primary; }},
      {"it does not stream", "NO_STREAMING_CANDIDATE",
       [](auto& sample) {
         n2(sample).receiver.reset();
         n1(sample).streamers.erase(n1(sample).streamers.begin());
       }},
      {"it does not stream and is behind", "PREFIX_VIOLATION",
       [](auto& sample) {
         n2(sample).receiver.reset();
         n2(sample).position -= 4096;
         n1(sample).streamers.erase(n1(sample).streamers.begin());
       }},
      {"it streams from a third", "NO_STREAMING_CANDIDATE",
       [](auto& sample) {
         n1(sample).streamers.erase(n1(sample).streamers.begin());
         stream(n2(sample), n3(sample));
       }},
      // The cluster's own troubles.
      {"another system", "SYSTEM_ID_MISMATCH",
       [](auto& sample) { n2(sample).system_identifier = kSystem + 1; }},
      {"a manager is at work on the primary", "MANAGER_AT_WORK",
       [](auto& sample) { n1(sample).managers = {"Patroni"}; }},
  };
  return kAll;
}

TEST(PostgresqlSightSuccessor, OnlyWhatThePrimarysStopEndsDoesNotCount) {
  for (const auto& row : rows()) {
    SCOPED_TRACE(row.name);
    auto sample = declared(healthy(), row.names);
    row.change(sample);
    const auto found = look(sample, "n2", row.names);
    EXPECT_EQ(found.ready.passes, row.code.empty()) << found.ready.text;
    EXPECT_EQ(found.ready.code, "SUCCESSOR_NOT_READY");
    if (!row.code.empty()) {
      EXPECT_THAT(found.ready.text, HasSubstr("n2 could not be promoted: " + row.code + ": "));
    }
  }
}

TEST(PostgresqlSightSuccessor, OneThatNobodyKnowsIsNotReady) {
  const auto found = look(healthy(), "n9");
  EXPECT_FALSE(found.ready.passes);
  EXPECT_THAT(found.ready.text, HasSubstr("NODE_UNKNOWN: n9 is not in the settings"));
}

TEST(PostgresqlSightSuccessor, ThePreviewIsThePromotionAsItStandsNow) {
  const auto sample = healthy();
  const auto found = look(sample, "n2");
  auto intent = wish(Action::promote, "n2");
  const auto now = checks(sample, intent, {kSystem, ""});
  ASSERT_EQ(found.preview.size(), now.size() + 1) << "and whether it streams from this primary";
  for (std::size_t i = 0; i < now.size(); ++i) {
    EXPECT_EQ(found.preview[i].code, now[i].code);
    EXPECT_EQ(found.preview[i].passes, now[i].passes);
    EXPECT_THAT(found.preview[i].text, testing::StartsWith(now[i].text));
    EXPECT_EQ(found.preview[i].text == now[i].text, now[i].passes) << "the mark of the stop";
  }
  EXPECT_EQ(found.preview.back().code, "NO_STREAMING_CANDIDATE");
}

TEST(PostgresqlSightSuccessor, WhatAlsoHasAnotherReasonIsNotMarked) {
  auto sample = healthy();
  third_is(sample, primary("n3"));
  const auto found = look(sample, "n2");
  for (const auto& check : found.preview)
    if (check.code == "WRITABLE_PRIMARY_EXISTS") {
      EXPECT_EQ(check.text.find("its stop ends that"), std::string::npos) << check.text;
    }
  EXPECT_EQ(found.ready.text.find("n1 is a primary"), std::string::npos)
      << "the reason is the other one: " << found.ready.text;
}

TEST(PostgresqlSightSuccessor, ADemotionIsRejectedForIt) {
  auto sample = healthy();
  n2(sample).receiver.reset();
  n1(sample).streamers.erase(n1(sample).streamers.begin());
  const ClusterRules rules{kSystem, ""};
  const auto refused = kernel::objection(checks(sample, demotion("n2"), rules), {});
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->code, "SUCCESSOR_NOT_READY");
  EXPECT_FALSE(kernel::objection(checks(sample, demotion("n3"), rules), {}));
  EXPECT_FALSE(kernel::objection(checks(sample, demotion(""), rules), {})) << "anybody will do";
}

TEST(PostgresqlSightSuccessor, ItsOwnRequestDoesNotStandInItsWay) {
  auto sample = healthy();
  RequestId own;
  own.counter = 7;
  own.kernel_action = true;
  n1(sample).agent->open_claim = {own};
  auto intent = demotion("n2");
  const ClusterRules rules{kSystem, ""};
  EXPECT_TRUE(kernel::objection(checks(sample, intent, rules), {}));
  intent.own = {own};
  EXPECT_FALSE(kernel::objection(checks(sample, intent, rules), {}));
}

}  // namespace
}  // namespace aeromq::postgresql
