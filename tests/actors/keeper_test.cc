// The table of confirmation_keeper.h, row by row.
#include <gtest/gtest.h>

#include "actors/keeper/confirmation_keeper.h"
#include "messages/digest.h"

namespace aeromq {
namespace {

constexpr std::uint64_t kTtlMs = 1000;

RequestId id(std::uint32_t counter) {
  RequestId made;
  made.counter = counter;
  made.kernel_action = true;
  return made;
}

Token token(std::uint32_t number) {
  Token made;
  made.octets.fill(9);
  made.octets[0] = static_cast<std::uint8_t>(number);
  made.octets[1] = static_cast<std::uint8_t>(number >> 8);
  return made;
}

Bytes explanation(ConfirmationKind kind) {
  Explanation made;
  made.command = text_of(kind == ConfirmationKind::enhanced ? CommandName::force_promotion
                                                            : CommandName::request_promotion);
  made.node = "n2";
  made.cluster = "batman";
  made.confirmation = kind;
  made.fencing_epoch = 3;
  made.snapshot = 10;
  if (kind == ConfirmationKind::enhanced) made.risks = {{"A", "P6-A1", ""}, {"B", "P6-S1", ""}};
  return encode(made);
}

class KeeperTest : public testing::Test {
 protected:
  KeeperTest()
      : keeper_([this] { return token(++given_); }, kTtlMs, ConfirmationKeeper::kMaxPending) {}

  Step ask(std::uint32_t counter, ConfirmationKind kind = ConfirmationKind::standard) {
    const Explained body{Authority::operator_, {1, 2}, explanation(kind), "summary"};
    auto envelope = message(id(counter), body);
    envelope.principal = "alice";
    return keeper_.on(envelope, now_);
  }
  Confirm good(ConfirmationKind kind = ConfirmationKind::standard) {
    const auto words = given_for(*decode<Explanation>(explanation(kind)));
    Confirm confirm{token(given_), sha256(explanation(kind)), {}, {}, words.sentence};
    if (kind == ConfirmationKind::enhanced) {
      confirm.acknowledge = {"B", "A"};
      confirm.accept_responsibility = words.responsibility_sentence;
    }
    return confirm;
  }
  Envelope confirm(const Confirm& body, const std::string& principal = "alice",
                   Authority authority = Authority::operator_) {
    auto envelope = message(id(1), AuthorisedConfirm{authority, encode(body)});
    envelope.principal = principal;
    return keeper_.on(envelope, now_).send.at(0);
  }
  Envelope abandon(const Token& with, const std::string& principal = "alice") {
    auto envelope = message(id(1), Abandon{with});
    envelope.principal = principal;
    return keeper_.on(envelope, now_).send.at(0);
  }
  static Error refusal(const Envelope& envelope) {
    EXPECT_EQ(envelope.type, MessageType::refused_by_keeper);
    return decode<Refused>(envelope.body).value().error;
  }
  /// Refused, and spent: the good confirmation that follows finds nothing pending.
  void expect_spent(const Envelope& answer, std::string_view code) {
    EXPECT_EQ(refusal(answer).code, code);
    EXPECT_EQ(keeper_.pending(), 0U);
    EXPECT_EQ(refusal(confirm(good())).code, "NOT_PENDING");
  }

