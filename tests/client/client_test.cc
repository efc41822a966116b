// The library against a scripted broker: what it sends, how often, and what it says when the other
// end is silent, late, wrong or dead. (F4.1 to F4.3, E1, D2.)
#include "client/client.h"

#include <gmock/gmock.h>

#include "messages/digest.h"
#include "tests/client/scripted_broker.h"

namespace aeromq::client {
namespace {

using enum CommandName;
using ::testing::ElementsAre;

constexpr Timeouts kQuick{3000, 2000, 300, 300};

Client connect(const ScriptedBroker& broker, const Timeouts& timeouts = {},
               Observer observer = {}) {
  auto client = Client::connect(broker.settings(), timeouts, std::move(observer));
  if (!client) throw std::runtime_error(client.error().message);
  return std::move(*client);
}

/// Submits a command that needs confirmation, up to its question.
Pending ask(Client& client, CommandName name) {
  const auto request = client.next_request(name).value();
  const auto answer = client.submit(request, a_command(name));
  if (!answer) throw std::runtime_error(answer.error().message);
  return std::get<Pending>(*answer);
}

Error failure(const Result<Answer>& answer) {
  return answer ? std::get<Failure>(*answer).error : answer.error();
}

/// Answers submits well and does `then` with everything else.
OnMessage after_submit(OnMessage then) {
  return [then](Script& script, const transport::Received& message) {
    message.header.type == MessageType::submit ? answer_well(script, message)
                                               : then(script, message);
  };
}

/// Asks, and gives back the sentence that was given.
Result<Answer> yes(Client& client, CommandName name) {
  const auto pending = ask(client, name);
  return client.confirm(pending, pending.asked.sentence);
}

void silence(Script&, const transport::Received&) {}

TEST(Client, GreetsAndKnowsWhoItIs) {
  ScriptedBroker broker(answer_well);
  auto client = connect(broker);
  EXPECT_EQ(client.welcome().principal, "alice");
  EXPECT_EQ(client.welcome().cluster, "batman");
  EXPECT_EQ(client.status().value().build, "scripted");
  const auto hello = decode<Hello>(broker.last(MessageType::hello)).value();
  EXPECT_EQ(hello.role, ActorRole::client);
  EXPECT_FALSE(hello.incarnation.empty());
}

TEST(Client, EveryReadOnlyCommandIsOneSendAndOneView) {
  ScriptedBroker broker(answer_well);
  auto client = connect(broker);
  std::size_t sent = 0;
  for (const auto& row : command_table()) {
    if (row.confirmation != ConfirmationKind::never) continue;
    const auto request = client.next_request(row.name).value();
    const auto answer = client.submit(request, a_command(row.name));
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(std::get<ViewAnswer>(*answer).view.snapshot, 4417U);
    EXPECT_EQ(std::get<ViewAnswer>(*answer).record, 3U);
    EXPECT_EQ(broker.count(MessageType::submit), ++sent);
  }
}

TEST(Client, ConfirmNamesWhatWasShownByDigestOfTheOctetsAsReceived) {
  ScriptedBroker broker(answer_well);
  auto client = connect(broker);
  const auto pending = ask(client, force_promotion);
  EXPECT_EQ(pending.explanation_digest, sha256(pending.asked.explanation));
  EXPECT_EQ(pending.explanation.risks.size(), 2U);
  const auto answer = client.confirm(pending, pending.asked.sentence, {"RISK_ONE", "RISK_TWO"},
                                     pending.asked.responsibility_sentence);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(std::get<Executed>(*answer).answer.snapshot, 4418U);
  const auto confirm = decode<Confirm>(broker.last(MessageType::confirm)).value();
  EXPECT_EQ(confirm.token, pending.asked.token);
  EXPECT_EQ(confirm.explanation_digest, pending.explanation_digest);
  EXPECT_THAT(confirm.acknowledge, ElementsAre("RISK_ONE", "RISK_TWO"));
  EXPECT_EQ(confirm.sentence, "force-promote node2 on batman");
  EXPECT_EQ(confirm.accept_responsibility, "I take responsibility: force-promote node2 on batman");
}

TEST(Client, ABrokerThatGivesNoSentenceIsAskedForNothingThatIsConfirmed) {
  for (const std::uint64_t minor : {1, 2, 3}) {
    ScriptedBroker broker(answer_well);
    broker.minor = minor;
    auto client = connect(broker);
    for (const auto& row : command_table()) {
      const auto answer = client.submit(client.next_request(row.name).value(), a_command(row.name));
      if (minor < 3 && row.confirmation != ConfirmationKind::never) {
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error().code, "VERSION_NOT_SUPPORTED");
        EXPECT_EQ(answer.error().outcome, Outcome::not_executed);
      } else {
        EXPECT_TRUE(answer) << answer.error().message;
      }
    }
    EXPECT_EQ(broker.count(MessageType::submit), minor < 3 ? 6U : 10U);
  }
}

TEST(Client, AQuestionWithoutASentenceIsNone) {
  for (const auto name : {request_promotion, force_promotion}) {
    ScriptedBroker broker([&](Script& script, const transport::Received& message) {
      auto question = a_question(a_command(name));
      if (name == request_promotion) question.sentence.clear();
      question.responsibility_sentence.clear();
      script.send(message.header.request, question);
    });
    auto client = connect(broker);
    const auto answer = client.submit(client.next_request(name).value(), a_command(name));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, "MALFORMED");
  }
}

