// The real aeromq-door between real clients and a listener that plays the broker.
#include <sys/socket.h>
#include <sys/un.h>

#include "door/board.h"
#include "door/handshake.h"
#include "door/listening.h"
#include "tests/transport/support.h"
#include "transport/publisher.h"
#include "transport/subscriber.h"

namespace aeromq::door {
namespace {

using test::Child;
using test::eventually;
using transport::Peer;

class DoorProcess : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_ / "run");
    inside_.emplace(folder_.ipc("run/to-broker.ipc"));
    auto board = Board::open(folder_ / "run/door.board");
    ASSERT_TRUE(board);
    board_.emplace(std::move(*board));
    board_->broker_lives(0, 1000);
  }
  void start(const std::string& caps = {}) {
    folder_.put("aeromq.toml", "[door]\nhello_ms = 300\nunfinished_bytes = 65536\n" + caps);
    const auto command = limit_ + "exec " AEROMQ_DOOR " --config " + (folder_ / "aeromq.toml");
    child_.emplace(std::vector<std::string>{"/bin/sh", "-c", command});
    ASSERT_TRUE(eventually([&] { return std::filesystem::exists(folder_ / "run/clients.ipc"); }));
  }
  Result<Peer> connect() { return Peer::connect(inside_->client(folder_.ipc("run/clients.ipc"))); }
  /// The next message that comes through, as the door knows its connection.
  std::optional<Ref> hear() {
    const auto incoming = inside_->receive();
    return incoming ? ref_of_peer(incoming->fd) : std::nullopt;
  }
  std::uint64_t turned(Turned why) { return board_->turned()[static_cast<std::size_t>(why)]; }
  /// A stranger's socket that has said `octets`.
  int stranger(const std::string& octets) {
    const int fd = connect_inside(folder_.ipc("run/clients.ipc"), {});
    EXPECT_GE(fd, 0);
    EXPECT_EQ(::send(fd, octets.data(), octets.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(octets.size()));
    return fd;
  }
  static bool is_closed(int fd) {
    char octets[256];
    const auto got = ::recv(fd, octets, sizeof octets, MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN);
  }

  test::ScratchFolder folder_;
  std::optional<transport::Server> inside_;
  std::optional<Board> board_;
  std::optional<Child> child_;
  std::string limit_;  // words of a shell before the door
};

TEST_F(DoorProcess, PassesMessagesBothWaysAndTellsWhereTheyCameFromAndWhenTheyEnd) {
  start();
  auto client = connect();
  ASSERT_TRUE(client) << client.error().message;
  ASSERT_TRUE(client->send(RequestId{}, Ping{5}));
  auto incoming = inside_->receive();
  ASSERT_TRUE(incoming);
  const auto ref = ref_of_peer(incoming->fd);
  ASSERT_TRUE(ref);
  EXPECT_EQ(board_->address(*ref), "uid " + std::to_string(::getuid()));
  board_->took(*ref);
  inside_->listener->send(incoming->connection, transport::ping_frames(1));
  EXPECT_TRUE(receive(*client));
  EXPECT_FALSE(board_->has_ended(*ref));
  { const auto gone = std::move(*client); }
  EXPECT_TRUE(eventually([&] { return board_->has_ended(*ref); }));
}

TEST_F(DoorProcess, ClosesWhoIsBarred) {
  start();
  auto client = connect();
  ASSERT_TRUE(client);
  ASSERT_TRUE(client->send(RequestId{}, Ping{}));
  const auto ref = hear();
  ASSERT_TRUE(ref);
  board_->bar(*ref);
  EXPECT_TRUE(eventually([&] { return !client->alive(); }));
  EXPECT_EQ(turned(Turned::barred), 1U);
}

TEST_F(DoorProcess, ClosesWhoSendsTooMuchThatNobodyTook) {
  start();
  auto client = connect();
  ASSERT_TRUE(client);
  const Bytes body(16000);
  ASSERT_TRUE(client->send(RequestId{}, Ping{}));
  const auto ref = hear();
  ASSERT_TRUE(ref);
  board_->took(*ref);
  // What is taken may go on for ever.
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(client->send(MessageType::ping, {}, body));
    ASSERT_TRUE(hear());
    board_->took(*ref);
  }
  for (int i = 0; i < 6; ++i) client->send(MessageType::ping, {}, body);
  EXPECT_TRUE(eventually([&] { return !client->alive(); }));
  EXPECT_EQ(turned(Turned::unfinished), 1U);
}

TEST_F(DoorProcess, AFirstMessageThatIsNoHelloIsNotReadToItsEnd) {
  start();
  auto client = connect();
  ASSERT_TRUE(client);
  ASSERT_TRUE(client->send(MessageType::ping, {}, Bytes(60000)));
  EXPECT_TRUE(eventually([&] { return !client->alive(); }));
  EXPECT_FALSE(inside_->listener->receive());
}

TEST_F(DoorProcess, ClosesWhoSaysNothingAfterTheHandshake) {
  start();
  auto client = connect();
  ASSERT_TRUE(client);
  EXPECT_TRUE(eventually([&] { return !client->alive(); }));
  EXPECT_EQ(turned(Turned::too_slow), 1U);
}

