// Seeded random play against the core: legal and illegal messages, repeats, losses, silence, late
// words of the dead. After each step the promises that hold in every history are checked.
#include <deque>
#include <random>

#include "scripted_broker.h"

namespace aeromq::broker {
namespace {

constexpr int kSteps = 10'000;
constexpr std::size_t kClients = 4;
constexpr std::size_t kRemembered = 12;  // requests that are still played with

BrokerOptions small() {
  auto options = ScriptedBroker::defaults();
  options.limits.open_of_connection = 8;
  return options;
}

struct Played {
  RequestId request;
  std::size_t client = 0;
  T last = T::none;         // the last road message that the broker sent about it
  std::size_t asked = 0;    // messages of clients about it
  std::size_t answers = 0;  // messages to clients about it that answer one
  std::size_t finals = 0;   // ends of its road, told to a client
  std::size_t dispatches = 0;
  bool closed = false;
};

class Play {
 public:
  explicit Play(unsigned seed) : random_(seed), b_(small()) {
    b_.watch = [this](const Outbound& message) { see(message); };
    b_.join_all();
    for (std::size_t i = 0; i < kClients; ++i)
      clients_.push_back(b_.connect("p" + std::to_string(i % 3)));
  }

  void run() {
    for (int i = 0; i < kSteps && !testing::Test::HasFailure(); ++i) {
      act(pick(1000));
      b_.forget();
      ASSERT_LE(b_.core.open_requests(), open_bound_) << "step " << i;
    }
    for (const auto role : kAllActors)
      if (b_.core.registry().find(role) != nullptr) lose(role);
    EXPECT_EQ(b_.core.open_requests(), 0U) << "no actor, no open request";
    EXPECT_GT(dispatches_, 20U) << "the play must reach the kernel";
    EXPECT_GT(results_, 10U);
  }

 private:
  std::size_t pick(std::size_t below) { return random_() % below; }

  void act(std::size_t dice) {
    if (dice < 680) return go_on();
    if (dice < 730) return out_of_turn();
    if (dice < 830) return open_one();
    if (dice < 850) return repeat();
    if (dice < 920) return answer_reports();
    if (dice < 950) return pass_time();
    if (dice < 980) return join_missing();
    if (dice < 984) return lose(kAllActors[pick(kAllActors.size())]);
    if (dice < 987) return replace_client();
    if (dice < 990) return offend();
    speak_from_the_dead();
  }

  void see(const Outbound& message) {
    const auto type = message.header.type;
    if (type == T::report) {
      const auto report = body_as<Report>(message);
      waiting_.emplace_back(message.to.connection, Reported{report.nonce, 1});
      if (report.failure == "stage lost" || report.failure == "dispatch lost")
        if (auto* played = find(message.header.request)) played->closed = true;
      return;
    }
    auto* played = find(message.header.request);
    if (played == nullptr || is_link(type)) return;
    if (message.to.side == Side::client && type != T::confirmation_asked) {
      ++played->answers;
      EXPECT_LE(played->answers, played->asked) << name_of(type);
    }
    const bool final = type == T::result || type == T::error || type == T::audit_result ||
                       (type == T::broker_error && ends_road(message));
    if (final) {
      EXPECT_EQ(++played->finals, 1U) << "one final answer";
    }
    if (type == T::broker_error && played->last == T::none) played->closed = true;  // refused
    if (type == T::broker_error || type == T::void_confirmation) return;
    EXPECT_FALSE(played->closed) << name_of(type) << " after the end";
    played->closed = played->closed || final;
    if (type == T::result) ++results_;
    if (type == T::dispatch) see_dispatch(*played, message);
    if (played->last == T::dispatch && type != T::dispatch) outstanding_.clear();  // answered
    played->last = type;
  }

  void see_dispatch(Played& played, const Outbound& message) {
    ++dispatches_;
    EXPECT_EQ(++played.dispatches, 1U) << "handed over at most once";
    EXPECT_EQ(message.to.connection, b_.at(Role::dispatcher));
    EXPECT_EQ(played.request.session.epoch, b_.core.registry().kernel->opened.epoch);
    if (!outstanding_.empty() && outstanding_ == message.to.connection) {
      ADD_FAILURE() << "credit";
    }
    outstanding_ = message.to.connection;
  }

  static bool ends_road(const Outbound& message) {
    const auto code = body_as<ErrorAnswer>(message).error.code;
    return code == "STAGE_LOST" || code == "DISPATCH_LOST" || code == "AUDIT_LOST";
  }

  Played* find(const RequestId& request) {
    const auto at = std::ranges::find(played_, request, &Played::request);
    return at == played_.end() ? nullptr : &*at;
  }
  Played* any() { return played_.empty() ? nullptr : &played_[pick(played_.size())]; }

  void say(Played& played, T type) {
    const auto* route = find_route(type);
    if (route->sender == Role::client) ++played.asked;
    if (route->sender == Role::dispatcher && !played.closed && played.last == T::dispatch &&
        b_.core.registry().find(Role::writer) == nullptr)
      outstanding_.clear();               // taken, though there is nobody to pass it to
    const auto request = played.request;  // the list may move
    b_.step(clients_[played.client], request, type);
  }