TEST(Client, ASuccessorIsNamedInTheExplanation) {
  auto command = a_command(request_demotion);
  command.successor = "node3";
  ScriptedBroker broker(answer_well);
  auto client = connect(broker);
  const auto answer = client.submit(client.next_request(request_demotion).value(), command);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(std::get<Pending>(*answer).explanation.successor, "node3");
}

TEST(Client, AnExplanationWithoutTheSuccessorIsOfAnotherCommand) {
  ScriptedBroker broker([](Script& script, const transport::Received& message) {
    auto command = a_command(request_demotion);  // as if nobody had been named
    script.send(message.header.request, a_question(command));
  });
  auto client = connect(broker);
  auto command = a_command(request_demotion);
  command.successor = "node3";
  const auto answer = client.submit(client.next_request(request_demotion).value(), command);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, "MALFORMED");
}

TEST(Client, AbandonEndsIt) {
  ScriptedBroker broker(answer_well);
  auto client = connect(broker);
  const auto pending = ask(client, request_promotion);
  EXPECT_EQ(failure(client.abandon(pending)).code, "ABANDONED");
  EXPECT_EQ(failure(client.confirm(pending, pending.asked.sentence)).code, "NOT_PENDING");
  EXPECT_EQ(broker.count(MessageType::confirm), 0U);
}

TEST(Client, DiagnosticsAreConfirmedAndShowAView) {
  ScriptedBroker broker(answer_well);
  auto client = connect(broker);
  const auto answer = yes(client, run_diagnostics);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_TRUE(std::holds_alternative<ViewAnswer>(*answer));
}

TEST(Client, AConfirmationLeavesOnceAndOnlyOnce) {
  ScriptedBroker broker(answer_well);
  auto client = connect(broker);
  const auto pending = ask(client, request_promotion);
  ASSERT_TRUE(client.confirm(pending, pending.asked.sentence));
  EXPECT_EQ(failure(client.confirm(pending, pending.asked.sentence)).code, "NOT_PENDING");
  EXPECT_EQ(failure(client.abandon(pending)).code, "NOT_PENDING");
  EXPECT_EQ(broker.count(MessageType::confirm), 1U);
  EXPECT_EQ(broker.count(MessageType::abandon), 0U);
}

TEST(Client, WhileTheAnswerIsOnItsWayNothingMoreLeaves) {
  ScriptedBroker broker(after_submit(silence));
  auto client = connect(broker, kQuick);
  const auto confirmed = ask(client, request_promotion);
  ASSERT_TRUE(client.send_confirm(confirmed, confirmed.asked.sentence));
  EXPECT_EQ(client.send_confirm(confirmed, confirmed.asked.sentence).error().code, "NOT_PENDING");
  EXPECT_EQ(client.send_abandon(confirmed).error().code, "NOT_PENDING");
  const auto abandoned = ask(client, request_demotion);
  ASSERT_TRUE(client.send_abandon(abandoned));
  EXPECT_EQ(client.send_confirm(abandoned, abandoned.asked.sentence).error().code, "NOT_PENDING");
  client.status().value();  // by now everything that was sent has come
  EXPECT_EQ(broker.count(MessageType::confirm), 1U);
  EXPECT_EQ(broker.count(MessageType::abandon), 1U);
}

