// aeromq-feed: shows the broker's events to observers, so that nothing that a subscriber asks for,
// and nothing that it does not read, is the broker's work. It holds no authority and takes no
// message of the road.
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "door/board.h"
#include "process/command_line.h"
#include "process/log.h"
#include "process/ready.h"
#include "process/signals.h"
#include "transport/publisher.h"
#include "transport/subscriber.h"
#include "transport/zap.h"

using namespace aeromq;

namespace {

constexpr int kFeedHwm = 1024;    // events that wait for a subscriber that reads slowly
constexpr int kMostFrame = 1024;  // octets of one: a handshake, a topic, a heartbeat
constexpr int kMostAtOnce = 256;  // events, before questions get their turn
constexpr int kTurnMs = 200;
constexpr int kConnectMs = 1000;
constexpr int kBindTries = 40;
constexpr int kBindPauseMs = 25;
// Octets of topics in all. libzmq's memory for them is about 31 times as much.
constexpr std::size_t kMostAsked = 1024 * 1024;
constexpr std::uint32_t kMostAskedByOne = 1024;

class Feed {
 public:
  static Result<Feed> open(const process::Settings& settings) {
    const auto rules = read_rules(settings.principals);
    if (!rules) return fail(rules.error());
    const auto keys = process::read_key_pair(settings.broker.keys);
    if (!keys) return fail(keys.error());
    auto context = transport::Context::start({{"clients", *rules}});
    if (!context) return fail(context.error());
    Feed feed;
    feed.principals_ = settings.principals;
    feed.rules_ = *rules;
    feed.context_ = std::move(*context);
    feed.endpoint_ = process::inner_feed_endpoint(settings);
    auto board = door::Board::open(process::board_file(settings));
    if (!board) return fail(board.error());
    feed.board_.emplace(std::move(*board));
    feed.options_.zap_domain = "clients";
    feed.options_.secret_key = keys->secret_key;
    feed.options_.heartbeat_ms = static_cast<int>(settings.broker.heartbeat_ms);
    feed.options_.hwm = kFeedHwm;
    feed.options_.max_frame = kMostFrame;
    feed.source_.endpoint = process::events_endpoint(settings);
    feed.source_.heartbeat_ms = feed.options_.heartbeat_ms;
    feed.source_.connect_timeout_ms = kConnectMs;
    if (auto bound = feed.bind(); !bound) return fail(bound.error());
    return feed;
  }

  void run() {
    process::StopSignal signals;
    process::tell_ready();
    unsigned hangups = 0;
    while (!signals.next()) {
      if (std::exchange(hangups, signals.hangups()) != signals.hangups()) read_again();
      transport::wait_for_feed(*to_, from_ ? &*from_ : nullptr, kTurnMs, signals.fd());
      hear_questions();
      follow_audience();
      pass_on();
    }
  }

 private:
  static Result<transport::ZapRules> read_rules(const std::string& path) {
    const auto principals = process::read_principals(path);
    if (!principals) return fail(principals.error());
    transport::ZapRules rules;
    for (const auto& principal : *principals) rules.keys[principal.key] = principal.name;
    return rules;
  }

  /// Where a key was taken out all subscribers go, and those that are still let in come again by
  /// themselves.
  void read_again() {
    const auto rules = read_rules(principals_);
    if (!rules)
      return process::log_error("principals_stay_as_they_were", {{"why", rules.error().message}});
    context_->replace("clients", *rules);
    const auto before = std::exchange(rules_, *rules);
    const bool withdrawn = std::ranges::any_of(before.keys, [&](const auto& known) {
      const auto still = rules_.keys.find(known.first);
      return still == rules_.keys.end() || still->second != known.second;
    });
    if (withdrawn) bind_anew();
  }

  /// libzmq gives an address free a moment after its socket was closed.
  void bind_anew() {
    auto bound = bind();
    for (int i = 0; i < kBindTries && !bound; ++i) {
      ::poll(nullptr, 0, kBindPauseMs);
      bound = bind();
    }
    if (!bound) ::_exit(process::fail_start(bound.error()));
  }

  Result<void> bind() {
    to_.reset();
    asked_ = 0;
    auto bound = transport::Publisher::bind(*context_, endpoint_, options_);
    if (!bound) return fail(bound.error());
    to_.emplace(std::move(*bound));
    return {};
  }

  void hear_questions() {
    while (const auto asked = to_->next_asked()) {
      const auto who = door::ref_of_peer(asked->fd);
      if (!who) continue;  // gone
      asked_ += asked->octets;
      const auto octets = static_cast<std::uint32_t>(asked->octets);
      if (board_->took(*who, octets) > kMostAskedByOne) board_->bar(*who);
    }
    if (!to_->has_audience()) asked_ = 0;
    if (asked_ <= kMostAsked) return;
    // Who asked so much is not the only one who goes; subscribers come again by themselves.
    process::log_warning("feed_begun_anew", {{"why", "too many octets of topics"}});
    bind_anew();
  }

  /// The broker makes events for us only while somebody wants them.
  void follow_audience() {
    if (!to_->has_audience()) from_.reset();
    if (!to_->has_audience() || from_) return;
    auto connected = transport::Subscriber::connect(source_);
    if (connected) from_.emplace(std::move(*connected));
  }

  void pass_on() {
    if (!from_) return;
    for (int i = 0; i < kMostAtOnce; ++i) {
      const auto event = from_->receive();
      if (!event) return;
      to_->send(*event);
    }
  }

  std::unique_ptr<transport::Context> context_;
  std::string principals_;
  transport::ZapRules rules_;
  std::string endpoint_;
  transport::ListenerOptions options_;
  transport::PeerOptions source_;
  std::optional<door::Board> board_;
  std::optional<transport::Publisher> to_;
  std::optional<transport::Subscriber> from_;
  std::size_t asked_ = 0;
};

int serve(const process::Settings& settings) {
  auto feed = Feed::open(settings);
  if (!feed) return process::fail_start(feed.error());
  feed->run();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return process::control_plane_main(argc, argv, "aeromq-feed", {}, serve);
}
