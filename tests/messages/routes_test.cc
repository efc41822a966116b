// The route table is closed: one row per type, and nobody follows what never reached them.
#include "messages/routes.h"

#include <gtest/gtest.h>

#include <set>

namespace aeromq {
namespace {

using enum ActorRole;

TEST(Routes, EachTypeHasOneRowInNumberOrder) {
  std::set<std::string_view> names;
  int last = 0;
  for (const auto& route : route_table()) {
    EXPECT_GT(static_cast<int>(route.type), last) << route.name;
    last = static_cast<int>(route.type);
    EXPECT_TRUE(names.insert(route.name).second) << route.name;
    EXPECT_EQ(name_of(route.type), route.name);
    EXPECT_NE(route.sender, route.receiver) << route.name;
  }
}

TEST(Routes, WhatIsNotInTheTableHasNoRoute) {
  std::set<int> known;
  for (const auto& route : route_table()) known.insert(static_cast<int>(route.type));
  for (int number = 0; number < 256; ++number) {
    const auto type = static_cast<MessageType>(number);
    EXPECT_EQ(find_route(type) != nullptr, known.contains(number)) << number;
    if (!known.contains(number)) {
      EXPECT_EQ(name_of(type), "unknown");
    }
  }
}

TEST(Routes, LinkMessagesFollowNothing) {
  for (const auto& route : route_table()) {
    if (is_link(route.type)) {
      EXPECT_TRUE(route.follows.empty()) << route.name;
    }
  }
}

// A road message follows only messages that its own sender received (or sent: a keeper's pending
// confirmation is the one memory), so no stage can speak out of turn.
TEST(Routes, ASenderFollowsOnlyWhatReachedIt) {
  for (const auto& route : route_table()) {
    if (is_link(route.type) || route.sender == broker || route.sender == client) continue;
    if (route.receiver == broker) continue;  // the answer to a report: of no road
    EXPECT_FALSE(route.follows.empty()) << route.name;
    for (const auto& earlier : route_table()) {
      if (!route.follows.has(earlier.type)) continue;
      const bool reached = earlier.receiver == route.sender;
      const bool ends_by_clock = route.type == MessageType::ended;
      EXPECT_TRUE(reached || ends_by_clock) << route.name << " after " << earlier.name;
    }
    EXPECT_FALSE(route.follows.has(MessageType::none)) << route.name;
  }
}

TEST(Routes, OnlyAClientOpensARequest) {
  for (const auto& route : route_table()) {
    if (!is_link(route.type) && route.follows.has(MessageType::none)) {
      EXPECT_EQ(route.sender, client) << route.name;
    }
  }
}

/// role x type: exactly what each role may send, spelled out once more, by hand.
TEST(Routes, EachRoleSendsExactlyThese) {
  using enum MessageType;
  const std::vector<std::pair<ActorRole, std::set<MessageType>>> may{
      {broker,
       {welcome, hello_refused, ping, goodbye, renewed, status, void_confirmation, report,
        broker_error, probe}},
      {client, {hello, pong, renew, status_query, submit, confirm, abandon, audit_query}},
      {gate, {observe, survey, authorised_confirm, audit_read, refused_by_gate}},
      {explainer, {explained, refused_by_explainer}},
      {keeper, {asked, confirmed, ended, refused_by_keeper}},
      {writer, {confirmation_asked, dispatch, result, error, audit_result, reported}},
      {dispatcher, {opened, observed, surveyed, acted, refused_by_dispatcher}},
      {reader, {audit_answer, refused_by_reader}}};
  for (const auto& [role, types] : may) {
    for (int number = 0; number < 128; ++number) {
      const auto* route = find_route(static_cast<MessageType>(number));
      const bool sends = route != nullptr && route->sender == role;
      EXPECT_EQ(sends, types.contains(static_cast<MessageType>(number)))
          << text_of(role) << " " << number;
    }
  }
}

// D4: the only road to the kernel's one action is writer -> dispatcher, after a confirmation.
TEST(Routes, OnlyTheWriterDispatchesAndOnlyAfterConfirmed) {
  const auto* route = find_route(MessageType::dispatch);
  ASSERT_NE(route, nullptr);
  EXPECT_EQ(route->sender, writer);
  EXPECT_EQ(route->receiver, dispatcher);
  for (const auto& earlier : route_table())
    EXPECT_EQ(route->follows.has(earlier.type), earlier.type == MessageType::confirmed);
}

}  // namespace
}  // namespace aeromq
