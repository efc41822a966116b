// Structure first, then authority, afresh for every message, by the broker's word alone (B1-B3).
#include <gtest/gtest.h>

#include "actors/gate/authority_gate.h"

namespace aeromq {
namespace {

class GateTest : public testing::Test {
 protected:
  GateTest()
      : gate_(std::vector<Grant>{{"alice", Authority::operator_},
                                 {"otto", Authority::observer},
                                 {"ada", Authority::auditor},
                                 {"twin", Authority::operator_},
                                 {"twin", Authority::operator_}}) {}

  Envelope ask(const std::string& principal, MessageType type, Bytes body) {
    RequestId id;
    id.counter = 1;
    id.kernel_action = kernel_action_;
    const auto step = gate_.on({type, id, principal, std::move(body)}, {});
    EXPECT_TRUE(step.records.empty());
    EXPECT_TRUE(step.calls.empty());
    EXPECT_EQ(step.send.size(), 1U);
    return step.send.at(0);
  }
  Error refusal(const Envelope& envelope) {
    EXPECT_EQ(envelope.type, MessageType::refused_by_gate);
    return decode<Refused>(envelope.body).value().error;
  }

  bool kernel_action_ = false;
  AuthorityGate gate_;
};

TEST_F(GateTest, EveryCommandForEveryAuthority) {
  for (const auto& row : command_table()) {
    SCOPED_TRACE(text_of(row.name));
    kernel_action_ = row.kernel_action();
    const auto body = encode(Submit{std::string(text_of(row.name)),
                                    row.takes_node ? "n1" : "",
                                    row.takes_reason ? "why" : "",
                                    "",
                                    {}});
    const bool looks = row.confirmation == ConfirmationKind::never;
    const auto onward = looks ? MessageType::observe : MessageType::survey;
    EXPECT_EQ(ask("alice", MessageType::submit, body).type, onward);
    for (const auto* name : {"otto", "ada"})
      EXPECT_EQ(ask(name, MessageType::submit, body).type,
                looks ? onward : MessageType::refused_by_gate);
    for (const auto* name : {"mallory", "twin", ""})
      EXPECT_EQ(refusal(ask(name, MessageType::submit, body)).code, "NO_AUTHORITY");
  }
}

TEST_F(GateTest, PassesTheBodyOctetForOctet) {
  const auto body = encode(Submit{"inspect_wal", "", "", "", {}});
  const auto observe = decode<Observe>(ask("otto", MessageType::submit, body).body);
  EXPECT_EQ(observe.value(), (Observe{Authority::observer, body}));
}

TEST_F(GateTest, RefusesABodyThatDoesNotDecodeWithTheField) {
  auto body = encode(Submit{"inspect_wal", "", "", "", {}});
  body.push_back(0);
  EXPECT_EQ(refusal(ask("mallory", MessageType::submit, body)).field, "body");
  for (const auto type : {MessageType::submit, MessageType::confirm, MessageType::audit_query}) {
    const auto error = refusal(ask("alice", type, Bytes(20'000, 0xC1)));
    EXPECT_EQ(error.code, "INVALID_INPUT");
    EXPECT_EQ(error.field, "body");
  }
}

TEST_F(GateTest, OnlyAnOperatorConfirms) {
  const auto body = encode(Confirm{});
  const auto passed = ask("alice", MessageType::confirm, body);
  EXPECT_EQ(passed.type, MessageType::authorised_confirm);
  EXPECT_EQ(decode<AuthorisedConfirm>(passed.body).value(),
            (AuthorisedConfirm{Authority::operator_, body}));
  for (const auto* name : {"otto", "ada", "twin", "mallory"})
    EXPECT_EQ(refusal(ask(name, MessageType::confirm, body)).code, "NO_AUTHORITY") << name;
}

TEST_F(GateTest, OtherGrantsCountFromTheNextMessageOn) {
  const auto body = encode(Confirm{});
  const std::array grants{Grant{"otto", Authority::operator_}};
  gate_.judge_by(grants);
  EXPECT_EQ(ask("otto", MessageType::confirm, body).type, MessageType::authorised_confirm);
  EXPECT_EQ(refusal(ask("alice", MessageType::confirm, body)).code, "NO_AUTHORITY");
}

TEST_F(GateTest, OnlyAnAuditorReadsTheLog) {
  const auto body = encode(AuditQuery{});
  EXPECT_EQ(ask("ada", MessageType::audit_query, body).type, MessageType::audit_read);
  for (const auto* name : {"otto", "alice", "twin", "mallory"})
    EXPECT_EQ(refusal(ask(name, MessageType::audit_query, body)).code, "NO_AUTHORITY") << name;
}

TEST_F(GateTest, ChecksTheStructureOfAQuery) {
  const auto field = [&](AuditQuery query) {
    return refusal(ask("ada", MessageType::audit_query, encode(query))).field;
  };
  AuditQuery timeline;
  timeline.kind = AuditQueryKind::timeline;
  EXPECT_EQ(field(timeline), "request");
  AuditQuery typo;
  typo.request = "0000-1111";
  EXPECT_EQ(field(typo), "request");
  AuditQuery stage;
  stage.stage = "almost";
  EXPECT_EQ(field(stage), "stage");
  AuditQuery hostile;
  hostile.principal = "\x1B[1m";
  EXPECT_EQ(field(hostile), "principal");
}

}  // namespace
}  // namespace aeromq
