// The proxy between real sockets of the product: what passes, what is spoiled, and that one end's
// going is the other's.
#include <gmock/gmock.h>
#include <unistd.h>

#include <atomic>

#include "chaos/network/proxy.h"
#include "chaos/stack/stack.h"
#include "messages/catalogue.h"
#include "tests/support/scratch_folder.h"
#include "transport/listener.h"
#include "transport/peer.h"
#include "transport/zap.h"

namespace aeromq::chaos::network {
namespace {

constexpr int kSoonMs = 1500;
constexpr int kNoHeartbeatMs = 60000;  // so that no heartbeat ends what should have ended before

class Notes final : public Watcher {
 public:
  void began(const std::string& link) override { add("began " + link); }
  void ended(const std::string& link) override { add("ended " + link); }
  void message(const std::string& link, Direction, const Frames&) override { add("heard " + link); }
  void fault(const std::string& link, Direction, Fault fault) override {
    add(std::string(text_of(fault)) + " " + link);
  }
  bool has(const std::string& note) {
    const std::lock_guard lock(mutex_);
    return std::ranges::find(notes_, note) != notes_.end();
  }

 private:
  void add(std::string note) {
    const std::lock_guard lock(mutex_);
    notes_.push_back(std::move(note));
  }
  std::mutex mutex_;
  std::vector<std::string> notes_;
};

class ProxyTest : public testing::Test {
 protected:
  ProxyTest() {
    std::map<std::string, transport::ZapRules> domains;
    domains["control"].uids = {::getuid()};
    domains["clients"].keys[client_.public_key] = "alice";
    context_ = *transport::Context::start(std::move(domains));
    control_ = *transport::Listener::bind(*context_, folder_.ipc("control"), options("control"));
    auto curve = options("clients");
    curve.secret_key = broker_.secret_key;
    clients_ = *transport::Listener::bind(*context_, folder_.ipc("clients"), curve);
  }

  static transport::ListenerOptions options(const std::string& domain) {
    transport::ListenerOptions made;
    made.zap_domain = domain;
    made.heartbeat_ms = kNoHeartbeatMs;
    return made;
  }

  transport::Peer connect(const std::string& endpoint, bool curve) {
    transport::PeerOptions made;
    made.endpoint = endpoint;
    made.heartbeat_ms = kNoHeartbeatMs;
    if (curve) made.curve = transport::CurveClient{broker_.public_key, client_};
    auto peer = transport::Peer::connect(made);
    EXPECT_TRUE(peer) << peer.error().message;
    return std::move(*peer);
  }

  client::ClientSettings settings() const {
    return {folder_.ipc("clients"),
            broker_.public_key,
            client_.public_key,
            client_.secret_key,
            "",
            "test"};
  }

  std::optional<transport::Incoming> receive(transport::Listener& listener) {
    std::optional<transport::Incoming> got;
    poll_until(kSoonMs, [&] { return (got = listener.receive()).has_value(); });
    return got;
  }

  /// Every message of `link` meets `fault`; the seed is one that does not leave it alone.
  static Plan always(Fault fault, const std::string& link) {
    Plan plan;
    plan.per_mille[static_cast<std::size_t>(fault)] = 1000;
    while (decide(plan, link, Direction::up, 1).fault == Fault::none) ++plan.seed;
    return plan;
  }