TEST_F(DoorProcess, ClosesWhatIsNoHandshakeAndNeverTellsTheBroker) {
  start();
  // The door has looked whether we are here.
  ASSERT_TRUE(eventually([&] { return inside_->listener->saw_disconnect(); }));
  const int web = stranger("GET / HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(eventually([&] { return is_closed(web); }));
  EXPECT_EQ(turned(Turned::no_handshake), 1U);
  const int silent = stranger("");
  EXPECT_TRUE(eventually([&] { return is_closed(silent); }));
  EXPECT_EQ(turned(Turned::too_slow), 1U);
  EXPECT_FALSE(inside_->listener->saw_disconnect());
  ::close(web);
  ::close(silent);
}

TEST_F(DoorProcess, AnUnknownKeyIsToldNoAndCounted) {
  start();
  const auto refused =
      Peer::connect(inside_->client(folder_.ipc("run/clients.ipc"), transport::make_key_pair()));
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("refused this key"), std::string::npos);
  EXPECT_TRUE(eventually([&] { return turned(Turned::refused_key) == 1; }));
}

TEST_F(DoorProcess, ANewcomerTakesThePlaceOfTheOldestThatHasSaidNothing) {
  start("connections_per_address = 2\n");
  auto heard = connect();
  ASSERT_TRUE(heard);
  ASSERT_TRUE(heard->send(RequestId{}, Ping{}));
  const auto ref = hear();
  ASSERT_TRUE(ref);
  board_->took(*ref);
  auto mute = connect();
  ASSERT_TRUE(mute);
  auto next = connect();
  ASSERT_TRUE(next) << next.error().message;
  EXPECT_TRUE(eventually([&] { return !mute->alive(); }));
  EXPECT_TRUE(heard->alive());
}

TEST_F(DoorProcess, NobodyIsLetInWhileThereIsNobodyInside) {
  start();
  inside_.reset();
  const int late = stranger("");
  const auto opening = [] {
    std::string octets(greeting().begin(), greeting().end());
    octets += "\4\310\5HELLO";
    octets.resize(kOpening);
    return octets;
  }();
  EXPECT_EQ(::send(late, opening.data(), opening.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(opening.size()));
  EXPECT_TRUE(eventually([&] { return !std::filesystem::exists(folder_ / "run/clients.ipc"); }));
  inside_.emplace(folder_.ipc("run/to-broker.ipc"));
  EXPECT_TRUE(eventually([&] { return std::filesystem::exists(folder_ / "run/clients.ipc"); }));
  auto client = connect();
  EXPECT_TRUE(client);
  ::close(late);
}

TEST_F(DoorProcess, LivesWhenThereAreMoreConnectionsThanDescriptors) {
  limit_ = "ulimit -n 128; ";
  start();
  constexpr int kMany = 400;
  std::vector<int> held;
  for (int i = 0; i < kMany; ++i) held.push_back(stranger(""));
  auto client = connect();
  EXPECT_TRUE(client) << client.error().message;
  EXPECT_GE(turned(Turned::crowded), 200U);
  for (const int fd : held) ::close(fd);
}

// The feed behind the door, with the test's events.
class FeedProcess : public DoorProcess {
 protected:
  void SetUp() override {
    DoorProcess::SetUp();
    std::filesystem::create_directories(folder_ / "keys");
    put_secret("keys/broker.toml", inside_->server);
    folder_.put("principals.toml",
                "[[principal]]\nname = \"alice\"\nauthority = \"observer\"\nkey = \"" +
                    inside_->alice.public_key + "\"\n");
    auto events = transport::Publisher::bind(*inside_->context, folder_.ipc("run/events.ipc"),
                                             {"actors", std::nullopt});
    ASSERT_TRUE(events) << events.error().message;
    events_.emplace(std::move(*events));
    start();
    feed_.emplace(std::vector<std::string>{AEROMQ_FEED, "--config", folder_ / "aeromq.toml"});
    ASSERT_TRUE(eventually([&] { return std::filesystem::exists(folder_ / "run/to-feed.ipc"); }));
  }
  void put_secret(const std::string& name, const transport::KeyPair& keys) {
    const auto path = folder_.put(name, "public_key = \"" + keys.public_key +
                                            "\"\nsecret_key = \"" + keys.secret_key + "\"\n");
    std::filesystem::permissions(path, std::filesystem::perms::owner_read);
  }
  Result<transport::Subscriber> observer() {
    return transport::Subscriber::connect(inside_->client(folder_.ipc("run/feed.ipc")));
  }
  /// Publishes until the observer has seen something new.
  bool sees(transport::Subscriber& observer) {
    while (observer.receive()) continue;
    return eventually([&] {
      while (events_->next_asked()) continue;
      if (events_->has_audience()) events_->send(transport::ping_frames(1));
      observer.wait(10);
      return observer.receive().has_value();
    });
  }
  std::optional<transport::Publisher> events_;
  std::optional<Child> feed_;
};

TEST_F(FeedProcess, ObserversSeeEventsAndNobodyIsAskedForThemWithoutOne) {
  while (events_->next_asked()) continue;
  EXPECT_FALSE(events_->has_audience());
  {
    auto one = observer();
    ASSERT_TRUE(one) << one.error().message;
    EXPECT_TRUE(sees(*one));
  }
  EXPECT_TRUE(eventually([&] {
    while (events_->next_asked()) continue;
    return !events_->has_audience();
  }));
}

TEST_F(FeedProcess, WhoAsksTooMuchIsClosedAndTheOthersGoOn) {
  auto honest = observer();
  auto greedy = observer();
  ASSERT_TRUE(honest && greedy);
  ASSERT_TRUE(sees(*honest));
  for (char letter = 'a'; letter < 'e'; ++letter) greedy->subscribe(std::string(400, letter));
  EXPECT_TRUE(eventually([&] { return turned(Turned::barred) > 0; }));
  EXPECT_TRUE(sees(*honest));
  EXPECT_TRUE(honest->connected());
}

}  // namespace
}  // namespace aeromq::door
