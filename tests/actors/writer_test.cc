// Records stand for everything that is sent, in order, and no token reaches one (G1, G2, G4).
#include <gtest/gtest.h>

#include "actors/writer/audit_writer.h"
#include "messages/digest.h"

namespace aeromq {
namespace {

class WriterTest : public testing::Test {
 protected:
  WriterTest() { id_.counter = 1; }

  template <class T>
  Step on(MessageType type, const T& body) {
    return writer_.on({type, id_, "alice", encode(body)}, now_);
  }
  template <class T>
  Step on(const T& body) {
    return on(T::kType, body);
  }
  Bytes command(const char* name = "request_demotion") {
    id_.kernel_action = command_row(*find_command(name)).kernel_action();
    return encode(
        Submit{name, id_.kernel_action ? "n1" : "", id_.kernel_action ? "why" : "", "", {}});
  }
  Acted acted(ActStatus status) {
    Acted body{Authority::operator_, command(), 4, false, {}, {}};
    body.answer.status = status;
    body.answer.code = status == ActStatus::executed ? "" : "CODE";
    body.answer.text = "the kernel's words";
    body.answer.effects = {{"holder", "n1", ""}};
    return body;
  }
  Confirmed confirmed() {
    Confirmed body{
        Authority::operator_, command(), ConfirmationKind::standard, {}, {}, 10, 3, {}, ""};
    body.token_digest.octets.fill(1);
    body.explanation_digest.octets.fill(2);
    return body;
  }
  static Error told(const Step& step) {
    EXPECT_EQ(step.send.at(0).type, MessageType::error);
    const auto answer = decode<ErrorAnswer>(step.send.at(0).body).value();
    EXPECT_EQ(answer.record, step.records.back().seq);
    return answer.error;
  }

