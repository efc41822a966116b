// Hosts as text and as what the resolver makes of them; sockets that listen at IPv6 and at names.
#include "transport/host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/transport/support.h"
#include "transport/endpoint.h"
#include "transport/resolver.h"

namespace aeromq::transport {
namespace {

TEST(Host, AnAddressIsOneInWhateverSpelling) {
  EXPECT_TRUE(same_host("::1", "0:0:0:0:0:0:0:1"));
  EXPECT_TRUE(same_host("2001:DB8::a", "2001:db8:0::0a"));
  EXPECT_TRUE(same_host("::ffff:10.0.0.1", "10.0.0.1"));
  EXPECT_TRUE(same_host("N1.example", "n1.Example"));
  EXPECT_FALSE(same_host("::1", "127.0.0.1"));
  EXPECT_FALSE(same_host("::1", "::2"));
  EXPECT_FALSE(same_host("n1", "n2"));
  EXPECT_FALSE(same_host("", "::"));
}

TEST(Host, WhatIsNoHostIsSaid) {
  for (const auto* good : {"10.0.0.1", "::1", "fe80::1", "n1", "n1.example", "n1.example.", "DB_3",
                           "2-db.example", "1.example"})
    EXPECT_EQ(host_fault(good), "") << good;
  for (const auto* bad : {"", "[::1]", "::1::", "fe80::1%eth0", "10.0.0", "10.0.0.1.2", "256.1.1.1",
                          "a b", "a,b", "-a", "a..b", "a/b", "a'b"})
    EXPECT_NE(host_fault(bad), "") << bad;
  EXPECT_NE(host_fault(std::string(64, 'a')), "");
  EXPECT_NE(host_fault("10.0.0").find("IPv4"), std::string::npos);
}

TEST(Host, AnAddressOfIpv6WithAPortStandsInBrackets) {
  EXPECT_EQ(with_port("::1", 5432), "[::1]:5432");
  EXPECT_EQ(with_port("n1", 5432), "n1:5432");
  const auto parts = split_host_port("[2001:db8::1]:7432");
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->host, "2001:db8::1");
  EXPECT_EQ(parts->port, "7432");
  EXPECT_EQ(split_host_port("n1:7")->host, "n1");
  for (const auto* bad : {"::1:5432", "n1", ":5", "[n1]:5", "[::1]", ""})
    EXPECT_FALSE(split_host_port(bad)) << bad;
}

TEST(Host, AnEndpointsFormIsJudged) {
  for (const auto* good :
       {"ipc:///x", "tcp://*:7", "tcp://[::1]:7", "tcp://n1:7", "tcp://1.2.3.4:*"})
    EXPECT_EQ(endpoint_fault(good), "") << good;
  for (const auto* bad : {"tcp://::1:7", "tcp://n1", "tcp://n1:x", "tcp://n1:70000", "tcp://[::1]",
                          "tcp://a b:7", "udp://n1:7"})
    EXPECT_NE(endpoint_fault(bad), "") << bad;
}

TEST(Resolver, AnAddressIsItsOwnAnswerAndANameHasItsAddresses) {
  EXPECT_EQ(*resolve("::1", 0), std::vector<std::string>{"::1"});
  const auto local = resolve("localhost", kPatienceMs);
  ASSERT_TRUE(local) << local.error().message;
  EXPECT_THAT(*local, testing::AnyOf(testing::Contains("127.0.0.1"), testing::Contains("::1")));
}

TEST(Resolver, ANameThatIsNotResolvedIsNamed) {
  const auto none = resolve("nosuch.invalid", kPatienceMs);
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message, testing::StartsWith("the name nosuch.invalid is not resolved"));
}

int free_port_near(int offset) { return 20000 + (::getpid() + offset) % 20000; }

TEST(Listener, AnIpv6AddressAndANameAreBoundAndConnected) {
  const ScratchFolder folder;
  Server server(folder.ipc());
  int offset = 7;
  for (const std::string host : {"[::1]", "localhost"}) {
    const auto endpoint = "tcp://" + host + ":" + std::to_string(free_port_near(offset++));
    auto bound = Listener::bind(*server.context, endpoint, {"clients", server.server.secret_key});
    ASSERT_TRUE(bound) << bound.error().message;
    auto peer = Peer::connect(server.client(endpoint));
    ASSERT_TRUE(peer) << peer.error().message;
    ASSERT_TRUE(peer->send({}, Hello{}));
    ASSERT_TRUE(eventually([&] { return bound->receive().has_value(); }));
    EXPECT_FALSE(check_free(endpoint));
  }
}

TEST(Listener, ANameThatIsNotResolvedIsRefusedInWords) {
  const ScratchFolder folder;
  Server server(folder.ipc());
  const std::string endpoint = "tcp://nosuch.invalid:7432";
  const auto bound =
      Listener::bind(*server.context, endpoint, {"clients", server.server.secret_key});
  ASSERT_FALSE(bound);
  EXPECT_THAT(bound.error().message, testing::HasSubstr("nosuch.invalid is not resolved"));
  const auto peer = Peer::connect(server.client(endpoint));
  ASSERT_FALSE(peer);
  EXPECT_THAT(peer.error().message, testing::HasSubstr("nosuch.invalid is not resolved"));
  EXPECT_THAT(check_free(endpoint).error().message, testing::HasSubstr("is not resolved"));
  EXPECT_THAT(check_free("tcp://192.0.2.1:7432").error().message,
              testing::HasSubstr("no address of this machine"));
}

}  // namespace
}  // namespace aeromq::transport
