// Peer and Listener on one machine, one process: what is sent, refused, dropped and ended.
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <fstream>
#include <thread>
#include <zmq.hpp>

#include "support.h"

namespace aeromq::transport {
namespace {

TEST(Listener, MessagesGoBothWaysAndTheBootIdIsTheListeners) {
  const ScratchFolder folder;
  Server server(folder.ipc());
  auto peer = Peer::connect(server.client(folder.ipc()));
  ASSERT_TRUE(peer) << peer.error().message;
  ASSERT_TRUE(peer->send({}, Hello{}));
  const auto hello = server.receive();
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->user_id, "alice");
  ASSERT_EQ(hello->frames.size(), kFrames);
  EXPECT_EQ(from_frames(hello->frames)->header.seq, 1U);
  EXPECT_TRUE(from_frames(hello->frames)->header.boot.empty());

  EXPECT_EQ(server.listener->send(hello->connection, ping_frames(1, 42)), Sent::queued);
  const auto ping = receive(*peer);
  ASSERT_TRUE(ping);
  EXPECT_EQ(decode<Ping>(ping->body)->nonce, 42U);
  EXPECT_EQ(peer->boot().octets[0], 7);

  ASSERT_TRUE(peer->send({}, Pong{42}));
  const auto pong = server.receive();
  ASSERT_TRUE(pong);
  const auto read = from_frames(pong->frames);
  EXPECT_EQ(read->header.seq, 2U);
  EXPECT_EQ(read->header.boot.octets[0], 7);
}

TEST(Listener, APatientSenderWaitsForAReaderAndLosesNothing) {
  const ScratchFolder folder;
  Server server(folder.ipc(), 16);
  auto options = server.client(folder.ipc());
  options.hwm = 16;
  auto peer = Peer::connect(options);
  ASSERT_TRUE(peer) << peer.error().message;
  const Bytes body(8 * 1024);
  constexpr std::uint64_t kMany = 500;  // of which system and queues hold a small part
  std::uint64_t sent = 0;
  std::thread sender([&] {
    auto moved = std::move(*peer);
    while (sent < kMany && moved.send_patiently(MessageType::pong, {}, body, kPatienceMs)) ++sent;
    eventually([&] { return !moved.alive(); });
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(100));  // it meets a full socket
  std::uint64_t seen = 0;
  while (seen < kMany) {
    const auto incoming = server.receive();
    if (!incoming) break;
    EXPECT_EQ(from_frames(incoming->frames)->header.seq, ++seen);
  }
  EXPECT_EQ(seen, kMany);
  server.listener.reset();
  sender.join();
  EXPECT_EQ(sent, kMany);
}

TEST(Listener, PatienceEnds) {
  const ScratchFolder folder;
  Server server(folder.ipc(), 16);
  auto options = server.client(folder.ipc());
  options.hwm = 16;
  auto peer = Peer::connect(options);
  ASSERT_TRUE(peer) << peer.error().message;
  const Bytes body(8 * 1024);
  constexpr int kShortMs = 50;
  int sent = 0;
  while (sent < 10'000 && peer->send_patiently(MessageType::pong, {}, body, kShortMs)) ++sent;
  EXPECT_LT(sent, 10'000);
  EXPECT_FALSE(peer->alive());
}

TEST(Listener, TcpWithCurveWorksAndWithoutIsRefused) {
  const ScratchFolder folder;
  Server server(folder.ipc());
  const std::string endpoint = "tcp://127.0.0.1:" + std::to_string(20000 + ::getpid() % 20000);
  const auto open = Listener::bind(*server.context, endpoint, {"clients", {}});
  ASSERT_FALSE(open);
  EXPECT_EQ(open.error().code, "INVALID_INPUT");
  EXPECT_EQ(open.error().field, "endpoint");
  EXPECT_FALSE(Peer::connect({endpoint, {}}));
  auto bound = Listener::bind(*server.context, endpoint, {"clients", server.server.secret_key});
  ASSERT_TRUE(bound) << bound.error().message;
  auto peer = Peer::connect(server.client(endpoint));
  ASSERT_TRUE(peer) << peer.error().message;
  ASSERT_TRUE(peer->send({}, Hello{}));
  std::optional<Incoming> hello;
  ASSERT_TRUE(eventually([&] { return (hello = bound->receive()).has_value(); }));
  EXPECT_EQ(hello->user_id, "alice");
  const auto twice =
      Listener::bind(*server.context, endpoint, {"clients", server.server.secret_key});
  ASSERT_FALSE(twice);
  EXPECT_NE(twice.error().message.find("in use"), std::string::npos);
}

TEST(Listener, BadEndpointsAreRefusedByName) {
  const ScratchFolder folder;
  Server server(folder.ipc());
  const ListenerOptions options{"actors", {}};
  const auto why = [&](const std::string& endpoint) {
    const auto bound = Listener::bind(*server.context, endpoint, options);
    return bound ? std::string("bound") : bound.error().message;
  };
  EXPECT_NE(why(folder.ipc(std::string(120, 'x'))).find("octets long"), std::string::npos);
  EXPECT_NE(why("ipc://@abstract").find("needs a path"), std::string::npos);
  EXPECT_NE(why("inproc://x").find("must begin"), std::string::npos);
  EXPECT_NE(why("ipc:///no/such/folder/s").find("cannot bind"), std::string::npos);
  // The longest path that the system allows does work.
  const auto longest = folder.path().size() + 1;
  EXPECT_EQ(why(folder.ipc(std::string(107 - longest, 'x'))), "bound");
  EXPECT_NE(why(folder.ipc(std::string(108 - longest, 'x'))).find("octets"), std::string::npos);
}

TEST(Listener, NeitherALiveSocketNorAFileIsStolen) {
  const ScratchFolder folder;
  Server server(folder.ipc());
  const auto twice = Listener::bind(*server.context, folder.ipc(), {"actors", {}});
  ASSERT_FALSE(twice);
  EXPECT_NE(twice.error().message.find("in use"), std::string::npos);
  const auto file = folder.path() + "/precious";
  std::ofstream(file) << "data";
  EXPECT_FALSE(Listener::bind(*server.context, folder.ipc("precious"), {"actors", {}}));
  EXPECT_EQ(std::filesystem::file_size(file), 4U);
}

TEST(Listener, SendingToAConnectionThatIsGoneSaysSo) {
  const ScratchFolder folder;
  Server server(folder.ipc());
  std::optional<Incoming> hello;
  {
    auto peer = Peer::connect(server.client(folder.ipc()));
    ASSERT_TRUE(peer);
    ASSERT_TRUE(peer->send({}, Hello{}));
    hello = server.receive();
    ASSERT_TRUE(hello);
  }
  EXPECT_TRUE(eventually([&] { return server.listener->saw_disconnect(); }));
  EXPECT_TRUE(eventually([&] {
    return server.listener->send(hello->connection, ping_frames(1)) == Sent::unreachable;
  }));
  EXPECT_EQ(server.listener->send("never", ping_frames(1)), Sent::unreachable);
}

TEST(Listener, AFailedFirstFrameNeverShiftsAMessageToAnotherConnection) {
  const ScratchFolder folder;
  Server server(folder.ipc());
  auto victim = Peer::connect(server.client(folder.ipc()));
  ASSERT_TRUE(victim && victim->send({}, Hello{}));
  const auto hello = server.receive();
  ASSERT_TRUE(hello);
  auto frames = ping_frames(1, 1);
  frames.insert(frames.begin(), as_text(as_bytes(hello->connection)).empty()
                                    ? Bytes{}
                                    : Bytes(hello->connection.begin(), hello->connection.end()));
  EXPECT_EQ(server.listener->send("ghost", frames), Sent::unreachable);
  EXPECT_EQ(server.listener->send(hello->connection, ping_frames(1, 2)), Sent::queued);
  const auto read = receive(*victim);
  ASSERT_TRUE(read);
  EXPECT_EQ(decode<Ping>(read->body)->nonce, 2U);
}

TEST(Listener, AGapARepeatOrAnotherBootIdEndsTheConnection) {
  const ScratchFolder folder;
  Server server(folder.ipc());
  struct Case {
    std::uint64_t seq;
    std::uint8_t boot;
  };
  for (const auto& second : {Case{3, 7}, Case{1, 7}, Case{2, 8}}) {
    auto peer = Peer::connect(server.client(folder.ipc()));
    ASSERT_TRUE(peer && peer->send({}, Hello{}));
    const auto hello = server.receive();
    ASSERT_TRUE(hello);
    server.listener->send(hello->connection, ping_frames(1));
    server.listener->send(hello->connection, ping_frames(second.seq, 0, second.boot));
    server.listener->send(hello->connection, ping_frames(2));
    ASSERT_TRUE(receive(*peer));
    EXPECT_FALSE(receive(*peer));
    EXPECT_FALSE(peer->alive());
    EXPECT_FALSE(peer->send({}, Pong{}));
    EXPECT_FALSE(peer->receive());  // not even what would fit
  }
}

std::size_t resident_kb() {
  std::ifstream statm("/proc/self/statm");
  std::size_t size = 0;
  std::size_t resident = 0;
  statm >> size >> resident;
  return resident * 4;
}

TEST(Listener, AMessageOfManyFramesIsCutAndTheNextOneIsWhole) {
  const ScratchFolder folder;
  Server server(folder.ipc());
  zmq::context_t context;
  zmq::socket_t raw(context, zmq::socket_type::dealer);
  raw.set(zmq::sockopt::linger, 0);
  raw.set(zmq::sockopt::curve_serverkey, server.server.public_key);
  raw.set(zmq::sockopt::curve_publickey, server.alice.public_key);
  raw.set(zmq::sockopt::curve_secretkey, server.alice.secret_key);
  raw.connect(folder.ipc());
  constexpr std::size_t kMany = 5000;
  const std::string frame(1000, 'x');
  for (std::size_t i = 0; i < kMany; ++i)
    raw.send(zmq::buffer(frame), i + 1 < kMany ? zmq::send_flags::sndmore : zmq::send_flags::none);
  raw.send(zmq::buffer(frame), zmq::send_flags::none);
  const auto before = resident_kb();
  const auto cut = server.receive();
  ASSERT_TRUE(cut);
  EXPECT_EQ(cut->frames.size(), kFrames + 1);
  EXPECT_FALSE(from_frames(cut->frames));
  const auto next = server.receive();
  ASSERT_TRUE(next);
  EXPECT_EQ(next->frames.size(), 1U);
  EXPECT_LT(resident_kb(), before + 64 * 1024);
}

TEST(Listener, AFrameAboveTheLimitEndsItsConnection) {
  const ScratchFolder folder;
  Server server(folder.ipc());
  auto peer = Peer::connect(server.client(folder.ipc()));
  ASSERT_TRUE(peer);
  EXPECT_TRUE(peer->send(MessageType::ping, {}, Bytes(70000)));
  EXPECT_TRUE(eventually([&] { return !peer->alive(); }));
  EXPECT_FALSE(server.listener->receive());
}

TEST(Peer, NobodyListeningIsSaidInTimeAndALateListenerIsFound) {
  const ScratchFolder folder;
  auto options = PeerOptions{folder.ipc("none"), {}};
  options.connect_timeout_ms = 150;
  const auto none = Peer::connect(options);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, "NOT_REACHED");
  std::unique_ptr<Context> context;
  std::optional<Listener> listener;
  std::thread late([&] {
    ::poll(nullptr, 0, 200);
    context = std::move(*Context::start({{"actors", {{}, {::getuid()}}}}));
    listener.emplace(std::move(*Listener::bind(*context, folder.ipc("none"), {"actors", {}})));
  });
  options.connect_timeout_ms = kPatienceMs;
  const auto found = Peer::connect(options);
  late.join();
  EXPECT_TRUE(found) << found.error().message;
}

// A frozen broker: the system takes the connection for it, and then nothing comes.
TEST(Peer, SilenceIsNoQuestionAboutKeys) {
  const ScratchFolder folder;
  const auto path = (folder / "mute");
  const int mute = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  ASSERT_EQ(::bind(mute, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(mute, 8), 0);
  PeerOptions options{"ipc://" + path, CurveClient{make_key_pair().public_key, make_key_pair()}};
  const auto peer = Peer::connect(options);
  ::close(mute);
  ASSERT_FALSE(peer);
  EXPECT_NE(peer.error().message.find("does not answer"), std::string::npos)
      << peer.error().message;
  EXPECT_EQ(peer.error().message.find("key"), std::string::npos) << peer.error().message;
}

TEST(Peer, ItsFileDescriptorWakesForAMessageAndForTheEnd) {
  const ScratchFolder folder;
  std::optional<Server> server(folder.ipc());
  auto peer = Peer::connect(server->client(folder.ipc()));
  ASSERT_TRUE(peer && peer->send({}, Hello{}));
  const auto hello = server->receive();
  ASSERT_TRUE(hello);
  const auto wakes = [&](const auto& done) {
    return eventually([&] {
      if (done()) return true;
      pollfd item{peer->fd(), POLLIN, 0};
      ::poll(&item, 1, kPatienceMs);
      return done();
    });
  };
  server->listener->send(hello->connection, ping_frames(1));
  EXPECT_TRUE(wakes([&] { return peer->receive().has_value(); }));
  const auto start = std::chrono::steady_clock::now();
  server.reset();
  EXPECT_TRUE(wakes([&] { return !peer->alive(); }));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(3));
}

TEST(Peer, WaitWakesForAForeignFileDescriptor) {
  const ScratchFolder folder;
  Server server(folder.ipc());
  auto peer = Peer::connect(server.client(folder.ipc()));
  ASSERT_TRUE(peer);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ASSERT_EQ(::write(ends[1], "x", 1), 1);
  const auto start = std::chrono::steady_clock::now();
  peer->wait(kPatienceMs, ends[0]);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(kPatienceMs));
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(Peer, WithLingerTheLastMessageLeavesAndClosingIsBounded) {
  const ScratchFolder folder;
  Server server(folder.ipc());
  {
    auto peer = Peer::connect(server.client(folder.ipc()));
    ASSERT_TRUE(peer);
    peer->set_linger_ms(kPatienceMs);
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(peer->send({}, Pong{}));
  }
  for (std::uint64_t i = 1; i <= 100; ++i) {
    const auto incoming = server.receive();
    ASSERT_TRUE(incoming);
    EXPECT_EQ(from_frames(incoming->frames)->header.seq, i);
  }
}

}  // namespace
}  // namespace aeromq::transport
