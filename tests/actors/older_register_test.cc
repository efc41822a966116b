// A register that was copied back: what the control plane's own log knows of it, and what it may
// not say any more.
#include "actors/dispatcher/older_register.h"

#include <gmock/gmock.h>

namespace aeromq {
namespace {

using testing::HasSubstr;

constexpr HistoryId kHistory{{1, 2, 3, 4}};

RequestId id_of(std::uint32_t epoch, std::uint32_t counter, HistoryId history = kHistory) {
  RequestId id;
  id.session.history = history;
  id.session.dispatcher = 1;
  id.session.epoch = epoch;
  id.session.number = 1;
  id.counter = counter;
  id.kernel_action = true;
  return id;
}

Record record_of(std::uint64_t seq, Stage stage, const RequestId& id) {
  Record record;
  record.seq = seq;
  record.stage = stage;
  record.request = id.text();
  return record;
}

Record executed(std::uint64_t seq, const RequestId& id, std::uint64_t fencing_epoch) {
  auto record = record_of(seq, Stage::executed, id);
  record.effects = {
      {"write_authority", "a", "none"},
      {"fencing_epoch", std::to_string(fencing_epoch - 1), std::to_string(fencing_epoch)},
      {"timeline", "1", "2"}};
  return record;
}

TEST(NewestFact, IsOfWhatWasSentAndOfNobodysWord) {
  NewestFact fact;
  for (const auto stage : {Stage::requested, Stage::refused, Stage::answered, Stage::failed})
    EXPECT_FALSE(fact.take(record_of(1, stage, id_of(9, 1)))) << "an id that a client made up";
  EXPECT_FALSE(fact.known());
  EXPECT_TRUE(fact.take(record_of(2, Stage::dispatched, id_of(3, 1))));
  EXPECT_EQ(fact.epoch, 3U);
  EXPECT_FALSE(fact.take(record_of(3, Stage::dispatched, id_of(3, 2)))) << "nothing newer";
  EXPECT_TRUE(fact.take(executed(4, id_of(3, 2), 7)));
  EXPECT_EQ(fact.record, 4U);
  EXPECT_EQ(fact.fencing_epoch, 7U);
  EXPECT_EQ(fact.timeline, 2U);
  EXPECT_TRUE(fact.take(executed(5, id_of(1, 8), 6))) << "told late, of an earlier epoch";
  EXPECT_EQ(fact.epoch, 3U);
  EXPECT_EQ(fact.fencing_epoch, 7U);
  EXPECT_EQ(decode<NewestFact>(encode(fact)).value(), fact);
}

TEST(NewestFact, ANewHistoryForgetsTheOldOne) {
  NewestFact fact;
  fact.take(executed(4, id_of(3, 2), 7));
  EXPECT_TRUE(fact.take(record_of(5, Stage::dispatched, id_of(1, 1, HistoryId{{9}}))));
  EXPECT_EQ(fact.epoch, 1U);
  EXPECT_EQ(fact.fencing_epoch, 0U);
}

TEST(OlderRegister, IsToldByItsFencingEpochOrByAnEpochThatItHasForgotten) {
  NewestFact fact;
  fact.take(executed(4, id_of(3, 2), 7));
  const auto opened = [](std::uint64_t epoch, HistoryId history = kHistory) {
    return Opened{history, 1, epoch, 0, 0, "demo"};
  };
  EXPECT_EQ(older_than_log(fact, opened(4), 7), "");
  EXPECT_EQ(older_than_log(fact, opened(4), 8), "");
  EXPECT_THAT(
      older_than_log(fact, opened(4), 6),
      HasSubstr("the register is at fencing epoch 6, the audit log has it at 7 since record "
                "4, which executed " +
                id_of(3, 2).text()));
  EXPECT_THAT(older_than_log(fact, opened(3), 7),
              HasSubstr("the register gave epoch 3 to dispatcher 1, the audit log has requests of "
                        "epoch 3"));
  EXPECT_TRUE(is_used(fact, opened(3)));
  EXPECT_FALSE(is_used(fact, opened(4)));
  EXPECT_EQ(older_than_log(fact, opened(1, HistoryId{{9}}), 1), "") << "a new history was begun";
  EXPECT_EQ(older_than_log({}, opened(1), 1), "") << "a log that knows of nothing";
}

TEST(OlderRegister, ShowsItselfAndDecidesNothing) {
  KernelAnswer answer;
  answer.kind = CallKind::survey;
  answer.snapshot.checks.resize(32);
  say_older(answer, "why");
  ASSERT_EQ(answer.snapshot.checks.size(), 32U);
  EXPECT_EQ(answer.snapshot.checks.front(),
            (Check{"REGISTER_OLDER", "P6-F1", "why", false, false}));
  EXPECT_EQ(answer.snapshot.findings.back(), (Finding{"REGISTER_OLDER", Severity::alarm, "why"}));
  KernelCall call;
  call.kind = CallKind::act;
  call.id = 5;
  const auto refused = refused_as_older(call, "why");
  EXPECT_EQ(refused.id, 5U);
  EXPECT_EQ(refused.kind, CallKind::act);
  EXPECT_EQ(refused.act.status, ActStatus::refused);
  EXPECT_EQ(refused.act.code, "REGISTER_OLDER");
}

TEST(OlderRegister, IsOneCheckAlthoughTheKernelHasAReasonOfItsOwn) {
  KernelAnswer answer;
  answer.kind = CallKind::survey;
  answer.snapshot.checks = {{"NODE_UNKNOWN", "P6-F1", "it is there", true, false},
                            {"REGISTER_OLDER", "P6-F1", "an agent promised more", false, false}};
  say_older(answer, "why");
  ASSERT_EQ(answer.snapshot.checks.size(), 2U);
  EXPECT_EQ(answer.snapshot.checks[0], (Check{"REGISTER_OLDER", "P6-F1", "why", false, false}));
  EXPECT_EQ(answer.snapshot.checks[1].code, "NODE_UNKNOWN");
}

TEST(OlderRegister, WhatItHasNoRowOfIsUnknown) {
  const auto told = [](Verdict verdict) {
    KernelAnswer answer;
    answer.kind = CallKind::outcome;
    answer.outcome.resize(1);
    answer.outcome[0].verdict = verdict;
    answer.outcome[0].final_ = true;
    say_older(answer, "why");
    return answer.outcome[0];
  };
  for (const auto verdict : {Verdict::not_executed, Verdict::not_yet_decided, Verdict::unknown}) {
    EXPECT_EQ(told(verdict).verdict, Verdict::unknown);
    EXPECT_FALSE(told(verdict).final_);
    EXPECT_EQ(told(verdict).why, "why");
  }
  for (const auto verdict : {Verdict::executed, Verdict::rejected, Verdict::no_kernel_change}) {
    EXPECT_EQ(told(verdict).verdict, verdict);
    EXPECT_TRUE(told(verdict).final_);
  }
}

}  // namespace
}  // namespace aeromq
