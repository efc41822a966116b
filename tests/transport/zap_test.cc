// Who is let in: the nine cases around option 93, strangers, wrong domains, uids.
#include "support.h"
#include "transport/sockets.h"

namespace aeromq::transport {
namespace {

TEST(Zap, AStrangersKeyIsRefusedAtOnceAndByName) {
  const ScratchFolder folder;
  Server server(folder.ipc());
  const auto start = std::chrono::steady_clock::now();
  const auto peer = Peer::connect(server.client(folder.ipc(), make_key_pair()));
  ASSERT_FALSE(peer);
  EXPECT_EQ(peer.error().code, "NOT_REACHED");
  EXPECT_NE(peer.error().message.find("it refused this key"), std::string::npos);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(1000));
}

TEST(Zap, AKnownKeyWithAWrongServerKeyIsNotLetIn) {
  const ScratchFolder folder;
  Server server(folder.ipc());
  auto options = server.client(folder.ipc());
  options.curve->server_key = make_key_pair().public_key;
  options.connect_timeout_ms = 1000;
  EXPECT_FALSE(Peer::connect(options));
}

TEST(Zap, AClientWithoutCurveIsNotLetInToACurveDomain) {
  const ScratchFolder folder;
  Server server(folder.ipc());
  PeerOptions options{folder.ipc(), {}};
  options.connect_timeout_ms = 1000;
  EXPECT_FALSE(Peer::connect(options));
}

TEST(Zap, OtherRulesCountForTheNextConnection) {
  const ScratchFolder folder;
  Server server(folder.ipc());
  const auto bob = make_key_pair();
  EXPECT_FALSE(Peer::connect(server.client(folder.ipc(), bob)));
  EXPECT_FALSE(server.context->replace("clients", {{{"no key", "bob"}}, {}}));
  EXPECT_FALSE(server.context->replace("unknown", {}));
  ASSERT_TRUE(server.context->replace("clients", {{{bob.public_key, "bob"}}, {}}));
  EXPECT_TRUE(Peer::connect(server.client(folder.ipc(), bob)));
  EXPECT_FALSE(Peer::connect(server.client(folder.ipc())));
}

TEST(Zap, AnIpcPeerOfAListedUidIsNamedByIt) {
  const ScratchFolder folder;
  Server server(folder.ipc());
  auto actors = Listener::bind(*server.context, folder.ipc("actors"), {"actors", {}});
  ASSERT_TRUE(actors);
  auto peer = Peer::connect({folder.ipc("actors"), {}});
  ASSERT_TRUE(peer) << peer.error().message;
  ASSERT_TRUE(peer->send({}, Hello{}));
  std::optional<Incoming> hello;
  ASSERT_TRUE(eventually([&] {
    Listener* const all[] = {&*actors, &*server.listener};
    wait_any(all, 50);
    return (hello = actors->receive()).has_value();
  }));
  EXPECT_EQ(hello->user_id, "uid:" + std::to_string(::getuid()));
}

// NULL and CURVE, each with: rules that do not name the peer, no rules at all, another domain.
TEST(Zap, WhateverIsNotNamedIsRefused) {
  const ScratchFolder folder;
  const auto server = make_key_pair();
  const auto alice = make_key_pair();
  auto started = Context::start({{"others", {{{make_key_pair().public_key, "bob"}}, {12345}}},
                                 {"empty", {}},
                                 {"alice", {{{alice.public_key, "alice"}}, {::getuid()}}}});
  ASSERT_TRUE(started) << started.error().message;
  int number = 0;
  const auto let_in = [&](const std::string& domain, bool curve) {
    const auto endpoint = folder.ipc(std::to_string(++number));
    ListenerOptions listening{domain, {}};
    PeerOptions connecting{endpoint, {}};
    connecting.connect_timeout_ms = 1000;
    if (curve) {
      listening.secret_key = server.secret_key;
      connecting.curve = CurveClient{server.public_key, alice};
    }
    const auto listener = Listener::bind(**started, endpoint, listening);
    EXPECT_TRUE(listener) << listener.error().message;
    const auto peer = Peer::connect(connecting);
    if (!peer) {
      EXPECT_NE(peer.error().message.find("refused this key"), std::string::npos)
          << peer.error().message;
    }
    return peer.has_value();
  };
  for (const bool curve : {false, true}) {
    EXPECT_TRUE(let_in("alice", curve)) << curve;
    EXPECT_FALSE(let_in("others", curve)) << curve;
    EXPECT_FALSE(let_in("empty", curve)) << curve;
    EXPECT_FALSE(let_in("undeclared", curve)) << curve;
  }
  EXPECT_FALSE(Listener::bind(**started, folder.ipc("x"), {"", {}}));
}

TEST(Zap, BadRulesAreRefused) {
  EXPECT_FALSE(Context::start({{"a", {{{"no key", "alice"}}, {}}}}));
  EXPECT_FALSE(Context::start({{"a", {{{make_key_pair().public_key, ""}}, {}}}}));
  EXPECT_FALSE(Context::start({{"", {}}}));
}

TEST(Keys, AreFortyCharactersOfZ85) {
  const auto pair = make_key_pair();
  EXPECT_TRUE(is_key(pair.public_key));
  EXPECT_TRUE(is_key(pair.secret_key));
  EXPECT_NE(pair, make_key_pair());
  EXPECT_FALSE(is_key(""));
  EXPECT_FALSE(is_key(pair.public_key.substr(5)));
  EXPECT_FALSE(is_key(std::string(40, '"')));
}

// libzmq draws them from rand(), which nobody else seeds.
TEST(RoutingIds, DifferFromRunToRun) {
  std::set<std::string> seen;
  for (int i = 0; i < 3; ++i) {
    const ScratchFolder folder;
    Child child({OTHER_END, "routing-id", folder.ipc()});
    seen.insert(child.line().value_or("none"));
  }
  EXPECT_EQ(seen.size(), 3U);
  EXPECT_FALSE(seen.contains("none"));
}

// The options alone, with no authenticator in the process: nobody gets in (option 93).
TEST(Zap, WithoutAnAuthenticatorNobodyGetsIn) {
  const auto server = make_key_pair();
  for (const bool curve : {false, true}) {
    const ScratchFolder folder;
    auto context = detail::make_context();
    zmq::socket_t router(context, zmq::socket_type::router);
    detail::set_common(router, 500, 10);
    detail::set_server(router, "clients", curve ? std::optional(server.secret_key) : std::nullopt);
    ASSERT_TRUE(detail::bind_socket(router, folder.ipc()));
    PeerOptions options{folder.ipc(), {}};
    if (curve) options.curve = CurveClient{server.public_key, make_key_pair()};
    options.connect_timeout_ms = 1000;
    EXPECT_FALSE(Peer::connect(options)) << curve;
  }
}

}  // namespace
}  // namespace aeromq::transport
