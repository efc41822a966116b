// Every route of the table goes to exactly its receiver, octet for octet, with the principal
// stamped by the broker; nothing else moves a request.
#include "scripted_broker.h"

namespace aeromq::broker {
namespace {

// Every way through the table, so that each road message is forwarded at least once.
std::vector<RoadScript> every_road() {
  const RoadScript asked{T::submit,    T::survey, T::surveyed,
                         T::explained, T::asked,  T::confirmation_asked};
  std::vector<RoadScript> roads{kInspection, kMutation, kAudit, kAbandon};
  roads.push_back({T::submit, T::refused_by_gate, T::error});
  roads.push_back({T::audit_query, T::refused_by_gate, T::error});
  roads.push_back({T::submit, T::observe, T::refused_by_dispatcher, T::error});
  roads.push_back({T::submit, T::survey, T::refused_by_dispatcher, T::error});
  roads.push_back({T::submit, T::observe, T::observed, T::error});
  roads.push_back({T::submit, T::survey, T::surveyed, T::refused_by_explainer, T::error});
  roads.push_back(
      {T::submit, T::survey, T::surveyed, T::explained, T::refused_by_keeper, T::error});
  roads.push_back({T::audit_query, T::audit_read, T::refused_by_reader, T::error});
  const auto then = [&](RoadScript tail) {
    RoadScript road = asked;
    road.insert(road.end(), tail.begin(), tail.end());
    roads.push_back(road);
  };
  then({T::confirm, T::refused_by_gate, T::error});
  then({T::confirm, T::authorised_confirm, T::refused_by_keeper, T::error});
  then({T::confirm, T::authorised_confirm, T::ended, T::error});
  then({T::confirm, T::ended, T::error});
  then({T::ended, T::error});
  then({T::abandon, T::refused_by_keeper, T::error});
  then({T::confirm, T::authorised_confirm, T::confirmed, T::error});
  then({T::confirm, T::authorised_confirm, T::confirmed, T::dispatch, T::acted, T::error});
  return roads;
}

std::string receiver_connection(const ScriptedBroker& b, const TestClient& client, T type) {
  const auto receiver = find_route(type)->receiver;
  return receiver == Role::client ? client.connection : b.at(receiver);
}

TEST(BrokerRoad, EachMessageGoesToItsOneReceiverWithThePrincipalStamped) {
  std::set<T> forwarded;
  for (const auto& road : every_road()) {
    ScriptedBroker b;
    b.join_all();
    auto client = b.connect("alice");
    const auto request = client.next();
    for (std::size_t i = 0; i < road.size(); ++i) {
      b.forget();
      b.step(client, request, road[i]);
      const auto sent = b.to(receiver_connection(b, client, road[i]), road[i]);
      ASSERT_EQ(sent.size(), 1U) << name_of(road[i]) << " at " << i;
      EXPECT_EQ(sent[0].header.request, request);
      EXPECT_EQ(sent[0].body, ScriptedBroker::body_of(road[i], request));
      const bool to_client = sent[0].to.side == Side::client;
      EXPECT_EQ(sent[0].header.principal, to_client ? "" : "alice");
      for (const auto& other : b.sent)
        if (other.header.type != T::void_confirmation) {
          EXPECT_EQ(other.header.type, road[i]);
        }
      forwarded.insert(road[i]);
    }
    EXPECT_EQ(b.core.open_requests(), 0U) << "ends with " << name_of(road.back());
    // A closed request never sends anything again, whatever anybody says about it.
    b.forget();
    for (const auto& route : route_table())
      if (!is_link(route.type) && route.sender != Role::broker && route.sender != Role::client &&
          route.type != T::acted && route.type != T::reported)
        b.step(client, request, route.type);
    EXPECT_TRUE(b.about(request).empty());
  }
  for (const auto& route : route_table())
    if (!is_link(route.type) && route.sender != Role::broker && route.type != T::reported) {
      EXPECT_TRUE(forwarded.contains(route.type)) << "no road has " << route.name;
    }
}

// In every state, every legal message of an actor that the state does not await is dropped: it
// changes nothing, and what comes next still goes on.
TEST(BrokerRoad, AMessageOutOfTurnIsDroppedAndTheRoadGoesOn) {
  for (const auto& road : {kInspection, kMutation, kAudit}) {
    for (std::size_t done = 1; done < road.size(); ++done) {
      for (const auto& route : route_table()) {
        if (is_link(route.type) || route.sender == Role::broker || route.sender == Role::client ||
            route.type == T::reported || route.follows.has(road[done - 1]))
          continue;
        ScriptedBroker b;
        b.join_all();
        auto client = b.connect();
        const auto request = b.drive(client, road, done);
        b.forget();
        b.step(client, request, route.type);
        for (const auto& message : b.about(request)) EXPECT_EQ(message.header.type, T::report);
        b.drive_on(client, request, road, done, done + 1);
        EXPECT_EQ(b.to(receiver_connection(b, client, road[done]), road[done]).size(), 1U)
            << route.name << " after " << name_of(road[done - 1]);
      }
    }
  }
}

TEST(BrokerRoad, ThePrincipalIsTheConnectionsNeverTheSenders) {
  ScriptedBroker b;
  b.join_all();
  auto alice = b.connect("alice");
  const auto request = b.drive(alice, kMutation, 1);
  // An actor that fills a principal in changes nothing.
  b.say({Side::control, b.at(Role::gate)}, "uid",
        {T::survey, b.options.boot, 0, request, "mallory"}, {1});
  EXPECT_EQ(b.to(b.at(Role::dispatcher), T::survey).at(0).header.principal, "alice");
}

TEST(BrokerRoad, BusyBeyondTheLimitPerConnectionAndFreedByAnAnswer) {
  auto options = ScriptedBroker::defaults();
  options.limits.open_of_connection = 2;
  ScriptedBroker b(options);
  b.join_all();
  auto client = b.connect();
  auto other = b.connect();
  const auto first = b.drive(client, kInspection, 1);
  b.drive(client, kInspection, 1);
  const auto third = b.drive(client, kInspection, 1);
  b.record_reports();
  ASSERT_EQ(b.told(client, third).size(), 1U);
  EXPECT_EQ(b.told(client, third)[0].error.code, "BUSY");
  EXPECT_EQ(b.told(client, third)[0].error.outcome, Outcome::not_executed);
  b.drive(other, kInspection, 1);
  EXPECT_EQ(b.count(b.at(Role::gate), T::submit), 3U);
  b.drive_on(client, first, kInspection, 1);
  b.drive(client, kInspection, 1);
  EXPECT_EQ(b.count(b.at(Role::gate), T::submit), 4U);
  // The refused id is used up: its repeat is a duplicate, and is never said to be not executed.
  b.step(client, third, T::submit);
  b.record_reports();
  EXPECT_EQ(b.told(client, third).back().error.code, "DUPLICATE_REQUEST");
}

TEST(BrokerRoad, TheFeedTellsEveryForwardedMessageInOrder) {
  ScriptedBroker b;
  b.join_all();
  auto client = b.connect();
  b.feed.clear();
  const auto request = b.drive(client, kMutation);
  ASSERT_EQ(b.feed.size(), kMutation.size());
  for (std::size_t i = 0; i < kMutation.size(); ++i) {
    EXPECT_EQ(b.feed[i].message, name_of(kMutation[i]));
    EXPECT_EQ(b.feed[i].request, request.text());
    EXPECT_EQ(b.feed[i].sender, text_of(find_route(kMutation[i])->sender));
    EXPECT_EQ(b.feed[i].receiver, text_of(find_route(kMutation[i])->receiver));
    EXPECT_EQ(b.feed[i].boot, b.options.boot);
  }
}

}  // namespace
}  // namespace aeromq::broker
