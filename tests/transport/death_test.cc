// The stale matrix for our option set, with real processes: what was queued for a process that
// died never reaches the one that takes its place, in either direction.
#include "support.h"

namespace aeromq::transport {
namespace {

struct Actors {
  ScratchFolder folder;
  std::unique_ptr<Context> context;
  std::optional<Listener> listener;
  explicit Actors(int hwm = 1000) {
    context = std::move(*Context::start({{"actors", {{}, {::getuid()}}}}));
    ListenerOptions options{"actors", {}};
    options.hwm = hwm;
    listener.emplace(std::move(*Listener::bind(*context, folder.ipc(), options)));
  }
  Child child() { return Child({OTHER_END, "peer", folder.ipc()}); }
  Connection hello() {
    std::optional<Incoming> incoming;
    EXPECT_TRUE(eventually([&] { return (incoming = listener->receive()).has_value(); }));
    return incoming ? incoming->connection : "";
  }
};

TEST(Death, WhatIsSentToADeadPeerNeverReachesItsSuccessor) {
  Actors actors;
  std::uint64_t nonce = 0;
  std::uint64_t unreachable = 0;
  for (int round = 0; round < 8; ++round) {
    auto first = actors.child();
    const auto old = actors.hello();
    first.stop(SIGKILL);
    // From the first instant after death on, and until the broker notices.
    ASSERT_TRUE(eventually([&] {
      ++nonce;
      const auto sent = actors.listener->send(old, ping_frames(nonce, nonce));
      unreachable += sent == Sent::unreachable;
      return sent == Sent::unreachable;
    }));
    EXPECT_TRUE(eventually([&] { return actors.listener->saw_disconnect(); }));
    auto second = actors.child();
    const auto fresh = actors.hello();
    EXPECT_NE(fresh, old);
    EXPECT_EQ(actors.listener->send(old, ping_frames(nonce, nonce)), Sent::unreachable);
    EXPECT_EQ(actors.listener->send(fresh, ping_frames(1, 0)), Sent::queued);
    EXPECT_EQ(second.line(), "connected");
    EXPECT_EQ(second.line(), "0");  // its own first message, nothing of its predecessor's
    second.stop(SIGKILL);
  }
  EXPECT_GE(unreachable, 8U);
}

TEST(Death, WhatAPeerSentToADeadListenerNeverReachesItsSuccessor) {
  const ScratchFolder folder;
  for (int round = 0; round < 4; ++round) {
    Child first({OTHER_END, "listener", folder.ipc()});
    ASSERT_EQ(first.line(), "bound");
    auto peer = Peer::connect({folder.ipc(), {}});
    ASSERT_TRUE(peer) << peer.error().message;
    first.signal(SIGSTOP);        // so that all of this waits somewhere when it dies
    for (int i = 0; i < 40; ++i)  // more than the system's buffers hold
      ASSERT_TRUE(peer->send(MessageType::ping, {}, Bytes(50000)));
    first.stop(SIGKILL);
    Child second({OTHER_END, "listener", folder.ipc()});
    ASSERT_EQ(second.line(), "bound");
    EXPECT_TRUE(eventually([&] {
      peer->wait(50);
      return !peer->alive();
    }));
    EXPECT_FALSE(peer->send({}, Ping{}));
    EXPECT_EQ(second.line(300), std::nullopt);  // time for a reconnect, if there were one
    auto fresh = Peer::connect({folder.ipc(), {}});
    ASSERT_TRUE(fresh && fresh->send({}, Hello{}));
    EXPECT_EQ(second.line(), "1");
    EXPECT_EQ(second.line(200), std::nullopt);  // none of the 40
  }
}

TEST(Death, AStoppedPeerIsNoticedByItsHeartbeat) {
  Actors actors;
  auto child = actors.child();
  actors.hello();
  ASSERT_EQ(child.line(), "connected");
  child.signal(SIGSTOP);
  EXPECT_TRUE(eventually([&] { return actors.listener->saw_disconnect(); }));
  child.signal(SIGCONT);
  EXPECT_EQ(child.line(), "ended");  // it does not come back on that socket
}

TEST(Death, AStoppedListenerEndsItsPeers) {
  const ScratchFolder folder;
  Child child({OTHER_END, "listener", folder.ipc()});
  ASSERT_EQ(child.line(), "bound");
  auto peer = Peer::connect({folder.ipc(), {}});
  ASSERT_TRUE(peer);
  child.signal(SIGSTOP);
  EXPECT_TRUE(eventually([&] {
    peer->wait(50);
    return !peer->alive();
  }));
}

TEST(Death, APeerThatDoesNotReadIsFullWithoutBlocking) {
  Actors actors(10);
  auto child = actors.child();
  const auto connection = actors.hello();
  ASSERT_EQ(child.line(), "connected");
  child.signal(SIGSTOP);
  const auto frames = to_frames({MessageType::ping, {}, 1, {}, {}}, Bytes(50000));
  const auto start = std::chrono::steady_clock::now();
  auto sent = Sent::queued;
  int queued = 0;
  while ((sent = actors.listener->send(connection, frames)) == Sent::queued) ++queued;
  EXPECT_EQ(sent, Sent::full);
  EXPECT_LT(queued, 200);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
}

}  // namespace
}  // namespace aeromq::transport
