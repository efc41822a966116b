// Default deny: whatever the route table does not allow, and whatever is not framed as it must be,
// is dropped, recorded, and costs its sender its place.
#include "scripted_broker.h"

namespace aeromq::broker {
namespace {

bool legal_from_actor(T type, ActorRole role) {
  if (type == T::pong) return true;
  const auto* route = find_route(type);
  return route != nullptr && route->sender == role && (!is_link(type) || type == T::opened);
}

bool legal_from_client(T type) {
  const auto* route = find_route(type);
  return route != nullptr && route->sender == Role::client && type != T::hello && type != T::pong;
}

std::vector<Report> all_reports(const ScriptedBroker& b, const std::string& writer_connection) {
  std::vector<Report> found;
  for (const auto& message : b.to(writer_connection, T::report))
    found.push_back(body_as<Report>(message));
  return found;
}

// All 127 type numbers, known or not, from each role.
TEST(BrokerDeny, AnIllegalTypeCostsAnActorItsPlaceAndIsRecorded) {
  for (const auto role : kAllActors) {
    for (int number = 1; number < 128; ++number) {
      const auto type = static_cast<T>(number);
      if (legal_from_actor(type, role)) continue;
      ScriptedBroker b;
      b.join_all();
      auto client = b.connect();
      const auto request = b.drive(client, kMutation, 6);
      const auto connection = b.at(role);
      const auto writer = b.at(Role::writer);
      b.forget();
      b.actor_says(connection, type, request, {1});
      EXPECT_EQ(b.core.registry().find(role), nullptr) << number;
      EXPECT_EQ(b.count(connection, T::goodbye), 1U);
      for (const auto& message : b.about(request))
        EXPECT_TRUE(find_route(message.header.type)->sender == Role::broker) << number;
      const auto reports = all_reports(b, writer);
      ASSERT_FALSE(reports.empty());
      EXPECT_EQ(reports[0].error.code, "ILLEGAL_MESSAGE");
      EXPECT_EQ(reports[0].failure, "illegal message");
    }
  }
}

TEST(BrokerDeny, AnIllegalTypeBarsAClientOnceAndIsRecorded) {
  for (int number = 1; number < 128; ++number) {
    const auto type = static_cast<T>(number);
    if (legal_from_client(type)) continue;
    ScriptedBroker b;
    b.join_all();
    auto client = b.connect();
    const auto request = b.drive(client, kMutation, 6);
    b.forget();
    b.client_says(client, type, is_link(type) ? RequestId{} : client.next(), {1});
    auto reports = all_reports(b, b.at(Role::writer));
    ASSERT_EQ(reports.size(), 1U) << number;
    EXPECT_EQ(reports[0].error.code, type == T::hello ? "MALFORMED" : "ILLEGAL_MESSAGE") << number;
    // Its pending confirmation ends with its right to speak.
    EXPECT_EQ(b.count(b.at(Role::keeper), T::void_confirmation), 1U);
    b.forget();
    b.drive(client, kInspection, 1);
    b.step(client, request, T::confirm);
    EXPECT_TRUE(b.sent.empty()) << "barred: everything more is dropped, and reported once";
  }
}

TEST(BrokerDeny, LinkMessagesCarryNoRequestAndRoadMessagesCarryOne) {
  for (const auto type : {T::status_query, T::renew}) {
    ScriptedBroker b;
    b.join_all();
    auto client = b.connect();
    b.client_says(client, type, client.next(), encode(Renew{}));
    EXPECT_EQ(b.count(b.at(Role::writer), T::report), 1U);
  }
  for (const auto type : {T::submit, T::confirm, T::abandon, T::audit_query}) {
    ScriptedBroker b;
    b.join_all();
    auto client = b.connect();
    b.client_says(client, type, {}, {1});
    EXPECT_EQ(b.count(b.at(Role::writer), T::report), 1U);
    EXPECT_EQ(b.core.open_requests(), 0U);
  }
  ScriptedBroker b;
  b.join_all();
  TestClient client{"c", "alice", {}, 0, 0};
  const RequestId any{{}, 1, false};
  b.client_says(client, T::hello, any, encode(Hello{Role::client, "", {}, 0, 0, ""}));
  EXPECT_EQ(b.count("c", T::welcome), 0U) << "a hello is about no request";
}

TEST(BrokerDeny, TheBodiesOfLinkMessagesAreReadStrictly) {
  for (const auto type : {T::status_query, T::renew}) {
    ScriptedBroker b;
    b.join_all();
    auto client = b.connect();
    auto body = encode(Renew{});
    body.push_back(0);
    b.client_says(client, type, {}, body);
    EXPECT_EQ(b.count(client.connection, T::status) + b.count(client.connection, T::renewed), 0U);
    EXPECT_EQ(b.count(b.at(Role::writer), T::report), 1U);
  }
}

TEST(BrokerDeny, BeforeHelloAClientMayNotSpeak) {
  for (const auto type : {T::status_query, T::renew, T::submit}) {
    ScriptedBroker b;
    b.join_all();
    TestClient client{"c", "alice", {}, 0, 0};
    const RequestId id{{}, 1, false};
    b.client_says(client, type, is_link(type) ? RequestId{} : id, encode(Renew{}));
    EXPECT_TRUE(b.to("c").empty());
    b.client_says(client, T::hello, {}, encode(Hello{Role::client, "", {}, 0, 0, ""}));
    EXPECT_TRUE(b.to("c").empty()) << "barred";
  }
}

// ---- frames -----------------------------------------------------------------------------------

struct BadFrames {
  const char* name;
  std::function<void(std::vector<Bytes>&)> spoil;
};

std::vector<BadFrames> bad_frames() {
  return {
      {"no frames", [](auto& f) { f.clear(); }},
      {"two frames", [](auto& f) { f.pop_back(); }},
      {"four frames", [](auto& f) { f.push_back({}); }},
      {"magic", [](auto& f) { f[0][0] = 'X'; }},
      {"short magic", [](auto& f) { f[0].pop_back(); }},
      {"major version", [](auto& f) { f[0][4] = 9; }},
      {"header trails", [](auto& f) { f[1].push_back(0); }},
      {"header empty", [](auto& f) { f[1].clear(); }},
      {"header huge", [](auto& f) { f[1].resize(4000, 0xC0); }},
      {"body too long", [](auto& f) { f[2].assign(kMaxBody + 1, 1); }},
  };
}

TEST(BrokerFrames, AMalformedMessageBarsAClientOnce) {
  for (const auto& bad : bad_frames()) {
    ScriptedBroker b;
    b.join_all();
    auto client = b.connect();
    std::vector<Bytes> frames{Bytes(kMagic.begin(), kMagic.end()),
                              encode_header({T::submit, b.options.boot, 2, client.next(), {}}),
                              {1}};
    bad.spoil(frames);
    b.raw({Side::client, client.connection}, "alice", frames);
    b.raw({Side::client, client.connection}, "alice", frames);
    EXPECT_EQ(b.count(b.at(Role::writer), T::report), 1U) << bad.name;
    EXPECT_EQ(b.core.open_requests(), 0U) << bad.name;
    EXPECT_EQ(b.count(client.connection, T::broker_error), 0U) << bad.name;
  }
}

TEST(BrokerFrames, AMalformedMessageEndsAnActor) {
  for (const auto& bad : bad_frames()) {
    ScriptedBroker b;
    b.join_all();
    std::vector<Bytes> frames{Bytes(kMagic.begin(), kMagic.end()),
                              encode_header({T::pong, b.options.boot, 2, {}, {}}), encode(Pong{1})};
    bad.spoil(frames);
    b.raw({Side::control, b.at(Role::gate)}, "uid", frames);
    EXPECT_EQ(b.core.registry().find(Role::gate), nullptr) << bad.name;
  }
}

TEST(BrokerFrames, ASeqGapARepeatOrAnotherBootIdIsMalformed) {
  const auto offend = [](ScriptedBroker& b, const Link& link, const std::string& user,
                         std::uint64_t seq, BootId boot) {
    b.say(link, user, {T::pong, boot, seq, {}, {}}, encode(Pong{1}));
  };
  BootId other;
  other.octets.fill(9);
  const BootId ours = ScriptedBroker::defaults().boot;
  const std::vector<std::pair<std::uint64_t, BootId>> offences{
      {3, ours}, {1, ours}, {~std::uint64_t{0}, ours}, {2, other}, {2, BootId{}}};
  for (const auto& [seq, boot] : offences) {
    ScriptedBroker b;
    for (const auto role : kAllActors) b.join(role);
    offend(b, {Side::control, b.at(Role::gate)}, "uid", seq, boot);
    EXPECT_EQ(b.core.registry().find(Role::gate), nullptr) << seq;
    auto client = b.connect();
    b.forget();
    b.say({Side::client, client.connection}, "alice", {T::status_query, boot, seq, {}, {}},
          encode(StatusQuery{}));
    EXPECT_EQ(b.count(client.connection, T::status), 0U);
    ASSERT_EQ(b.count(b.at(Role::writer), T::report), 1U);
    EXPECT_EQ(body_as<Report>(b.to(b.at(Role::writer), T::report)[0]).error.code, "MALFORMED");
  }
}

TEST(BrokerFrames, AHelloThatNamesABootIdIsMalformed) {
  ScriptedBroker b;
  b.join(Role::writer);
  Hello hello;
  hello.role = Role::gate;
  b.say({Side::control, "gate"}, "uid", {T::hello, b.options.boot, 0, {}, {}}, encode(hello));
  EXPECT_EQ(b.core.registry().find(Role::gate), nullptr);
  hello.role = Role::client;
  b.say({Side::client, "client"}, "alice", {T::hello, b.options.boot, 0, {}, {}}, encode(hello));
  EXPECT_TRUE(b.to("client").empty());
  ASSERT_EQ(b.count(b.at(Role::writer), T::report), 1U);
  EXPECT_EQ(body_as<Report>(b.to(b.at(Role::writer), T::report)[0]).error.code, "MALFORMED");
  // It is barred: a proper one comes too late.
  b.say({Side::client, "client"}, "alice", {T::hello, {}, 0, {}, {}}, encode(hello));
  EXPECT_TRUE(b.to("client").empty());
}

TEST(BrokerFrames, APrincipalThatAClientFillsInBarsIt) {
  ScriptedBroker b;
  b.join_all();
  auto client = b.connect("alice");
  b.say({Side::client, client.connection}, "alice",
        {T::submit, b.options.boot, 0, client.next(), "alice"}, {1});
  EXPECT_EQ(b.core.open_requests(), 0U);
  EXPECT_EQ(b.count(b.at(Role::gate), T::submit), 0U);
  EXPECT_EQ(b.count(b.at(Role::writer), T::report), 1U);
}

// A client's largest message must still fit, with the broker's words around it, into a report: else
// any client could end the audit writer with one submit that is refused.
TEST(BrokerFrames, WhatAClientSendsAlwaysFitsIntoAReport) {
  for (const std::size_t size : {std::size_t{4096}, std::size_t{16384}, std::size_t{kMaxBody}}) {
    ScriptedBroker b;
    b.join_all();
    auto client = b.connect();
    const Bytes body(size, 0x41);
    const RequestId foreign{{}, 5, true};
    b.client_says(client, T::submit, foreign, body);
    b.client_says(client, T::submit, client.next(), body);
    b.cut(Role::gate);
    for (const auto& message : b.to(b.at(Role::writer), T::report)) {
      EXPECT_LE(message.body.size(), kMaxBody);
      EXPECT_TRUE(decode<Report>(message.body).has_value());
    }
  }
}

TEST(BrokerFrames, AStrangerOnTheActorSideIsDropped) {
  ScriptedBroker b;
  b.join_all();
  b.forget();
  for (int number = 2; number < 128; ++number)
    b.say({Side::control, "stranger" + std::to_string(number)}, "uid",
          {static_cast<T>(number), b.options.boot, 1, {}, {}}, {1});
  EXPECT_TRUE(b.sent.empty());
}

}  // namespace
}  // namespace aeromq::broker