TEST(Client, AnIdIsForOneSubmit) {
  ScriptedBroker broker(silence);
  auto client = connect(broker, kQuick);
  const auto request = client.next_request(request_promotion).value();
  ASSERT_TRUE(client.send_submit(request, a_command(request_promotion)));
  const auto again = client.send_submit(request, a_command(request_promotion));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().field, "request_id");
}

// What is told of a silent request ("nothing was confirmed") holds only of an id's first submit, by
// the connection that gave it (E1).
TEST(Client, AnIdThatWasAnsweredOrIsSomebodyElsesIsNotSubmitted) {
  ScriptedBroker broker(silence);
  auto client = connect(broker, kQuick);
  const auto request = client.next_request(request_promotion).value();
  ASSERT_FALSE(client.submit(request, a_command(request_promotion)));  // silence: given up
  auto foreign = request;
  foreign.counter += 1;
  for (const auto& id : {request, foreign}) {
    const auto again = client.send_submit(id, a_command(request_promotion));
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, "INVALID_INPUT");
    EXPECT_EQ(again.error().field, "request_id");
  }
  EXPECT_EQ(broker.count(MessageType::submit), 1U);
}

// ---- silence -----------------------------------------------------------------------------------

TEST(Client, SilenceAfterTheConfirmationIsUnknownAndNothingIsSentAgain) {
  ScriptedBroker broker(after_submit(silence));
  auto client = connect(broker, kQuick);
  const auto answer = yes(client, request_promotion);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, "ANSWER_LOST");
  EXPECT_EQ(answer.error().outcome, Outcome::unknown);
  EXPECT_EQ(exit_code(answer.error()), 30);
  EXPECT_EQ(broker.count(MessageType::submit), 1U);
  EXPECT_EQ(broker.count(MessageType::confirm), 1U);
}

TEST(Client, SilenceBeforeAnyConfirmationIsNotExecuted) {
  ScriptedBroker broker(silence);
  auto client = connect(broker, kQuick);
  const auto request = client.next_request(request_promotion).value();
  const auto answer = client.submit(request, a_command(request_promotion));
  EXPECT_EQ(failure(answer).code, "NOT_REACHED");
  EXPECT_EQ(failure(answer).outcome, Outcome::not_executed);
  EXPECT_EQ(broker.count(MessageType::submit), 1U);
}

TEST(Client, AnAnswerThatComesTooLateChangesNothing) {
  RequestId late;
  ScriptedBroker broker(after_submit(
      [&](Script&, const transport::Received& message) { late = message.header.request; }));
  auto client = connect(broker, kQuick);
  const auto pending = ask(client, request_promotion);
  EXPECT_EQ(failure(client.confirm(pending, pending.asked.sentence)).code, "ANSWER_LOST");
  broker.post(
      [&](Script& script) { script.send(late, an_execution(a_command(request_promotion))); });
  EXPECT_FALSE(client.next_answer(200));
  EXPECT_TRUE(client.alive());
  EXPECT_TRUE(std::holds_alternative<Pending>(Answer(ask(client, request_demotion))));
}

TEST(Client, ABrokerThatDiesBeforeTheConfirmationEndsTheQuestion) {
  ScriptedBroker broker(answer_well);
  auto client = connect(broker);
  const auto pending = ask(client, request_promotion);
  broker.post([](Script& script) { script.die(); });
  const auto ended = client.next_answer(5000);
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->request, pending.request);
  EXPECT_EQ(failure(ended->answer).code, "ABANDONED");
  EXPECT_FALSE(client.alive());
  const auto answer = client.confirm(pending, pending.asked.sentence);
  EXPECT_EQ(failure(answer).code, "NOT_PENDING");
  EXPECT_EQ(broker.count(MessageType::confirm), 0U);
}

TEST(Client, ABrokerThatDiesAfterTheConfirmationIsUnknownAndTheClientIsDone) {
  ScriptedBroker broker(
      after_submit([](Script& script, const transport::Received&) { script.die(); }));
  auto client = connect(broker);
  const auto answer = yes(client, request_promotion);
  EXPECT_EQ(failure(answer).code, "ANSWER_LOST");
  EXPECT_EQ(failure(answer).outcome, Outcome::unknown);
  EXPECT_FALSE(client.alive());
  EXPECT_EQ(client.next_request(inspect_cluster_state).error().code, "NOT_REACHED");
  EXPECT_EQ(client.status().error().code, "NOT_REACHED");
}

