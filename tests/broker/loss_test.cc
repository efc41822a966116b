// Loss of each actor in each state of each road: one step. First the requests are closed, then the
// loss is reported, and the client hears of it only when that is durable.
#include "scripted_broker.h"

namespace aeromq::broker {
namespace {

using Roles = std::set<ActorRole>;

// Who ends a request that was last seen as this message. Written down here, not asked of the core.
const std::map<T, Roles>& enders() {
  static const std::map<T, Roles> kEnders{
      {T::submit, {Role::gate, Role::dispatcher}},
      {T::observe, {Role::dispatcher}},
      {T::observed, {Role::writer}},
      {T::survey, {Role::dispatcher}},
      {T::surveyed, {Role::explainer, Role::dispatcher}},
      {T::explained, {Role::keeper, Role::dispatcher}},
      {T::asked, {Role::writer, Role::keeper, Role::dispatcher}},
      // The audit log's next "run begins" ends every older confirmation, so the writer's loss does.
      {T::confirmation_asked, {Role::keeper, Role::dispatcher, Role::writer}},
      {T::confirm, {Role::gate, Role::keeper, Role::dispatcher, Role::writer}},
      {T::authorised_confirm, {Role::keeper, Role::dispatcher, Role::writer}},
      {T::confirmed, {Role::writer, Role::dispatcher}},
      {T::dispatch, {Role::dispatcher}},
      {T::acted, {Role::writer}},
      {T::audit_query, {Role::gate}},
      {T::audit_read, {Role::reader}},
      {T::audit_answer, {Role::writer}},
      {T::abandon, {Role::keeper}},
      {T::ended, {Role::writer}},
  };
  return kEnders;
}

const RoadScript* const kRoads[] = {&kInspection, &kMutation, &kAudit, &kAbandon};

// The four ways to lose an actor.
enum class How { cut, silent, malformed, illegal };
constexpr std::array kHows{How::cut, How::silent, How::malformed, How::illegal};

void lose(ScriptedBroker& b, ActorRole role, How how) {
  const Link link{Side::control, b.at(role)};
  if (how == How::cut) b.cut(link);
  if (how == How::malformed) b.raw(link, "uid", {});
  if (how == How::illegal) b.actor_says(b.at(role), T::welcome, {}, {});
  if (how == How::silent) {
    for (int i = 0; i < 2; ++i) {
      for (const auto& [other, actor] : std::map(b.core.registry().all()))
        if (other != role) b.actor_says(actor.connection, T::pong, {}, encode(Pong{1}));
      b.tick_ms(b.options.stage_timeout_ms / 2 + 1);
    }
  }
}

struct Expected {
  const char* code;
  Outcome outcome;
};

Expected expected(T last, ActorRole lost) {
  if (last == T::acted) return {"AUDIT_LOST", Outcome::unknown};
  if (last == T::dispatch && lost == Role::dispatcher) return {"DISPATCH_LOST", Outcome::unknown};
  return {"STAGE_LOST", Outcome::not_executed};
}

void check_ended(ScriptedBroker& b, TestClient& client, const RequestId& request, T last,
                 ActorRole lost) {
  const auto want = expected(last, lost);
  EXPECT_EQ(b.core.open_requests(), 0U);
  if (lost == Role::writer) {  // nobody can record it now: told at once, kept for the next one
    ASSERT_EQ(b.told(client, request).size(), 1U);
    EXPECT_EQ(b.told(client, request)[0].record, 0U);
    EXPECT_EQ(b.told(client, request)[0].error.code, want.code);
    EXPECT_EQ(b.told(client, request)[0].error.outcome, want.outcome);
    b.join(Role::writer);
    ASSERT_EQ(b.reports(request).size(), 1U) << "flushed to the next writer";
    b.record_reports();
    EXPECT_EQ(b.told(client, request).size(), 1U) << "and not told again";
    return;
  }
  ASSERT_EQ(b.reports(request).size(), 1U);
  const auto report = b.reports(request)[0];
  EXPECT_EQ(report.error.code, want.code);
  EXPECT_EQ(report.error.outcome, want.outcome);
  EXPECT_EQ(report.stage, name_of(last));
  EXPECT_FALSE(report.refusal);
  EXPECT_NE(report.lost.find(text_of(lost)), std::string::npos) << report.lost;
  EXPECT_TRUE(b.told(client, request).empty()) << "only once it is durable";
  const auto voids = b.to(b.at(Role::keeper), T::void_confirmation);
  if (lost != Role::keeper && want.outcome == Outcome::not_executed) {
    ASSERT_EQ(voids.size(), 1U) << "the keeper drops what it may hold";
    EXPECT_EQ(body_as<VoidConfirmation>(voids[0]).why, EndReason::stage_lost);
  }
  b.record_reports();
  ASSERT_EQ(b.told(client, request).size(), 1U);
  EXPECT_EQ(b.told(client, request)[0].error.code, want.code);
  EXPECT_GT(b.told(client, request)[0].record, 1000U);
}

void lose_in_state(const RoadScript& road, std::size_t done, ActorRole lost, How how) {
  ScriptedBroker b;
  b.join_all();
  auto client = b.connect();
  const auto request = b.drive(client, road, done);
  const auto dead = b.at(lost);
  const auto last = road[done - 1];
  b.forget();
  // By silence, the holder of the request is timed as well: the same loss, found twice.
  const bool timed_out = how == How::silent && find_route(last)->receiver != Role::client &&
                         find_route(last)->receiver != lost;
  if (timed_out) return;
  lose(b, lost, how);
  EXPECT_EQ(b.core.registry().find(lost), nullptr);
  EXPECT_EQ(b.count(dead, T::goodbye), how == How::cut ? 0U : 1U);
  if (enders().at(last).contains(lost)) {
    check_ended(b, client, request, last, lost);
  } else {
    EXPECT_EQ(b.core.open_requests(), 1U);
    EXPECT_TRUE(b.reports(request).empty());
    EXPECT_TRUE(b.told(client, request).empty());
  }
  // The dead incarnation's late messages are dropped, and its successor gets nothing of the old.
  b.forget();
  const bool ended = b.core.open_requests() == 0;
  for (const auto& route : route_table())
    if (route.sender == lost && !is_link(route.type) && route.type != T::acted &&
        route.type != T::reported)
      b.actor_says(dead, route.type, request, {1});
  EXPECT_TRUE(b.about(request).empty());
  b.forget();
  if (b.core.registry().find(lost) == nullptr) b.join(lost);
  if (lost == Role::dispatcher) b.open_kernel(2);
  for (const auto& message : b.to(b.at(lost)))
    EXPECT_TRUE(is_link(message.header.type) || message.header.type == T::report);
  b.record_reports();
  b.forget();
  if (!ended) {
    b.drive_on(client, request, road, done);
    EXPECT_EQ(b.count(client.connection, road.back()), 1U)
        << "goes on: " << name_of(last) << " without " << text_of(lost);
  } else {
    for (const auto type : road)
      if (find_route(type)->sender != Role::client && type != T::acted)
        b.step(client, request, type);
    EXPECT_TRUE(b.about(request).empty()) << "a closed request stays closed";
  }
}

TEST(BrokerLoss, EveryActorInEveryStateOfEveryRoadInEveryWay) {
  for (const auto* road : kRoads)
    for (std::size_t done = 1; done < road->size(); ++done)
      for (const auto lost : kAllActors)
        for (const auto how : kHows) {
          SCOPED_TRACE(std::string(name_of((*road)[done - 1])) + " loses " +
                       std::string(text_of(lost)) + " how " +
                       std::to_string(static_cast<int>(how)));
          lose_in_state(*road, done, lost, how);
        }
}

// Everything about the loss is in one step of the core: after it, nothing of the request is open
// and every effect is already there.
TEST(BrokerLoss, GoodbyeThenTheReportsInOrder) {
  ScriptedBroker b;
  b.join_all();
  auto client = b.connect();
  const auto request = b.drive(client, kMutation, 6);
  b.forget();
  b.raw({Side::control, b.at(Role::dispatcher)}, "uid", {});
  std::vector<T> order;
  for (const auto& message : b.sent) order.push_back(message.header.type);
  EXPECT_EQ(order, (std::vector{T::goodbye, T::report, T::void_confirmation, T::report}));
  EXPECT_TRUE(b.sent[1].header.request.empty()) << "first the part";
  EXPECT_EQ(b.sent[3].header.request, request);
  EXPECT_EQ(b.sent[3].header.principal, "alice");
  EXPECT_EQ(body_as<Report>(b.sent[3]).command, ScriptedBroker::body_of(T::submit, request));
}

TEST(BrokerLoss, TheFeedTellsTheLossAndEachClosedRequest) {
  ScriptedBroker b;
  b.join_all();
  auto client = b.connect();
  const auto request = b.drive(client, kMutation, 6);
  b.feed.clear();
  b.cut(Role::dispatcher);
  ASSERT_EQ(b.feed.size(), 2U);
  EXPECT_EQ(b.feed[0].message, "part_lost");
  EXPECT_EQ(b.feed[0].sender, "dispatcher");
  EXPECT_EQ(b.feed[1].message, "closed");
  EXPECT_EQ(b.feed[1].request, request.text());
}

TEST(BrokerLoss, AStageThatTakesTooLongIsLostWhileItStillPongs) {
  for (const auto* road : kRoads) {
    for (std::size_t done = 1; done < road->size(); ++done) {
      const auto holder = find_route((*road)[done - 1])->receiver;
      ScriptedBroker b;
      b.join_all();
      auto client = b.connect();
      b.drive(client, *road, done);
      const auto limit =
          holder == Role::reader ? b.options.reader_timeout_ms : b.options.stage_timeout_ms;
      b.live_ms(limit - 1000);
      EXPECT_EQ(b.core.registry().all().size(), kAllActors.size());
      b.live_ms(2000);
      if (holder == Role::client) {  // a person may think: only the keeper ends that
        EXPECT_EQ(b.core.open_requests(), 1U);
        EXPECT_EQ(b.core.registry().all().size(), kAllActors.size());
        continue;
      }
      EXPECT_EQ(b.core.registry().find(holder), nullptr) << text_of(holder);
      EXPECT_EQ(b.core.registry().all().size(), kAllActors.size() - 1);
      EXPECT_EQ(b.core.open_requests(), 0U);
    }
  }
}

TEST(BrokerLoss, HeartbeatsGoToEveryActorAndOnlySilenceKills) {
  ScriptedBroker b;
  b.join_all();
  b.forget();
  b.tick_ms(b.options.heartbeat_ms);
  for (const auto role : kAllActors) EXPECT_EQ(b.count(b.at(role), T::ping), 1U);
  b.tick_ms(b.options.heartbeat_ms - 1);
  for (const auto role : kAllActors) EXPECT_EQ(b.count(b.at(role), T::ping), 1U);
  b.live_ms(60'000);
  EXPECT_EQ(b.core.registry().all().size(), kAllActors.size());
  b.tick_ms(b.options.stage_timeout_ms + 1);
  EXPECT_TRUE(b.core.registry().all().empty());
}

// A connection is one incarnation: once it is declared dead, not even a new HELLO revives it.
TEST(BrokerLoss, ADeadConnectionNeverJoinsAgain) {
  ScriptedBroker b;
  b.join_all();
  for (const auto role : kAllActors) {
    const auto dead = b.at(role);
    b.raw({Side::control, dead}, "uid", {});
    Hello hello;
    hello.role = role;
    for (const std::uint64_t seq : {1U, 2U})
      b.say({Side::control, dead}, "uid", {T::hello, {}, seq, {}, {}}, encode(hello));
    EXPECT_EQ(b.core.registry().find(role), nullptr) << text_of(role);
  }
}

TEST(BrokerLoss, WithoutAnActorThatItNeedsARequestEndsAtOnce) {
  for (const auto* road : kRoads) {
    for (std::size_t done = 1; done + 1 < road->size(); ++done) {
      const auto next = find_route((*road)[done])->receiver;
      if (next == Role::client || enders().at((*road)[done - 1]).contains(next)) continue;
      ScriptedBroker b;
      b.join_all();
      auto client = b.connect();
      const auto request = b.drive(client, *road, done);
      b.cut(next);
      ASSERT_EQ(b.core.open_requests(), 1U);
      b.step(client, request, (*road)[done]);  // its receiver is not there
      EXPECT_EQ(b.core.open_requests(), 0U);
      if (next != Role::writer) b.record_reports();
      ASSERT_EQ(b.told(client, request).size(), 1U);
      const bool acted = (*road)[done] == T::acted;
      EXPECT_EQ(b.told(client, request)[0].error.outcome,
                acted ? Outcome::unknown : Outcome::not_executed);
    }
  }
}

TEST(BrokerLoss, AConnectionThatEndsCostsNobodyElseAMessage) {
  ScriptedBroker b;
  b.join_all();
  const auto gone = b.connect("alice");
  auto stays = b.connect("bob");
  b.forget();
  b.ended(gone);
  b.ended({"a stranger", "", {}, 0, 0});
  EXPECT_TRUE(b.sent.empty());
  EXPECT_EQ(b.core.registry().all().size(), kAllActors.size());
  b.client_says(stays, T::status_query, {}, encode(StatusQuery{}));
  EXPECT_EQ(body_as<Status>(b.to(stays.connection, T::status).at(0)).clients, 1U);
}

}  // namespace
}  // namespace aeromq::broker
