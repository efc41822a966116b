// The register's rules, one test for each code.
#include "kernel/register.h"

#include <gtest/gtest.h>

#include "kernel/report_bounds.h"
#include "tests/kernel/fixtures.h"

namespace aeromq::kernel {
namespace {

Act wish(const Register& state, Action action, const std::string& node,
         std::vector<std::string> overrides = {}) {
  auto act = act_of({}, action, node, state.fencing_epoch);
  act.overrides = std::move(overrides);
  return act;
}

std::string code(const Register& state, const Act& act, std::uint64_t now_ms = kStart) {
  const auto rejection = judge(state, act, now_ms);
  return rejection ? rejection->code : "";
}

std::string code(const Register& state, Action action, const std::string& node) {
  return code(state, wish(state, action, node));
}

/// a was demoted and everybody has heard of it.
Register demoted() {
  auto state = three_nodes();
  all_report(state, kStart);
  apply(state, Action::demote, "a");
  all_report(state, kStart);
  return state;
}

/// a holds authority and has gone silent; b and c report.
Register silent_primary() {
  auto state = three_nodes();
  all_report(state, kStart - 10'000);
  for (const auto* name : {"b", "c"})
    (void)take_report(state, name, report_as(state, NodeRole::replica, 500), kStart);
  return state;
}

const std::vector<std::string> kForce{"OLD_PRIMARY_NOT_PROVEN_DOWN"};

TEST(Register, FirstNodeIsPrimaryOnCreation) {
  const auto state = three_nodes();
  EXPECT_EQ(state.holder, "a");
  EXPECT_EQ(state.fencing_epoch, 1U);
  EXPECT_EQ(assignment(state, "a").role, NodeRole::primary);
  EXPECT_EQ(assignment(state, "b").role, NodeRole::replica);
  EXPECT_EQ(assignment(state, "z").role, NodeRole::none);
}

TEST(Register, PromotionAfterDemotionIsAllowedAndChangesHands) {
  auto state = demoted();
  ASSERT_EQ(code(state, Action::promote, "b"), "");
  const auto effects = apply(state, Action::promote, "b");
  EXPECT_EQ(state.holder, "b");
  EXPECT_EQ(state.last_primary, "b");
  EXPECT_EQ(state.fencing_epoch, 3U);
  EXPECT_EQ(state.timeline, 2U);
  EXPECT_EQ(effects, (std::vector<Effect>{{"write_authority", "none", "b"},
                                          {"fencing_epoch", "2", "3"},
                                          {"timeline", "1", "2"}}));
}

TEST(Register, DemotionTakesAuthorityAndStartsNoTimeline) {
  auto state = demoted();
  EXPECT_EQ(state.holder, "");
  EXPECT_EQ(state.last_primary, "a");
  EXPECT_EQ(state.fencing_epoch, 2U);
  EXPECT_EQ(state.demoted_epoch, 2U);
  EXPECT_EQ(state.timeline, 1U);
}

Act with_successor(const Register& state, const std::string& successor) {
  auto act = wish(state, Action::demote, "a");
  act.successor = successor;
  return act;
}

TEST(Register, ADemotionWithASuccessorNeedsOneThatCouldFollow) {
  auto state = three_nodes();
  all_report(state, kStart);
  EXPECT_EQ(code(state, with_successor(state, "b")), "");
  EXPECT_EQ(code(state, with_successor(state, "z")), "SUCCESSOR_NOT_READY");
  const auto text_of_no = [&](const Register& now) {
    const auto no = judge(now, with_successor(now, "b"), kStart);
    return no ? no->code + ": " + no->text : "";
  };
  auto stale = state;
  stale.nodes["b"].heard->heard_ms = kStart - 10'000;
  EXPECT_NE(text_of_no(stale).find("b could not be promoted: REPORT_STALE: "), std::string::npos);
  auto behind = state;
  behind.nodes["b"].heard->report.position -= 1;
  EXPECT_NE(text_of_no(behind).find(": HISTORY_NOT_PREFIX: "), std::string::npos);
  auto claims = state;
  claims.nodes["b"].heard->report.role = NodeRole::primary;
  EXPECT_NE(text_of_no(claims).find(": NOT_A_REPLICA: "), std::string::npos);
}

// A primary that writes is always ahead of a replica's last report.
TEST(Register, ASuccessorHoldsWhatHadBeenToldWhenItReported) {
  auto state = three_nodes();
  all_report(state, kStart);
  ASSERT_TRUE(take_report(state, "a", report_as(state, NodeRole::primary, 600), kStart));
  EXPECT_EQ(code(state, with_successor(state, "b")), "") << "it had all of it, and then a went on";
  for (const auto& check : succession_of(state, "a", "b", kStart).preview) {
    if (check.code == "HISTORY_NOT_PREFIX") {
      EXPECT_FALSE(check.passes);
      EXPECT_TRUE(check.text.ends_with("its stop ends that")) << check.text;
    }
  }
  ASSERT_TRUE(take_report(state, "b", report_as(state, NodeRole::replica, 599), kStart));
  EXPECT_EQ(code(state, with_successor(state, "b")), "SUCCESSOR_NOT_READY") << "it does not follow";
}

// PRIMARY_ALIVE of the holder is what its demotion ends; of anybody else it is not.
TEST(Register, AnotherPrimaryStandsAgainstASuccessor) {
  auto state = three_nodes();
  all_report(state, kStart);
  state.nodes["c"].heard->report.role = NodeRole::primary;
  const auto no = judge(state, with_successor(state, "b"), kStart);
  ASSERT_TRUE(no);
  EXPECT_EQ(no->code, "SUCCESSOR_NOT_READY");
  EXPECT_NE(no->text.find("PRIMARY_ALIVE: c reported as primary"), std::string::npos) << no->text;
}

TEST(Register, ThePreviewOfASuccessorMarksWhatTheStopEnds) {
  auto state = three_nodes();
  all_report(state, kStart);
  std::vector<std::string> marked;
  for (const auto& check : succession_of(state, "a", "b", kStart).preview) {
    const bool mark =
        check.text.ends_with("nothing but a stands against it, and its stop ends that");
    EXPECT_EQ(mark, !check.passes) << check.code;
    if (mark) marked.push_back(check.code);
  }
  EXPECT_EQ(marked, (std::vector<std::string>{"AUTHORITY_HELD", "PRIMARY_ALIVE",
                                              "OLD_PRIMARY_NOT_PROVEN_DOWN"}));
  EXPECT_EQ(state.holder, "a") << "nothing was changed by looking";
}

TEST(Register, NodeUnknown) {
  EXPECT_EQ(code(demoted(), Action::promote, "z"), "NODE_UNKNOWN");
  EXPECT_EQ(code(three_nodes(), Action::demote, "z"), "NODE_UNKNOWN");
}

TEST(Register, OfAnUnknownNodeNothingElseIsSaid) {
  const auto codes = [](Action action) {
    std::vector<std::string> made;
    for (const auto& check : checks(demoted(), action, "z", kStart)) {
      made.push_back(check.code);
      EXPECT_EQ(check.text.starts_with("z "), check.code == "NODE_UNKNOWN") << check.text;
    }
    return made;
  };
  using Codes = std::vector<std::string>;
  EXPECT_EQ(codes(Action::demote), Codes{"NODE_UNKNOWN"});
  EXPECT_EQ(codes(Action::promote), (Codes{"NODE_UNKNOWN", "AUTHORITY_HELD", "PRIMARY_ALIVE",
                                           "OLD_PRIMARY_NOT_PROVEN_DOWN"}));
  EXPECT_EQ(codes(Action::force_promote),
            (Codes{"NODE_UNKNOWN", "PRIMARY_ALIVE", "LISTENING_TOO_SHORT",
                   "OLD_PRIMARY_NOT_PROVEN_DOWN"}));
}

TEST(Register, AuthorityHeldNamesItsHolder) {
  auto state = three_nodes();
  all_report(state, kStart);
  const auto rejection = judge(state, wish(state, Action::promote, "b"), kStart);
  ASSERT_TRUE(rejection);
  EXPECT_EQ(rejection->code, "AUTHORITY_HELD");
  EXPECT_EQ(rejection->invariants, std::vector<std::string>{"P6-A1"});
  EXPECT_NE(rejection->text.find("a holds"), std::string::npos);
}

TEST(Register, NotPrimary) {
  EXPECT_EQ(code(three_nodes(), Action::demote, "b"), "NOT_PRIMARY");
  EXPECT_EQ(code(demoted(), Action::demote, "a"), "NOT_PRIMARY");
  EXPECT_EQ(code(three_nodes(), Action::demote, "a"), "");
}

TEST(Register, NotAReplicaIfTheTargetClaims) {
  auto state = demoted();
  ASSERT_TRUE(take_report(state, "b", report_as(state, NodeRole::primary, 500), kStart));
  EXPECT_EQ(code(state, Action::promote, "b"), "NOT_A_REPLICA");
  EXPECT_EQ(code(silent_primary(), Action::force_promote, "a"), "NOT_A_REPLICA");
}

TEST(Register, ReportStaleProvesNothingAtTheLimit) {
  auto state = demoted();
  EXPECT_EQ(code(state, wish(state, Action::promote, "b"), kStart + kStale - 1), "");
  EXPECT_EQ(code(state, wish(state, Action::promote, "b"), kStart + kStale), "REPORT_STALE");
}

TEST(Register, HistoryNotPrefix) {
  auto state = demoted();
  ASSERT_TRUE(take_report(state, "b", report_as(state, NodeRole::replica, 499), kStart));
  auto rejection = judge(state, wish(state, Action::promote, "b"), kStart);
  ASSERT_TRUE(rejection);
  EXPECT_EQ(rejection->code, "HISTORY_NOT_PREFIX");
  EXPECT_EQ(rejection->invariants, (std::vector<std::string>{"P6-S2", "P6-S1"}));
  auto other = report_as(state, NodeRole::replica, 9999);
  other.timeline = 0;
  ASSERT_TRUE(take_report(state, "b", other, kStart));
  EXPECT_EQ(code(state, Action::promote, "b"), "HISTORY_NOT_PREFIX");
}

TEST(Register, HistoryNotPrefixIsNotForceable) {
  auto state = silent_primary();
  state.acknowledged = 501;
  EXPECT_EQ(code(state, wish(state, Action::force_promote, "b",
                             {"OLD_PRIMARY_NOT_PROVEN_DOWN", "HISTORY_NOT_PREFIX"})),
            "HISTORY_NOT_PREFIX");
}

TEST(Register, TheOldPrimarysLastWordRaisesWhatMustBeHeld) {
  auto state = demoted();
  const auto grew = take_report(state, "a", report_as(state, NodeRole::replica, 600), kStart);
  ASSERT_TRUE(grew);
  EXPECT_TRUE(*grew);
  EXPECT_EQ(code(state, Action::promote, "b"), "HISTORY_NOT_PREFIX");
}

TEST(Register, OldPrimaryNotProvenDown) {
  // Its report is from before the demotion.
  auto state = three_nodes();
  all_report(state, kStart);
  apply(state, Action::demote, "a");
  auto before = report_as(state, NodeRole::replica, 500);
  before.fencing_epoch = 1;
  ASSERT_TRUE(take_report(state, "a", before, kStart));
  EXPECT_EQ(code(state, Action::promote, "b"), "OLD_PRIMARY_NOT_PROVEN_DOWN");
  // It is silent.
  state = demoted();
  (void)take_report(state, "b", report_as(state, NodeRole::replica, 500), kStart + kStale);
  EXPECT_EQ(code(state, wish(state, Action::promote, "b"), kStart + kStale),
            "OLD_PRIMARY_NOT_PROVEN_DOWN");
  // Naming the code does not help a promotion.
  EXPECT_EQ(code(state, wish(state, Action::promote, "b", kForce), kStart + kStale),
            "OLD_PRIMARY_NOT_PROVEN_DOWN");
  EXPECT_EQ(code(state, wish(state, Action::force_promote, "b", kForce), kStart + kStale), "");
}

TEST(Register, PrimaryAliveIsEvidenceThatForceCannotOverride) {
  auto state = three_nodes();
  all_report(state, kStart);
  EXPECT_EQ(code(state, wish(state, Action::force_promote, "b",
                             {"OLD_PRIMARY_NOT_PROVEN_DOWN", "PRIMARY_ALIVE"})),
            "PRIMARY_ALIVE");
  // A demoted primary that goes on is alive too.
  state = demoted();
  (void)take_report(state, "a", report_as(state, NodeRole::primary, 500), kStart);
  EXPECT_EQ(code(state, wish(state, Action::force_promote, "b", kForce)), "PRIMARY_ALIVE");
  EXPECT_EQ(code(state, Action::promote, "b"), "PRIMARY_ALIVE");
}

TEST(Register, ForceTakesAuthorityFromASilentHolder) {
  auto state = silent_primary();
  EXPECT_EQ(code(state, Action::promote, "b"), "AUTHORITY_HELD");
  ASSERT_EQ(code(state, wish(state, Action::force_promote, "b", kForce)), "");
  apply(state, Action::force_promote, "b");
  EXPECT_EQ(state.holder, "b");
  EXPECT_EQ(state.fencing_epoch, 2U);
  EXPECT_EQ(state.timeline, 2U);
}

TEST(Register, ListeningTooShortJustAfterAStart) {
  auto state = silent_primary();
  state.nodes["a"].heard.reset();
  state.listening_since_ms = kStart - kStale + 1;
  EXPECT_EQ(code(state, wish(state, Action::force_promote, "b", kForce)), "LISTENING_TOO_SHORT");
  state.listening_since_ms = kStart - kStale;
  EXPECT_EQ(code(state, wish(state, Action::force_promote, "b", kForce)), "");
}

TEST(Register, FactsChangedIfTheFencingEpochMoved) {
  const auto state = demoted();
  auto act = wish(state, Action::promote, "b");
  act.fencing_epoch = 1;
  const auto rejection = judge(state, act, kStart);
  ASSERT_TRUE(rejection);
  EXPECT_EQ(rejection->code, "FACTS_CHANGED");
  EXPECT_EQ(rejection->invariants, std::vector<std::string>{"P7-A2"});
}

TEST(Register, FactsChangedIfAnOverrideIsMissing) {
  EXPECT_EQ(code(silent_primary(), Action::force_promote, "b"), "FACTS_CHANGED");
}

TEST(Register, EveryCheckStandsOnceAndOnlyForceOverrides) {
  for (const auto action : {Action::promote, Action::demote, Action::force_promote}) {
    std::set<std::string> seen;
    for (const auto& check : checks(silent_primary(), action, "b", kStart)) {
      EXPECT_TRUE(seen.insert(check.code).second) << check.code;
      EXPECT_EQ(check.overridable,
                action == Action::force_promote && check.code == "OLD_PRIMARY_NOT_PROVEN_DOWN");
    }
  }
}

TEST(Register, SameStateAndRequestSameDecision) {
  const auto state = silent_primary();
  EXPECT_EQ(checks(state, Action::force_promote, "b", kStart),
            checks(state, Action::force_promote, "b", kStart));
}

TEST(Register, AReportMayNotClaimWhatWasNeverGiven) {
  auto state = three_nodes();
  auto report = report_as(state, NodeRole::primary, 1);
  report.fencing_epoch = 2;
  EXPECT_EQ(take_report(state, "a", report, kStart).error().field, "fencing_epoch");
  report = report_as(state, NodeRole::primary, 1);
  report.timeline = 2;
  EXPECT_EQ(take_report(state, "a", report, kStart).error().field, "timeline");
  EXPECT_EQ(take_report(state, "a", report_as(state, NodeRole::none, 1), kStart).error().field,
            "role");
  EXPECT_EQ(take_report(state, "z", report_as(state, NodeRole::replica, 1), kStart).error().field,
            "node");
  EXPECT_EQ(state, three_nodes());
}

TEST(Register, AReplicaNeverRaisesTheAcknowledgedPosition) {
  auto state = three_nodes();
  const auto grew = take_report(state, "b", report_as(state, NodeRole::replica, 900), kStart);
  ASSERT_TRUE(grew);
  EXPECT_FALSE(*grew);
  EXPECT_EQ(state.acknowledged, 0U);
}

TEST(Register, SnapshotSaysWhatIsStaleAndHowFarBehind) {
  auto state = three_nodes();
  (void)take_report(state, "a", report_as(state, NodeRole::primary, 1000), kStart);
  (void)take_report(state, "b", report_as(state, NodeRole::replica, 400), kStart);
  const auto snapshot = snapshot_of(state, 7, kStart + 10, 1);
  ASSERT_EQ(snapshot.nodes.size(), 3U);
  EXPECT_EQ(snapshot.nodes[1].lag, 600U);
  EXPECT_EQ(snapshot.nodes[1].report_age_ms, 10U);
  EXPECT_FALSE(snapshot.nodes[1].stale);
  EXPECT_TRUE(snapshot.nodes[2].stale);
  EXPECT_EQ(snapshot.nodes[2].reported, NodeRole::none);
}

// One absurd report must not forbid every later promotion.
TEST(Register, AnAbsurdReportIsRefusedAndNamed) {
  auto state = three_nodes();
  all_report(state, kStart);
  const auto told = [&](const std::string& node, NodeRole role, std::uint64_t position,
                        std::uint64_t now_ms) {
    const auto taken = take_report(state, node, report_as(state, role, position), now_ms);
    if (!taken) keep_refused(state, node, taken.error(), now_ms);
    return taken ? std::string{} : taken.error().field;
  };
  for (const auto absurd : {~std::uint64_t{0}, std::uint64_t{1} << 63, kMostPosition + 1,
                            std::uint64_t{1} << 50, kMostAtOnce + 501}) {
    EXPECT_EQ(told("a", NodeRole::primary, absurd, kStart), "position") << absurd;
    EXPECT_EQ(told("b", NodeRole::replica, absurd, kStart), "position") << absurd;
  }
  EXPECT_EQ(state.acknowledged, 500U);
  const auto findings = snapshot_of(state, 1, kStart, 0).findings;
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[0].code, "REPORT_REFUSED");
  EXPECT_TRUE(findings[0].text.starts_with("a sent a report that was refused: "))
      << findings[0].text;
  EXPECT_TRUE(snapshot_of(state, 1, kStart + 600'000, 0).findings.empty());
  apply(state, Action::demote, "a");
  all_report(state, kStart);
  EXPECT_EQ(code(state, Action::promote, "b"), "");
}

TEST(Register, APositionGrowsWithTheTimeThatPassed) {
  auto state = three_nodes();
  all_report(state, kStart);
  const auto takes = [&](std::uint64_t position, std::uint64_t now_ms) {
    auto copy = state;
    return take_report(copy, "a", report_as(state, NodeRole::primary, position), now_ms)
        .has_value();
  };
  EXPECT_TRUE(takes(kMostAtOnce, kStart));
  EXPECT_FALSE(takes(2 * kMostAtOnce, kStart));
  EXPECT_TRUE(takes(2 * kMostAtOnce, kStart + 1000 * kMostAtOnce / kMostGrowth + 1));
  EXPECT_TRUE(takes(kMostPosition, ~std::uint64_t{0} / 2)) << "a node that was away for years";
  EXPECT_FALSE(takes(kMostPosition + 1, ~std::uint64_t{0} / 2));
  auto fresh = three_nodes();
  fresh.acknowledged = 500;  // as after a start of the kernel
  EXPECT_FALSE(
      take_report(fresh, "a", report_as(fresh, NodeRole::primary, 2 * kMostUnheard), kStart));
  EXPECT_TRUE(take_report(fresh, "a", report_as(fresh, NodeRole::primary, kMostUnheard), kStart));
  auto made = three_nodes();
  EXPECT_TRUE(take_report(made, "a", report_as(made, NodeRole::primary, kMostPosition), kStart))
      << "nothing was known of a service that came with its history";
  auto absurd = three_nodes();
  all_report(absurd, kStart);
  absurd.acknowledged = ~std::uint64_t{0};  // as an earlier version may have believed
  EXPECT_TRUE(
      take_report(absurd, "a", report_as(absurd, NodeRole::primary, 4 * kMostAtOnce), kStart))
      << "a bound that wraps around would refuse the truth";
}

TEST(Register, OnlyAPersonLowersWhatAReportRaised) {
  auto state = three_nodes();
  all_report(state, kStart);
  ASSERT_TRUE(take_report(state, "a", report_as(state, NodeRole::primary, kMostAtOnce), kStart));
  const auto refused = [&](std::uint64_t to, std::uint64_t now_ms) {
    auto copy = state;
    const auto done = lower_acknowledged(copy, to, now_ms);
    EXPECT_EQ(copy.acknowledged, done ? to : state.acknowledged);
    return done ? std::string{} : done.error().message;
  };
  EXPECT_NE(refused(kMostAtOnce, kStart).find("can only be lowered"), std::string::npos);
  EXPECT_NE(refused(500, kStart).find("a is heard at"), std::string::npos);
  EXPECT_EQ(refused(500, kStart + kStale), "") << "a is silent";
  (void)take_report(state, "a", report_as(state, NodeRole::primary, 501), kStart);
  EXPECT_NE(refused(500, kStart).find("a is heard at 0/1F5"), std::string::npos);
  EXPECT_EQ(refused(501, kStart), "");
  auto started = three_nodes();
  started.acknowledged = 5000;
  started.listening_since_ms = kStart;
  EXPECT_FALSE(lower_acknowledged(started, 500, kStart + kStale - 1)) << "silence is not proven";
  EXPECT_TRUE(lower_acknowledged(started, 500, kStart + kStale));
}

}  // namespace
}  // namespace aeromq::kernel