TEST(Client, NobodyListens) {
  ClientSettings nowhere = ScriptedBroker(answer_well).settings();  // its broker is gone
  Timeouts quick;
  quick.connect_ms = 100;
  const auto client = Client::connect(nowhere, quick);
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().code, "NOT_REACHED");
}

TEST(Client, AStrangersKeyIsRefused) {
  ScriptedBroker broker(answer_well);
  const auto client = Client::connect(broker.stranger());
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().code, "NOT_REACHED");
  EXPECT_TRUE(broker.seen().empty());
}

// ---- the confirmation's end
// ----------------------------------------------------------------------

TEST(Client, AConfirmationThatRunsOutIsToldAtOnceAndCanNoLongerBeGiven) {
  ScriptedBroker broker(answer_well);
  auto client = connect(broker);
  const auto pending = ask(client, request_promotion);
  broker.post([&](Script& script) {
    script.send(pending.request, ErrorAnswer{make_error(ErrorCode::confirmation_expired), 5});
  });
  const auto ended = client.next_answer(5000);
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->request, pending.request);
  EXPECT_EQ(failure(ended->answer).code, "CONFIRMATION_EXPIRED");
  EXPECT_EQ(failure(client.confirm(pending, pending.asked.sentence)).code, "NOT_PENDING");
  EXPECT_EQ(broker.count(MessageType::confirm), 0U);
}

TEST(Client, ErrorsArePassedOnToTheOctet) {
  const auto told = kernel_rejection("AUTHORITY_HELD", "node1 holds it", {"P6-A1"});
  ScriptedBroker broker(after_submit([&](Script& script, const transport::Received& message) {
    script.send(message.header.request, ErrorAnswer{told, 8});
  }));
  auto client = connect(broker);
  const auto answer = yes(client, request_promotion);
  ASSERT_TRUE(answer);
  EXPECT_EQ(std::get<Failure>(*answer).error, told);
  EXPECT_EQ(std::get<Failure>(*answer).record, 8U);
}

TEST(Client, TheBrokersOwnErrorsCountToo) {
  ScriptedBroker broker([](Script& script, const transport::Received& message) {
    script.send(MessageType::broker_error, message.header.request,
                ErrorAnswer{make_error(ErrorCode::duplicate_request), 4});
  });
  auto client = connect(broker);
  const auto request = client.next_request(request_promotion).value();
  const auto error = failure(client.submit(request, a_command(request_promotion)));
  EXPECT_EQ(error.code, "DUPLICATE_REQUEST");
  EXPECT_EQ(error.outcome, Outcome::unknown);
}

// ---- sessions
// ------------------------------------------------------------------------------------

TEST(Client, IdsGrowAndCarryTheClass) {
  ScriptedBroker broker(answer_well);
  auto client = connect(broker);
  const auto first = client.next_request(request_promotion).value();
  const auto second = client.next_request(inspect_wal).value();
  EXPECT_EQ(first.session, client.welcome().session);
  EXPECT_TRUE(first.kernel_action);
  EXPECT_FALSE(second.kernel_action);
  EXPECT_GT(second.counter, first.counter);
  EXPECT_EQ(broker.count(MessageType::renew), 0U);
}

TEST(Client, AShortLeaseIsRenewedBeforeTheIdIsGiven) {
  ScriptedBroker broker(answer_well);
  broker.lease_ms = 0;
  auto client = connect(broker);
  const auto request = client.next_request(request_promotion).value();
  EXPECT_EQ(broker.count(MessageType::renew), 1U);
  EXPECT_NE(request.session, client.welcome().session);
  EXPECT_EQ(request.counter, 1U);
  EXPECT_EQ(broker.count(MessageType::submit), 0U);
  client.next_request(request_promotion).value();
  EXPECT_EQ(broker.count(MessageType::renew), 1U) << "the renewed lease is long enough";
}