  std::uint32_t given_ = 0;
  Moment now_{5'000'000'000, 0};
  ConfirmationKeeper keeper_;
};

TEST_F(KeeperTest, ConfirmsOnceWithAllThatWasExplained) {
  const auto asked = ask(1);
  ASSERT_EQ(asked.send.at(0).type, MessageType::asked);
  EXPECT_EQ(decode<Asked>(asked.send[0].body).value().expires_in_ms, kTtlMs);
  const auto answer = confirm(good());
  ASSERT_EQ(answer.type, MessageType::confirmed);
  const auto confirmed = decode<Confirmed>(answer.body).value();
  EXPECT_EQ(confirmed.command, (Bytes{1, 2}));
  EXPECT_EQ(confirmed.fencing_epoch, 3U);
  EXPECT_EQ(confirmed.snapshot, 10U);
  EXPECT_EQ(confirmed.token_digest, sha256(token(1).view()));
  EXPECT_EQ(confirmed.explanation_digest, sha256(explanation(ConfirmationKind::standard)));
  const auto again = refusal(confirm(good()));
  EXPECT_EQ(again.code, "NOT_PENDING");
  EXPECT_EQ(again.outcome, Outcome::unknown);
}

TEST_F(KeeperTest, AWrongTokenSpends) {
  ask(1);
  auto wrong = good();
  wrong.token.octets[15] ^= 1;
  expect_spent(confirm(wrong), "CONFIRMATION_MISMATCH");
}

TEST_F(KeeperTest, AWrongExplanationSpends) {
  ask(1);
  auto wrong = good();
  wrong.explanation_digest.octets[31] ^= 1;
  expect_spent(confirm(wrong), "CONFIRMATION_MISMATCH");
}

TEST_F(KeeperTest, AnotherPrincipalNeverSpends) {
  ask(1);
  const auto error = refusal(confirm(good(), "bob"));
  EXPECT_EQ(error.code, "CONFIRMATION_MISMATCH");
  EXPECT_EQ(error.outcome, Outcome::unknown);  // alice may still confirm
  EXPECT_EQ(refusal(abandon(token(1), "bob")).outcome, Outcome::unknown);
  EXPECT_EQ(confirm(good()).type, MessageType::confirmed);
}

TEST_F(KeeperTest, AnAuthorityBelowOperatorSpends) {
  ask(1);
  expect_spent(confirm(good(), "alice", Authority::observer), "NO_AUTHORITY");
}

TEST_F(KeeperTest, AnUnreadableConfirmSpends) {
  ask(1);
  Envelope broken{MessageType::authorised_confirm, id(1), "alice", {0xC1}};
  const auto error = refusal(keeper_.on(broken, now_).send.at(0));
  EXPECT_EQ(error.code, "MALFORMED");
  EXPECT_EQ(error.outcome, Outcome::not_executed);
  EXPECT_EQ(keeper_.pending(), 0U);
}

TEST_F(KeeperTest, RunsOutAtItsTimeAndOnce) {
  ask(1);
  now_.boot_ns += kTtlMs * kNanosPerMs - 1;
  EXPECT_EQ(keeper_.on_tick(now_), Step{});
  now_.boot_ns += 1;
  const auto step = keeper_.on_tick(now_);
  ASSERT_EQ(step.send.size(), 1U);
  EXPECT_EQ(decode<Ended>(step.send[0].body).value().why, EndReason::expired);
  EXPECT_EQ(keeper_.on_tick(now_), Step{});
}

TEST_F(KeeperTest, AConfirmAtItsTimeIsTooLateEvenBeforeTheTick) {
  ask(1);
  now_.boot_ns += kTtlMs * kNanosPerMs;
  expect_spent(confirm(good()), "CONFIRMATION_EXPIRED");
}

TEST_F(KeeperTest, TheWallClockDecidesNothing) {
  ask(1);
  now_.wall_ns += 1'000'000 * kTtlMs * kNanosPerMs;
  EXPECT_EQ(keeper_.on_tick(now_), Step{});
  EXPECT_EQ(confirm(good()).type, MessageType::confirmed);
}

TEST_F(KeeperTest, EnhancedTakesExactlyTheListedRisksAndTheGivenSentence) {
  constexpr auto kEnhanced = ConfirmationKind::enhanced;
  const auto refused = [&](auto change) {
    ask(1, kEnhanced);
    auto body = good(kEnhanced);
    change(body);
    const auto error = refusal(confirm(body));
    EXPECT_EQ(keeper_.pending(), 0U);
    return error;
  };
  EXPECT_TRUE(refused([](Confirm& c) { c.acknowledge = {"A"}; }).message.ends_with(": missing B"));
  EXPECT_EQ(refused([](Confirm& c) { c.acknowledge = {}; }).code, "ACKNOWLEDGEMENT_MISSING");
  EXPECT_EQ(refused([](Confirm& c) { c.acknowledge = {"A", "B", "C"}; }).field, "acknowledge[2]");
  EXPECT_EQ(refused([](Confirm& c) { c.acknowledge = {"A", "B", "A"}; }).field, "acknowledge[2]");
  for (const std::string bad : {"", "  ", "a\nb", "no", "I take it upon me", "promote n2 on batman",
                                "I take responsibility: force-promote n3 on batman",
                                "I take responsibility: force-promote n2 on batman "})
    EXPECT_EQ(refused([&](Confirm& c) { c.accept_responsibility = bad; }).code,
              "RESPONSIBILITY_NOT_ACCEPTED");
  ask(1, kEnhanced);
  const auto answer = confirm(good(kEnhanced));
  ASSERT_EQ(answer.type, MessageType::confirmed);
  EXPECT_EQ(decode<Confirmed>(answer.body).value().responsibility,
            "I take responsibility: force-promote n2 on batman");
}

// A yes gives back the words that were given with the question, octet for octet.
TEST_F(KeeperTest, NothingButTheGivenSentenceIsAYes) {
  const auto asked = decode<Asked>(ask(1).send.at(0).body).value();
  EXPECT_EQ(asked.sentence, "promote n2 on batman");
  EXPECT_EQ(asked.responsibility_sentence, "");
  auto spoilt = good();
  for (const std::string other :
       {"", "no", "yes", "y", "promote n2", "promote n3 on batman", "demote n2 on batman",
        "promote n2 on robin", "Promote n2 on batman", " promote n2 on batman",
        "promote n2 on batman ", "promote  n2 on batman", "promote n2 on batman\n",
        "force-promote n2 on batman"}) {
    if (keeper_.pending() == 0) ask(1);
    spoilt = good();
    spoilt.sentence = other;
    const auto error = refusal(confirm(spoilt));
    EXPECT_EQ(error.code, "CONFIRMATION_MISMATCH") << other;
    EXPECT_EQ(error.field, "sentence") << other;
    EXPECT_EQ(keeper_.pending(), 0U) << "spent, whatever was said: " << other;
  }
  ask(1);
  EXPECT_EQ(confirm(good()).type, MessageType::confirmed);
}

TEST_F(KeeperTest, StandardTakesNeither) {
  ask(1);
  auto acknowledged = good();
  acknowledged.acknowledge = {"A"};
  EXPECT_EQ(refusal(confirm(acknowledged)).field, "acknowledge");
  ask(1);
  auto responsible = good();
  responsible.accept_responsibility = "I do";
  EXPECT_EQ(refusal(confirm(responsible)).field, "accept_responsibility");
}

TEST_F(KeeperTest, AbandonNeedsTheToken) {
  ask(1);
  EXPECT_EQ(abandon(token(1)).type, MessageType::ended);
  ask(1);
  expect_spent(abandon(token(77)), "CONFIRMATION_MISMATCH");
  EXPECT_EQ(refusal(abandon(token(1))).code, "NOT_PENDING");
}

TEST_F(KeeperTest, VoidEndsAsTheBrokerSays) {
  const auto voided = [&](EndReason why) {
    return keeper_.on(message(id(1), VoidConfirmation{why}), now_);
  };
  EXPECT_EQ(voided(EndReason::client_gone), Step{});
  ask(1);
  EXPECT_EQ(decode<Ended>(voided(EndReason::client_gone).send.at(0).body).value().why,
            EndReason::client_gone);
  ask(1);
  EXPECT_EQ(voided(EndReason::stage_lost), Step{});
  EXPECT_EQ(keeper_.pending(), 0U);
}

TEST_F(KeeperTest, OnePrincipalHasAPartOfThePlacesAndNoMore) {
  keeper_ = ConfirmationKeeper([this] { return token(++given_); }, kTtlMs, 3);
  for (std::uint32_t i = 1; i <= 3; ++i) EXPECT_EQ(ask(i).send.at(0).type, MessageType::asked);
  const auto error = refusal(ask(4).send.at(0));
  EXPECT_EQ(error.code, "BUSY");
  EXPECT_NE(error.message.find("alice may have 3 confirmations pending"), std::string::npos);
  auto of_bob = message(
      id(5),
      Explained{Authority::operator_, {1, 2}, explanation(ConfirmationKind::standard), "summary"});
  of_bob.principal = "bob";
  EXPECT_EQ(keeper_.on(of_bob, now_).send.at(0).type, MessageType::asked);
}

TEST_F(KeeperTest, MemoryIsBoundedAndARepeatDisturbsNothing) {
  for (std::uint32_t i = 1; i <= ConfirmationKeeper::kMaxPending; ++i) ask(i);
  const auto last = given_;
  EXPECT_EQ(refusal(ask(5000).send.at(0)).code, "BUSY");
  EXPECT_EQ(refusal(ask(1).send.at(0)).code, "DUPLICATE_REQUEST");
  EXPECT_EQ(given_, last);
  EXPECT_EQ(keeper_.pending(), ConfirmationKeeper::kMaxPending);
}

}  // namespace
}  // namespace aeromq