  RequestId id_;
  Moment now_{11, 22};
  AuditWriter writer_{100, "b007"};
};

TEST_F(WriterTest, NumbersAreDenseAndTimesAreTheHosts) {
  const auto begin = writer_.begin(now_).records.at(0);
  EXPECT_EQ(begin.stage, Stage::run_begins);
  EXPECT_EQ(begin.seq, 100U);
  EXPECT_EQ(begin.boot_ns, 11U);
  EXPECT_EQ(begin.wall_ns, 22U);
  EXPECT_EQ(begin.boot, "b007");
  const auto end = writer_.end(now_).records.at(0);
  EXPECT_EQ(end.stage, Stage::run_ends);
  EXPECT_EQ(end.seq, 101U);
}

TEST_F(WriterTest, ObservedIsRequestedAndAnsweredThenTold) {
  const auto view = encode(View{});
  const auto step = on(Observed{Authority::observer, command("inspect_wal"), 9, 3, "line", view});
  ASSERT_EQ(step.records.size(), 2U);
  EXPECT_EQ(step.records[0].stage, Stage::requested);
  EXPECT_EQ(step.records[1].stage, Stage::answered);
  EXPECT_EQ(step.records[1].cause, step.records[0].seq);
  EXPECT_EQ(step.records[1].snapshot_summary, "line");
  EXPECT_EQ(step.records[1].command, "inspect_wal");
  EXPECT_EQ(step.records[1].command_digest, to_hex(sha256(command("inspect_wal")).view()));
  const auto result = decode<RequestResult>(step.send.at(0).body).value();
  EXPECT_FALSE(result.executed);
  EXPECT_EQ(result.view, view);
}

TEST_F(WriterTest, ATokenIsRecordedByItsDigestOnly) {
  Explanation explanation;
  explanation.confirmation = ConfirmationKind::standard;
  Asked body{Authority::operator_,  command(), encode(explanation), "line", {}, 1000,
             "demote n1 on batman", {}};
  body.token.octets.fill(0x5A);
  const auto step = on(body);
  ASSERT_EQ(step.records.size(), 2U);
  EXPECT_EQ(step.records[1].token_digest, to_hex(sha256(body.token.view()).view()));
  const auto octets = body.token.octets;
  for (const auto& record : step.records) {
    const auto row = encode_row(record);
    EXPECT_TRUE(std::search(row.begin(), row.end(), octets.begin(), octets.end()) == row.end());
    EXPECT_EQ(std::string(as_text(row)).find(to_hex(octets)), std::string::npos);
  }
  const auto asked = decode<ConfirmationAsked>(step.send.at(0).body).value();
  EXPECT_EQ(asked.token, body.token);
  EXPECT_EQ(asked.sentence, "demote n1 on batman");
}

TEST_F(WriterTest, ConfirmedAndDispatchedComeBeforeTheLicence) {
  auto body = confirmed();
  body.acknowledged = {"A"};
  const auto step = on(body);
  ASSERT_EQ(step.records.size(), 2U);
  EXPECT_EQ(step.records[0].stage, Stage::confirmed);
  EXPECT_EQ(step.records[1].stage, Stage::dispatched);
  EXPECT_EQ(step.records[1].cause, step.records[0].seq);
  const auto dispatch = decode<Dispatch>(step.send.at(0).body).value();
  EXPECT_EQ(dispatch.record, step.records[1].seq);
  EXPECT_EQ(dispatch.fencing_epoch, 3U);
  EXPECT_EQ(dispatch.overrides, body.acknowledged);
  EXPECT_EQ(dispatch.command, body.command);
}

// B5: what can't be attributed does not execute.
TEST_F(WriterTest, NoLicenceForWhatCannotBeAttributed) {
  const auto refused = [&](auto change) {
    auto body = confirmed();
    change(body);
    const auto step = on(body);
    EXPECT_EQ(step.records.at(0).stage, Stage::control_plane);
    EXPECT_EQ(step.send.size(), 1U);
    const auto error = told(step);
    EXPECT_EQ(error.code, "MALFORMED");
    EXPECT_EQ(error.outcome, Outcome::not_executed);
  };
  refused([](Confirmed& body) { body.authority = Authority::observer; });
  refused([](Confirmed& body) { body.confirmation = ConfirmationKind::enhanced; });
  refused([](Confirmed& body) { body.confirmation = ConfirmationKind::never; });
  refused([](Confirmed& body) { body.token_digest = {}; });
  refused([](Confirmed& body) { body.explanation_digest = {}; });
  refused([](Confirmed& body) { body.command.push_back(0); });
  const auto nobody = writer_.on({MessageType::confirmed, id_, "", encode(confirmed())}, now_);
  EXPECT_EQ(nobody.send.at(0).type, MessageType::error);
}

TEST_F(WriterTest, WhatTheKernelSaidIsRecordedAndToldVerbatim) {
  struct Row {
    ActStatus status;
    Stage stage;
    RecordOutcome outcome;
    const char* code;
    Domain domain;
  };
  for (const auto& row : {Row{ActStatus::rejected, Stage::rejected, RecordOutcome::not_executed,
                              "CODE", Domain::kernel_rejection},
                          Row{ActStatus::refused, Stage::failed, RecordOutcome::not_executed,
                              "SESSION_ENDED", Domain::validation},
                          Row{ActStatus::duplicate, Stage::refused, RecordOutcome::unknown,
                              "DUPLICATE_REQUEST", Domain::validation}}) {
    const auto step = on(acted(row.status));
    const auto& record = step.records.at(0);
    EXPECT_EQ(record.stage, row.stage);
    EXPECT_EQ(record.outcome, row.outcome);
    EXPECT_EQ(record.cause, 4U);
    EXPECT_EQ(record.kernel_code, "CODE");
    EXPECT_TRUE(record.effects.empty());
    const auto error = told(step);
    EXPECT_EQ(error.code, row.code);
    EXPECT_EQ(error.domain, row.domain);
    if (row.domain == Domain::kernel_rejection) {
      EXPECT_EQ(error.message, "the kernel's words");
    }
  }
}

TEST_F(WriterTest, ADuplicateNamesTheFirstOnesOutcome) {
  auto first = acted(ActStatus::duplicate);
  first.answer.first_executed = true;
  EXPECT_NE(told(on(first)).message.find("the first one was executed"), std::string::npos);
  first.answer.first_executed = false;
  EXPECT_NE(told(on(first)).message.find("the first one was rejected: CODE"), std::string::npos);
}

TEST_F(WriterTest, ExecutedIsAResult) {
  const auto step = on(acted(ActStatus::executed));
  EXPECT_EQ(step.records.at(0).stage, Stage::executed);
  EXPECT_EQ(step.records.at(0).outcome, RecordOutcome::executed);
  EXPECT_EQ(step.records.at(0).effects.size(), 1U);
  const auto result = decode<RequestResult>(step.send.at(0).body).value();
  EXPECT_TRUE(result.executed);
  EXPECT_EQ(result.record, step.records.at(0).seq);
}

TEST_F(WriterTest, LostIsUnknownForAnActAndNotExecutedForDiagnostics) {
  auto body = acted(ActStatus::executed);
  body.lost = true;  // whatever else it claims
  const auto lost = on(body);
  EXPECT_EQ(lost.records.at(0).stage, Stage::failed);
  EXPECT_EQ(lost.records.at(0).outcome, RecordOutcome::unknown);
  EXPECT_EQ(told(lost).code, "KERNEL_LOST");
  body.command = command("run_diagnostics");
  EXPECT_EQ(told(on(body)).code, "KERNEL_UNAVAILABLE");
  EXPECT_EQ(told(on(body)).outcome, Outcome::not_executed);
}

TEST_F(WriterTest, EveryRefusalIsRecordedAndTold) {
  Refused body{make_error(ErrorCode::no_authority), Authority::observer, command(), {}, {}};
  for (const auto type : {MessageType::refused_by_gate, MessageType::refused_by_dispatcher,
                          MessageType::refused_by_explainer, MessageType::refused_by_keeper,
                          MessageType::refused_by_reader}) {
    const auto step = on(type, body);
    EXPECT_EQ(step.records.at(0).stage, Stage::refused);
    EXPECT_EQ(step.records.at(0).error_code, "NO_AUTHORITY");
    EXPECT_EQ(told(step), body.error);
  }
}

TEST_F(WriterTest, AnAuditReadRecordsWhoAndWhichQuery) {
  AuditQuery query;
  query.kind = AuditQueryKind::query;
  query.principal = "alice";
  const auto step = on(AuditAnswer{Authority::auditor, encode(query), {7}});
  EXPECT_EQ(step.records.at(0).stage, Stage::audit_read);
  EXPECT_EQ(step.records.at(0).command, "audit_query");
  EXPECT_EQ(step.records.at(0).reason, "principal=alice");
  EXPECT_EQ(decode<AuditResult>(step.send.at(0).body).value().answer, (Bytes{7}));
}

// The broker alone hears of its report, by the report's own nonce; it knows who waits.
TEST_F(WriterTest, CountedRefusalsAreOneRecordOfTheirPrincipal) {
  Report report;
  report.nonce = 78;
  report.error = make_error(ErrorCode::busy, "looks of alice");
  report.failure = "refused";
  report.refusal = true;
  report.counted = {{"0a", "BUSY", 4711, 1, 2, "FIRST", "LAST"}};
  id_ = {};
  const auto step = on(report);
  const auto& record = step.records.at(0);
  EXPECT_EQ(record.stage, Stage::refusals_counted);
  EXPECT_EQ(record.principal, "alice");
  EXPECT_EQ(record.error_code, "BUSY");
  EXPECT_EQ(record.request, "");
  EXPECT_EQ(record.counted, report.counted);
  EXPECT_EQ(decode<Reported>(step.send.at(0).body).value(), (Reported{78, record.seq}));
  EXPECT_EQ(step.send.size(), 1U);
}

TEST_F(WriterTest, AReportIsRecordedAndAnsweredToTheBrokerAlone) {
  Report report;
  report.nonce = 77;
  report.error = make_error(ErrorCode::dispatch_lost);
  report.failure = "stage lost";
  report.lost = "dispatcher 1a2b";
  report.command = command();
  const auto recorded = [&](const Step& step) {
    EXPECT_EQ(step.send.size(), 1U);
    EXPECT_EQ(step.send.at(0).type, MessageType::reported);
    EXPECT_EQ(decode<Reported>(step.send.at(0).body).value(),
              (Reported{77, step.records.at(0).seq}));
    return step.records.at(0);
  };
  auto record = recorded(on(report));
  EXPECT_EQ(record.stage, Stage::failed);
  EXPECT_EQ(record.outcome, RecordOutcome::unknown);
  EXPECT_EQ(record.lost, "dispatcher 1a2b");
  EXPECT_EQ(record.failure, "stage lost");
  report.refusal = true;
  EXPECT_EQ(recorded(on(report)).stage, Stage::refused);
  id_ = {};
  EXPECT_EQ(recorded(on(report)).stage, Stage::control_plane);
}

// outcome.md row 18: a late answer is recorded as the kernel's words, and no client is told.
TEST_F(WriterTest, ALateAnswerIsRecordedAndNeverSent) {
  Report report;
  report.nonce = 78;
  report.error = make_error(ErrorCode::dispatch_lost);
  report.failure = "late answer";
  report.late = encode(acted(ActStatus::executed));
  const auto step = on(report);
  EXPECT_EQ(step.records.at(0).stage, Stage::executed);
  EXPECT_EQ(step.records.at(0).outcome, RecordOutcome::executed);
  EXPECT_EQ(step.records.at(0).failure, "late answer");
  for (const auto& envelope : step.send) EXPECT_EQ(envelope.type, MessageType::reported);
}

TEST_F(WriterTest, WhatCannotBeReadIsRecordedAndClaimsNoMoreThanIsKnown) {
  for (const auto type : AuditWriter::accepts()) {
    SCOPED_TRACE(name_of(type));
    const auto step = writer_.on({type, id_, "alice", {0xC1}}, now_);
    ASSERT_EQ(step.records.size(), 1U);
    EXPECT_EQ(step.records[0].stage, Stage::control_plane);
    if (type == MessageType::report) {
      EXPECT_TRUE(step.send.empty());
      continue;
    }
    const auto error = told(step);
    EXPECT_EQ(error.code, "MALFORMED");
    const bool dispatched = type == MessageType::acted || type == MessageType::refused_by_keeper ||
                            type == MessageType::refused_by_dispatcher;
    EXPECT_EQ(error.outcome, dispatched ? Outcome::unknown : Outcome::not_executed);
  }
}

TEST_F(WriterTest, EveryRecordFitsItsOwnLimits) {
  auto body = acted(ActStatus::rejected);
  body.answer.text = std::string(1024, 'x');
  body.answer.invariants.assign(16, "P6-A1");
  for (const auto& record : on(body).records) EXPECT_TRUE(decode_row<Record>(encode_row(record)));
}

// ---- a disk that fills up ---------------------------------------------------------------------

class FullDisk : public WriterTest {
 protected:
  /// What is told of a message that left no record; empty if it was recorded.
  template <class T>
  std::string away(MessageType type, const T& body) {
    const auto step = full_.on({type, id_, "alice", encode(body)}, now_);
    if (!step.records.empty()) return {};
    const auto answer = decode<ErrorAnswer>(step.send.at(0).body);
    EXPECT_TRUE(answer);
    EXPECT_EQ(answer->record, 0U);
    return answer->error.code + ": " + answer->error.message;
  }
  template <class T>
  bool recorded(MessageType type, const T& body) {
    return away(type, body).empty();
  }
  Observed look(Authority authority, const std::string& about = "") {
    Observed body;
    body.authority = authority;
    body.command = encode(Submit{"inspect_promotion_state", "", "", about, {}});
    return body;
  }
  static Refused refusal(Authority authority) {
    Refused body;
    body.authority = authority;
    body.error = make_error(ErrorCode::no_authority);
    return body;
  }