TEST(Client, AnEndedSessionIsRenewedForTheNextIdAndTheRefusedSubmitIsNotSentAgain) {
  ScriptedBroker broker([](Script& script, const transport::Received& message) {
    script.send(message.header.request, ErrorAnswer{make_error(ErrorCode::session_ended), 4});
  });
  auto client = connect(broker);
  const auto request = client.next_request(request_promotion).value();
  EXPECT_EQ(failure(client.submit(request, a_command(request_promotion))).code, "SESSION_ENDED");
  EXPECT_NE(client.next_request(request_promotion).value().session, request.session);
  EXPECT_EQ(broker.count(MessageType::submit), 1U);
}

// ---- input
// ---------------------------------------------------------------------------------------

TEST(Client, BadInputIsFoundBeforeAnythingIsSent) {
  ScriptedBroker broker(answer_well);
  auto client = connect(broker);
  const auto request = client.next_request(request_promotion).value();
  auto command = a_command(request_promotion);
  command.reason = "red \x1b[31m";
  EXPECT_EQ(failure(client.submit(request, command)).field, "reason");
  const auto wrong_class = client.next_request(inspect_wal).value();
  EXPECT_EQ(failure(client.submit(wrong_class, a_command(request_promotion))).field, "request_id");
  EXPECT_EQ(broker.count(MessageType::submit), 0U);
}

// ---- many at once
// --------------------------------------------------------------------------------

TEST(Client, ManyRequestsAtOnceAreAnsweredInTheBrokersOrder) {
  std::vector<RequestId> waiting;
  ScriptedBroker broker([&](Script& script, const transport::Received& message) {
    waiting.push_back(message.header.request);
    if (waiting.size() < 3) return;
    for (auto at = waiting.rbegin(); at != waiting.rend(); ++at)
      script.send(*at, a_view_result(a_command(inspect_wal)));
  });
  auto client = connect(broker);
  std::vector<RequestId> sent;
  for (int i = 0; i < 3; ++i) {
    sent.push_back(client.next_request(inspect_wal).value());
    ASSERT_TRUE(client.send_submit(sent.back(), a_command(inspect_wal)));
  }
  EXPECT_EQ(client.in_flight(), 3U);
  for (int i = 2; i >= 0; --i) {
    const auto answered = client.next_answer(5000);
    ASSERT_TRUE(answered);
    EXPECT_EQ(answered->request, sent[static_cast<std::size_t>(i)]);
    EXPECT_TRUE(answered->answer);
  }
  EXPECT_EQ(client.in_flight(), 0U);
}

TEST(Client, AnObserverIsToldEachStepInOrder) {
  ScriptedBroker broker(answer_well);
  std::vector<std::string> steps;
  auto client = connect(broker, {}, [&](const char* step) { steps.emplace_back(step); });
  ASSERT_TRUE(yes(client, request_promotion));
  EXPECT_THAT(steps, ElementsAre("submit.before_send", "submit.after_send", "answer.received",
                                 "confirm.before_send", "confirm.after_send", "answer.received"));
  for (const auto& step : steps)
    EXPECT_THAT(observed_steps(), ::testing::Contains(::testing::StrEq(step)));
}

TEST(Client, AuditPagesAndTheirRefusal) {
  bool refuse = false;
  ScriptedBroker broker([&](Script& script, const transport::Received& message) {
    const auto& request = message.header.request;
    if (refuse) return script.send(request, ErrorAnswer{make_error(ErrorCode::no_authority), 2});
    AuditPage page;
    page.durable = 12;
    script.send(request, AuditResult{13, encode(page)});
  });
  auto client = connect(broker);
  const auto reading = client.audit({});
  ASSERT_TRUE(reading) << reading.error().message;
  EXPECT_EQ(reading->page.durable, 12U);
  EXPECT_EQ(reading->record, 13U);
  refuse = true;
  EXPECT_EQ(client.audit({}).error().code, "NO_AUTHORITY");
}

// ---- answers that are none
// -------------------------------------------------------------------------

struct BadAnswer {
  const char* name;
  std::function<void(Script&, const RequestId&)> send;
};

class Malformed : public ::testing::TestWithParam<BadAnswer> {};

TEST_P(Malformed, AfterTheConfirmationIsUnknown) {
  ScriptedBroker broker(after_submit([](Script& script, const transport::Received& message) {
    GetParam().send(script, message.header.request);
  }));
  auto client = connect(broker);
  const auto answer = yes(client, request_promotion);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().domain, Domain::transport);
  EXPECT_EQ(answer.error().outcome, Outcome::unknown) << answer.error().message;
  EXPECT_EQ(exit_code(answer.error()), 30);
  EXPECT_FALSE(client.alive());
}