  void go_on() {
    auto* played = any();
    if (played == nullptr || played->closed) return;
    std::vector<T> next;
    for (const auto& route : route_table())
      if (route.follows.has(played->last) && route.sender != Role::broker &&
          played->last != T::none)
        next.push_back(route.type);
    // Mostly straight on: refusals and ends would keep the play from ever reaching a dispatch.
    std::erase_if(next, [&](T type) {
      const auto name = name_of(type);
      return pick(8) != 0 && (name.starts_with("refused") || type == T::error || type == T::ended ||
                              type == T::abandon);
    });
    if (!next.empty()) say(*played, next[pick(next.size())]);
  }

  void out_of_turn() {
    auto* played = any();
    const auto& route = route_table()[pick(route_table().size())];
    if (played == nullptr || is_link(route.type) || route.sender == Role::broker ||
        route.type == T::reported)
      return;
    // A submit or query here is a repeat; a second `acted` is recorded as late.
    say(*played, route.type);
  }

  void open_one() {
    if (played_.size() >= kRemembered) {
      const auto old = std::ranges::find(played_, true, &Played::closed);
      if (old == played_.end()) return go_on();
      played_.erase(old);
    }
    const auto client = pick(clients_.size());
    if (pick(4) == 0) b_.renew(clients_[client]);
    const bool audit = pick(6) == 0;
    Played played;
    played.client = client;
    played.request = clients_[client].next(!audit && pick(4) != 0);
    played_.push_back(played);
    say(played_.back(), audit ? T::audit_query : T::submit);
  }

  void repeat() {
    if (auto* played = any()) say(*played, T::submit);
  }

  void answer_reports() {
    for (auto count = pick(6); count > 0 && !waiting_.empty(); --count) {
      const auto [connection, reported] = waiting_.front();
      waiting_.pop_front();
      b_.actor_says(connection, T::reported, {}, encode(reported));
    }
  }

  void pass_time() {
    if (pick(12) == 0) {
      b_.tick_ms(pick(3000));  // nobody answers meanwhile
    } else {
      b_.live_ms(pick(200));
    }
    notice_losses();
  }

  void join_missing() {
    for (const auto role : kAllActors)
      if (b_.core.registry().find(role) == nullptr) b_.join(role);
    if (!b_.core.registry().kernel) b_.open_kernel(++epoch_);
    for (auto& client : clients_) b_.renew(client);
    notice_losses();
  }

  void lose(ActorRole role) {
    if (b_.core.registry().find(role) == nullptr) return;
    dead_.push_back(b_.at(role));
    if (pick(2) == 0)
      b_.cut(role);
    else
      b_.raw({Side::control, b_.at(role)}, "uid", {});
    notice_losses();
  }

  void notice_losses() {
    if (b_.core.registry().find(Role::dispatcher) == nullptr) outstanding_.clear();
  }

  void replace_client() {
    const auto at = pick(clients_.size());
    b_.cut(clients_[at]);
    for (auto& played : played_)
      if (played.client == at) played.closed = played.closed || played.last == T::none;
    std::erase_if(played_, [&](const Played& played) { return played.client == at; });
    clients_[at] = b_.connect("p" + std::to_string(pick(3)));
    open_bound_ +=
        small().limits.open_of_connection;  // those of the gone one may still be on their way
  }

  void offend() {
    const auto role = kAllActors[pick(kAllActors.size())];
    const auto type = static_cast<T>(1 + pick(127));
    const auto* route = find_route(type);
    if (route != nullptr && route->sender == role) return;
    if (b_.core.registry().find(role) == nullptr) return;
    dead_.push_back(b_.at(role));
    auto* played = any();
    b_.actor_says(b_.at(role), type, played != nullptr ? played->request : RequestId{}, {1});
    notice_losses();
  }

  void speak_from_the_dead() {
    auto* played = any();
    if (dead_.empty() || played == nullptr) return;
    const auto& route = route_table()[pick(route_table().size())];
    b_.actor_says(dead_[pick(dead_.size())], route.type, played->request, {1});
  }

  std::mt19937 random_;
  ScriptedBroker b_;
  std::vector<TestClient> clients_;
  std::deque<Played> played_;
  std::deque<std::pair<std::string, Reported>> waiting_;
  std::vector<std::string> dead_;
  std::string outstanding_;  // the dispatcher connection that holds a dispatch
  std::uint64_t epoch_ = 1;
  std::size_t open_bound_ = kClients * small().limits.open_of_connection;
  std::size_t dispatches_ = 0;
  std::size_t results_ = 0;
};

class BrokerRandom : public testing::TestWithParam<unsigned> {};

TEST_P(BrokerRandom, PromisesHoldInEveryHistory) { Play(GetParam()).run(); }

INSTANTIATE_TEST_SUITE_P(Seeds, BrokerRandom, testing::Values(1U, 2U, 3U, 20261122U, 77U, 4242U));

}  // namespace
}  // namespace aeromq::broker