  DiskRoom room_{Room::enough, "/var/audit"};
  AuditWriter full_{100, "b007", [this] { return room_; }};
};

TEST_F(FullDisk, ObserversAreTurnedAwayFirst) {
  using enum MessageType;
  EXPECT_TRUE(recorded(observed, look(Authority::observer)));
  room_.room = Room::low;
  EXPECT_NE(away(observed, look(Authority::observer)).find("/var/audit is nearly full"),
            std::string::npos);
  EXPECT_NE(away(refused_by_gate, refusal(Authority::observer)).find("NO_AUTHORITY"),
            std::string::npos)
      << "the refusal itself is told";
  EXPECT_TRUE(recorded(observed, look(Authority::operator_)));
  EXPECT_TRUE(recorded(observed, look(Authority::observer, id_.text())));
  EXPECT_TRUE(recorded(refused_by_gate, refusal(Authority::operator_)));
  EXPECT_TRUE(recorded(confirmed, WriterTest::confirmed()));
}

TEST_F(FullDisk, ThenNewMutationsWithOrdinaryLooksAndLastTheOutcome) {
  using enum MessageType;
  room_.room = Room::reserve;
  for (const auto& told :
       {away(observed, look(Authority::operator_)), away(confirmed, WriterTest::confirmed()),
        away(asked, Asked{}), away(audit_answer, AuditAnswer{})})
    EXPECT_NE(told.find("the disk of /var/audit is full"), std::string::npos) << told;
  EXPECT_TRUE(recorded(observed, look(Authority::operator_, id_.text())));
  room_.room = Room::last;
  EXPECT_FALSE(recorded(observed, look(Authority::operator_, id_.text())));
  EXPECT_TRUE(recorded(MessageType::acted, WriterTest::acted(ActStatus::executed)));
  id_.kernel_action = true;
  EXPECT_TRUE(recorded(refused_by_dispatcher, refusal(Authority::operator_)));
  EXPECT_EQ(full_.end(now_).records.back().stage, Stage::run_ends);
}

TEST_F(FullDisk, AReportOfARefusalIsAnsweredUnrecordedAndALossIsRecorded) {
  room_.room = Room::last;
  Report report;
  report.nonce = 9;
  report.refusal = true;
  report.error = make_error(ErrorCode::busy);
  auto step = full_.on({MessageType::report, id_, "alice", encode(report)}, now_);
  EXPECT_TRUE(step.records.empty());
  const auto reported = decode<Reported>(step.send.at(0).body);
  ASSERT_TRUE(reported);
  EXPECT_EQ(*reported, (Reported{9, 0}));
  report.refusal = false;
  step = full_.on({MessageType::report, id_, "alice", encode(report)}, now_);
  EXPECT_EQ(step.records.size(), 1U);
}

TEST_F(FullDisk, WhatWasTurnedAwayIsCountedInOneRecordOnceThereIsRoom) {
  room_.room = Room::low;
  for (int i = 0; i < 3; ++i) (void)away(MessageType::observed, look(Authority::observer));
  EXPECT_TRUE(full_.on_tick(now_).records.empty());
  room_.room = Room::enough;
  const auto step = full_.on_tick(now_);
  ASSERT_EQ(step.records.size(), 1U);
  EXPECT_EQ(step.records[0].failure, "disk full");
  EXPECT_NE(step.records[0].error_message.find("3 messages were turned away"), std::string::npos);
  EXPECT_TRUE(full_.on_tick(now_).records.empty());
}

TEST_F(WriterTest, AClockThatWentBackIsRecorded) {
  constexpr std::uint64_t kSecondNs = 1'000'000'000;
  const Moment now{11, 100 * kSecondNs};
  const auto begin = writer_.begin(now, 400 * kSecondNs);
  ASSERT_EQ(begin.records.size(), 2U);
  EXPECT_EQ(begin.records[1].stage, Stage::control_plane);
  EXPECT_EQ(begin.records[1].failure, "clock went back");
  EXPECT_NE(begin.records[1].error_message.find("300000 ms"), std::string::npos);
  EXPECT_TRUE(writer_.on_tick({12, 101 * kSecondNs}).records.empty());
  EXPECT_TRUE(writer_.on_tick({13, 101 * kSecondNs - 1}).records.empty()) << "is corrected";
  EXPECT_EQ(writer_.on_tick({14, 50 * kSecondNs}).records.size(), 1U);
}

}  // namespace
}  // namespace aeromq