const Submit kPromotion = a_command(request_promotion);

INSTANTIATE_TEST_SUITE_P(
    Client, Malformed,
    ::testing::Values(BadAnswer{"Garbage",
                                [](Script& script, const RequestId& request) {
                                  script.send_raw(MessageType::result, request, {0xC1});
                                }},
                      BadAnswer{"TrailingOctet",
                                [](Script& script, const RequestId& request) {
                                  auto body = encode(an_execution(kPromotion));
                                  body.push_back(0);
                                  script.send_raw(MessageType::result, request, body);
                                }},
                      BadAnswer{"OtherRequest",
                                [](Script& script, const RequestId& request) {
                                  auto other = request;
                                  other.counter += 100;
                                  script.send(other, an_execution(kPromotion));
                                }},
                      BadAnswer{"OtherCommand",
                                [](Script& script, const RequestId& request) {
                                  script.send(request, an_execution(a_command(request_demotion)));
                                }},
                      BadAnswer{"ExecutedSaysRejected",
                                [](Script& script, const RequestId& request) {
                                  auto result = an_execution(kPromotion);
                                  result.answer.status = ActStatus::rejected;
                                  script.send(request, result);
                                }},
                      BadAnswer{"ViewForAMutation",
                                [](Script& script, const RequestId& request) {
                                  script.send(request, a_view_result(kPromotion));
                                }},
                      BadAnswer{"SecondQuestion",
                                [](Script& script, const RequestId& request) {
                                  script.send(request, a_question(kPromotion));
                                }},
                      BadAnswer{"NotForClients",
                                [](Script& script, const RequestId& request) {
                                  script.send(request, Observe{});
                                }},
                      BadAnswer{"Ping",
                                [](Script& script, const RequestId&) { script.send({}, Ping{1}); }},
                      BadAnswer{"SeqGap",
                                [](Script& script, const RequestId& request) {
                                  script.skip_seq();
                                  script.send(request, an_execution(kPromotion));
                                }},
                      BadAnswer{"OtherBootId",
                                [](Script& script, const RequestId& request) {
                                  script.change_boot();
                                  script.send(request, an_execution(kPromotion));
                                }}),
    [](const auto& one) { return one.param.name; });

/// What is shown to a person must be what they asked for.
class Misleading : public ::testing::TestWithParam<BadAnswer> {};

TEST_P(Misleading, AQuestionThatDoesNotFitIsNeverShown) {
  ScriptedBroker broker([](Script& script, const transport::Received& message) {
    GetParam().send(script, message.header.request);
  });
  auto client = connect(broker);
  const auto request = client.next_request(request_promotion).value();
  const auto answer = client.submit(request, kPromotion);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, "MALFORMED");
}

INSTANTIATE_TEST_SUITE_P(
    Client, Misleading,
    ::testing::Values(BadAnswer{"OtherNode",
                                [](Script& script, const RequestId& request) {
                                  auto other = kPromotion;
                                  other.node = "node3";
                                  script.send(request, a_question(other));
                                }},
                      BadAnswer{"OtherCommand",
                                [](Script& script, const RequestId& request) {
                                  script.send(request, a_question(a_command(request_demotion)));
                                }},
                      BadAnswer{"WeakerConfirmation",
                                [](Script& script, const RequestId& request) {
                                  auto asked = a_question(kPromotion);
                                  asked.confirmation = ConfirmationKind::never;
                                  script.send(request, asked);
                                }},
                      BadAnswer{"NoToken",
                                [](Script& script, const RequestId& request) {
                                  auto asked = a_question(kPromotion);
                                  asked.token = {};
                                  script.send(request, asked);
                                }},
                      BadAnswer{"ExecutedUnasked",
                                [](Script& script, const RequestId& request) {
                                  script.send(request, an_execution(kPromotion));
                                }}),
    [](const auto& one) { return one.param.name; });

TEST(Client, AProbeIsIgnored) {
  ScriptedBroker broker([](Script& script, const transport::Received& message) {
    script.send({}, Probe{});
    answer_well(script, message);
  });
  auto client = connect(broker);
  EXPECT_NO_THROW(ask(client, request_promotion));
  EXPECT_TRUE(client.alive());
}

}  // namespace
}  // namespace aeromq::client
