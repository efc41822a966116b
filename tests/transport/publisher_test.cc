// The observer feed: authenticated, complete for one that reads, never blocked by one that does
// not.
#include "transport/publisher.h"

#include "support.h"
#include "transport/subscriber.h"

namespace aeromq::transport {
namespace {

TEST(Feed, AnObserverGetsEveryEventThatFollowsItsFirst) {
  const ScratchFolder folder;
  Server server(folder.ipc());
  const auto endpoint = folder.ipc("feed");
  auto feed = Publisher::bind(*server.context, endpoint, {"clients", server.server.secret_key});
  ASSERT_TRUE(feed) << feed.error().message;
  auto observer = Subscriber::connect(server.client(endpoint));
  ASSERT_TRUE(observer) << observer.error().message;
  std::optional<std::vector<Bytes>> event;
  std::uint64_t next = 0;
  ASSERT_TRUE(eventually([&] {
    feed->send(ping_frames(++next));
    observer->wait(10);
    return (event = observer->receive()).has_value();
  }));
  auto seq = from_frames(*event)->header.seq;
  for (int i = 0; i < 40; ++i) feed->send(ping_frames(++next));
  while (seq < next) {
    ASSERT_TRUE(eventually([&] {
      observer->wait(10);
      return (event = observer->receive()).has_value();
    }));
    EXPECT_EQ(from_frames(*event)->header.seq, ++seq);
  }
  EXPECT_TRUE(observer->connected());
}

TEST(Feed, AStrangerSeesNothing) {
  const ScratchFolder folder;
  Server server(folder.ipc());
  const auto endpoint = folder.ipc("feed");
  auto feed = Publisher::bind(*server.context, endpoint, {"clients", server.server.secret_key});
  ASSERT_TRUE(feed);
  const auto stranger = Subscriber::connect(server.client(endpoint, make_key_pair()));
  ASSERT_FALSE(stranger);
  EXPECT_NE(stranger.error().message.find("refused this key"), std::string::npos);
}

TEST(Feed, AnObserverThatNeverReadsDoesNotBlock) {
  const ScratchFolder folder;
  Server server(folder.ipc());
  const auto endpoint = folder.ipc("feed");
  ListenerOptions options{"clients", server.server.secret_key};
  options.hwm = 10;
  auto feed = Publisher::bind(*server.context, endpoint, options);
  ASSERT_TRUE(feed);
  auto observer = Subscriber::connect(server.client(endpoint));
  ASSERT_TRUE(observer);
  const auto start = std::chrono::steady_clock::now();
  for (std::uint64_t i = 1; i < 20000; ++i) feed->send(ping_frames(i));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(kPatienceMs));
}

TEST(Feed, TellsWhatIsAskedAndEndsAConnectionThatAsksTooMuchAtOnce) {
  const ScratchFolder folder;
  Server server(folder.ipc());
  const auto endpoint = folder.ipc("feed");
  ListenerOptions options{"clients", server.server.secret_key};
  options.max_frame = 1024;
  auto feed = Publisher::bind(*server.context, endpoint, options);
  ASSERT_TRUE(feed);
  EXPECT_FALSE(feed->has_audience());
  auto observer = Subscriber::connect(server.client(endpoint));
  ASSERT_TRUE(observer) << observer.error().message;
  std::optional<Publisher::Asked> asked;
  ASSERT_TRUE(eventually([&] { return (asked = feed->next_asked()).has_value(); }));
  EXPECT_EQ(asked->octets, 1U);  // every event: an empty topic behind its sign
  EXPECT_GE(asked->fd, 0);
  EXPECT_TRUE(feed->has_audience());
  observer->subscribe(std::string(2000, 'x'));
  ASSERT_TRUE(eventually([&] {
    while ((asked = feed->next_asked())) EXPECT_LE(asked->octets, 1U);
    return !feed->has_audience();
  }));
}

}  // namespace
}  // namespace aeromq::transport
