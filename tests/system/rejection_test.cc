// The kernel's no is final and told word for word (D3, F7.1, B4); what was explained must still
// hold when it acts (C2); force overrides one check and no other.
#include "tests/system/system_test.h"

namespace aeromq::system_tests {
namespace {

using ::testing::ElementsAre;

class Rejection : public SystemTest {
 protected:
  void TearDown() override {
    for (const char* name : {"a", "b", "c"}) fault(name, "");
    make_holder();
  }

  /// Somebody holds write authority and everybody follows.
  static void make_holder() {
    ASSERT_TRUE(stack().settle());
    if (!holder().empty()) return;
    auto asked = ask("operator", {"promote", promotable(), "--reason", "back to normal"});
    ASSERT_NE(asked.request, "");
    ASSERT_EQ(asked.yes().exit_code, 0);
  }

  static std::string replica() {
    const auto who = holder();
    return who == "a" ? "b" : "a";
  }

  /// Confirms in full; the kernel rejects with `code`, and tool, ledger, log and outcome have the
  /// same words.
  static void expect_rejected(Asked asked, const std::string& code) {
    ASSERT_NE(asked.request, "");
    const auto before = stack().ledger();
    const auto ended = asked.yes();
    EXPECT_EQ(ended.exit_code, 20) << ended.out << ended.err;
    auto told = last_object(ended.out);
    EXPECT_EQ(told["outcome"], "not executed");
    auto error = told["error"];
    EXPECT_EQ(error["code"], code) << ended.out;
    EXPECT_EQ(error["domain"], "KernelRejection");
    EXPECT_FALSE(error["invariants"].empty());
    const auto file = stack().register_file();
    const auto words = chaos::ledger_text(file, asked.request, "text");
    EXPECT_NE(words, "");
    EXPECT_EQ(error["message"], words);
    EXPECT_EQ(chaos::ledger_text(file, asked.request, "code"), code);
    auto record = last_record(asked.request, "rejected");
    EXPECT_EQ(record["kernel_code"], code) << record.dump(2);
    EXPECT_EQ(record["kernel_text"], words);
    EXPECT_THAT(stages(asked.request), ElementsAre("requested", "confirmation_asked", "confirmed",
                                                   "dispatched", "rejected"));
    const auto outcome = ctl("operator", {"outcome", asked.request});
    EXPECT_EQ(outcome.exit_code, 20);
    EXPECT_EQ(parsed(outcome.out)["code"], code);
    EXPECT_EQ(parsed(outcome.out)["text"], words);
    const auto after = stack().ledger();
    EXPECT_EQ(after.fencing_epoch, before.fencing_epoch);
    EXPECT_EQ(after.executed, before.executed);
    EXPECT_TRUE(after.rejected.contains(asked.request));
  }
};

TEST_F(Rejection, AuthorityHeld) {
  expect_rejected(ask("operator", {"promote", replica(), "--reason", "x"}), "AUTHORITY_HELD");
}

TEST_F(Rejection, NotPrimary) {
  expect_rejected(ask("operator", {"demote", replica(), "--reason", "x"}), "NOT_PRIMARY");
}

TEST_F(Rejection, NodeUnknown) {
  for (const char* verb : {"promote", "demote", "force-promote"})
    expect_rejected(ask("operator", {verb, "nowhere", "--reason", "x"}), "NODE_UNKNOWN");
}

TEST_F(Rejection, HistoryNotPrefix) {
  const auto behind = replica();
  fault(behind, "lag");
  ASSERT_TRUE(poll_until(kSoonMs, [&] {
    const auto seen = node(behind);
    return seen.value("state", "") == "lagging" && seen.value("lag", 0) > 8192;
  }));
  demote_holder();
  ASSERT_TRUE(poll_until(kSoonMs, [&] {
    const auto explained = stack().inspect({"explain", "promote", behind});
    if (!explained) return false;
    for (const auto& check : (*explained)["checks"])
      if (check["passes"] != (check["code"] != "HISTORY_NOT_PREFIX")) return false;
    return true;
  })) << "only the history is in the way";
  expect_rejected(ask("operator", {"promote", behind, "--reason", "x"}), "HISTORY_NOT_PREFIX");
  // No acknowledgement helps: force overrides another check.
  expect_rejected(ask("operator", {"force-promote", behind, "--reason", "x"}),
                  "HISTORY_NOT_PREFIX");
}

TEST_F(Rejection, OldPrimaryNotProvenDownAndForce) {
  const auto old = holder();
  const auto next = replica();
  expect_rejected(ask("operator", {"force-promote", next, "--reason", "x"}), "PRIMARY_ALIVE");
  fault(old, "stop");
  ASSERT_TRUE(wait_stale(old));
  demote_holder();
  expect_rejected(ask("operator", {"promote", next, "--reason", "x"}),
                  "OLD_PRIMARY_NOT_PROVEN_DOWN");
  auto forced = ask("operator", {"force-promote", next, "--reason", "the host is off"});
  ASSERT_NE(forced.request, "");
  EXPECT_EQ(forced.pending["risks"][0]["id"], "OLD_PRIMARY_NOT_PROVEN_DOWN");
  const auto ended = forced.yes();
  EXPECT_EQ(ended.exit_code, 0) << ended.out;
  EXPECT_EQ(holder(), next);
  auto record = last_record(forced.request, "confirmed");
  EXPECT_EQ(record["confirmation"], "enhanced") << record.dump(2);
  EXPECT_THAT(record["acknowledged"], ElementsAre("OLD_PRIMARY_NOT_PROVEN_DOWN"));
  EXPECT_NE(record["responsibility"], "");
}

TEST_F(Rejection, ForceOverASilentHolder) {
  const auto old = holder();
  const auto next = replica();
  fault(old, "stop");
  ASSERT_TRUE(wait_stale(old));
  auto forced = ask("operator", {"force-promote", next, "--reason", "the host is off"});
  ASSERT_NE(forced.request, "");
  EXPECT_EQ(forced.yes().exit_code, 0);
  EXPECT_EQ(holder(), next);
  fault(old, "");
  EXPECT_TRUE(poll_until(kSoonMs, [&] {
    const auto seen = node(old);
    return seen.value("reported", "") == "replica" && !seen.value("stale", true);
  })) << "the old primary comes back as a replica";
}

TEST_F(Rejection, FactsChangedBetweenExplanationAndYes) {
  const auto old = holder();
  auto first = ask("operator", {"demote", old, "--reason", "first"});
  auto second = ask("operator", {"demote", old, "--reason", "second"});
  ASSERT_NE(second.request, "");
  EXPECT_EQ(first.yes().exit_code, 0);
  expect_rejected(std::move(second), "FACTS_CHANGED");
  // There and back again: the same node, another fencing epoch.
  auto promotion = ask("operator", {"promote", promotable(), "--reason", "x"});
  EXPECT_EQ(promotion.yes().exit_code, 0);
  const auto now = holder();
  auto stale = ask("operator", {"demote", now, "--reason", "explained before"});
  demote_holder();
  auto back = ask("operator", {"promote", promotable(), "--reason", "x"});
  EXPECT_EQ(back.yes().exit_code, 0);
  expect_rejected(std::move(stale), "FACTS_CHANGED");
}

TEST_F(Rejection, WhatPassedWhenExplainedIsCheckedAgain) {
  const auto old = holder();
  const auto next = replica();
  demote_holder();
  ASSERT_TRUE(poll_until(kSoonMs, [&] {
    const auto explained = stack().inspect({"explain", "promote", next});
    return explained && std::ranges::all_of((*explained)["checks"], [](const json& check) {
             return check["passes"] == true;
           });
  }));
  auto plain = ask("operator", {"promote", next, "--reason", "all checks passed when explained"});
  ASSERT_NE(plain.request, "");
  fault(old, "stop");
  ASSERT_TRUE(wait_stale(old));
  expect_rejected(std::move(plain), "OLD_PRIMARY_NOT_PROVEN_DOWN");
}

}  // namespace
}  // namespace aeromq::system_tests