  const test::ScratchFolder folder_;
  const transport::KeyPair broker_ = transport::make_key_pair();
  const transport::KeyPair client_ = transport::make_key_pair();
  std::unique_ptr<transport::Context> context_;
  std::optional<transport::Listener> control_;
  std::optional<transport::Listener> clients_;
  Notes notes_;
  Proxy proxy_{notes_};
};

TEST_F(ProxyTest, AnActorIsNamedByItsHelloAndGoesWithItsConnection) {
  proxy_.carry_control(folder_ / "here", folder_ / "control");
  {
    auto actor = connect(folder_.ipc("here"), false);
    Hello hello;
    hello.role = ActorRole::dispatcher;
    ASSERT_TRUE(actor.send({}, hello));
    ASSERT_TRUE(receive(*control_));
    EXPECT_TRUE(notes_.has("began control.dispatcher"));
    control_->saw_disconnect();
  }
  EXPECT_TRUE(poll_until(kSoonMs, [&] { return control_->saw_disconnect(); }));
  EXPECT_TRUE(poll_until(kSoonMs, [&] { return notes_.has("ended control.dispatcher"); }));
}

TEST_F(ProxyTest, ACutEndsBothEnds) {
  proxy_.carry_control(folder_ / "here", folder_ / "control");
  auto actor = connect(folder_.ipc("here"), false);
  Hello hello;
  hello.role = ActorRole::keeper;
  ASSERT_TRUE(actor.send({}, hello));
  ASSERT_TRUE(receive(*control_));
  proxy_.cut("control.confirmation-keeper");
  EXPECT_TRUE(poll_until(kSoonMs, [&] { return !actor.alive(); }));
  EXPECT_TRUE(poll_until(kSoonMs, [&] { return control_->saw_disconnect(); }));
}

TEST_F(ProxyTest, InsideCurveAMessageCanArriveTwiceUnderItsOwnersName) {
  ASSERT_TRUE(
      proxy_.open_door(Door::inside, "alice", settings(), broker_.secret_key, folder_ / "door"));
  auto peer = connect(folder_.ipc("door"), true);
  proxy_.begin(always(Fault::doubled, "client.alice"));
  ASSERT_TRUE(peer.send({}, Renew{}));
  for (int i = 0; i < 2; ++i) {
    const auto got = receive(*clients_);
    ASSERT_TRUE(got) << i;
    EXPECT_EQ(got->user_id, "alice");
    EXPECT_EQ(transport::from_frames(got->frames)->header.seq, 1U);
  }
  EXPECT_TRUE(notes_.has("doubled client.alice"));
}

// The regression of libzmq 4.3.4 that this rung found: with a monitor that listens for it, such a
// connection fell silent, and the process aborted when its other end went.
TEST_F(ProxyTest, OutsideCurveWhatIsSpoiledEndsTheClientsConnectionAtOnce) {
  for (const auto fault : {Fault::doubled, Fault::corrupted, Fault::truncated}) {
    const auto here = "door-" + std::string(text_of(fault));
    ASSERT_TRUE(proxy_.open_door(Door::outside, "alice", settings(), "", folder_ / here));
    auto peer = connect(folder_.ipc(here), true);
    ASSERT_TRUE(peer.send({}, Renew{}));
    const auto got = receive(*clients_);
    ASSERT_TRUE(got);
    proxy_.begin(always(fault, "stream.alice"));
    Header header;
    header.type = MessageType::probe;
    header.seq = 1;
    const auto body = encode(Probe{});
    clients_->send(got->connection, transport::to_frames(header, body));
    EXPECT_TRUE(poll_until(kSoonMs, [&] {
      while (peer.receive()) {
      }
      return !peer.alive();
    })) << text_of(fault);
    proxy_.heal();
  }
}

TEST_F(ProxyTest, HealingLetsEverythingPass) {
  ASSERT_TRUE(
      proxy_.open_door(Door::inside, "alice", settings(), broker_.secret_key, folder_ / "door"));
  auto peer = connect(folder_.ipc("door"), true);
  proxy_.begin(always(Fault::lost, "client.alice"));
  ASSERT_TRUE(peer.send({}, Renew{}));
  EXPECT_TRUE(poll_until(kSoonMs, [&] { return notes_.has("lost client.alice"); }));
  proxy_.heal();
  ASSERT_TRUE(peer.send({}, Renew{}));
  const auto got = receive(*clients_);
  ASSERT_TRUE(got);
  EXPECT_EQ(transport::from_frames(got->frames)->header.seq, 2U);
}

}  // namespace
}  // namespace aeromq::chaos::network
