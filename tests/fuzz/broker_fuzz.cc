// Whole messages through the broker's core: scripted actors and clients that mostly keep to the
// protocol, and any frames at all. What leaves the broker must keep to it always.
#include <deque>
#include <map>
#include <set>

#include "broker/broker.h"
#include "tests/fuzz/bodies.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/input.h"

namespace aeromq::fuzz {
namespace {

using broker::Effects;
using broker::Link;
using broker::Outbound;
using broker::Side;

constexpr std::size_t kMaxActs = 96;
constexpr std::size_t kClients = 3;
constexpr std::uint32_t kRequests = 4;  // of one session

broker::BrokerOptions options() {
  broker::BrokerOptions made;
  made.boot.octets.fill(0xB0);
  made.build = "fuzz";
  return made;
}

class World {
 public:
  explicit World(Input& input) : input_(input) {
    for (const auto role : broker::kActorRoles) join(role);
    open_kernel();
    for (std::size_t i = 0; i < kClients; ++i) greet(i);
  }

  void act() {
    switch (input_.choice(12)) {
      case 0:
        return join(broker::kActorRoles[input_.choice(broker::kActorRoles.size())]);
      case 1:
        return greet(input_.choice(kClients));
      case 2:
      case 3:
      case 4:
      case 5:
        return next_stage();
      case 6:
        return any_message();
      case 7:
        return any_frames();
      case 8:
        return lose();
      case 9:
        return tick();
      case 10:
        return record_reports();
      default:
        return link_message();
    }
  }

 private:
  struct Seen {
    std::uint64_t in = 0;   ///< seq of what we sent
    std::uint64_t out = 0;  ///< seq of what the broker sent
  };

  static Link client_link(std::size_t index) {
    return {Side::client, "client#" + std::to_string(index)};
  }
  static std::string user(std::size_t index) { return index == 2 ? "otto" : "alice"; }
  Link actor_link(ActorRole role) const {
    const auto at = actors_.find(role);
    return {Side::control, at == actors_.end() ? "stranger" : at->second};
  }

  void join(ActorRole role) {
    const auto connection = std::string(text_of(role)) + "#" + std::to_string(++joined_);
    Hello hello;
    hello.role = role;
    hello.name = connection;
    hello.incarnation.octets[0] = static_cast<std::uint8_t>(joined_);
    const bool free = core_.registry().find(role) == nullptr;
    if (free) actors_[role] = connection;
    say({Side::control, connection}, "uid", MessageType::hello, {}, encode(hello));
  }

  void open_kernel() {
    Opened opened;
    opened.history.octets = {1, 2, 3, 4};
    opened.dispatcher = 7;
    opened.epoch = ++epoch_;
    opened.kernel_ms = 50'000;
    opened.max_lease_ms = 600'000;
    opened.cluster = "orders";
    say(actor_link(ActorRole::dispatcher), "uid", MessageType::opened, {}, encode(opened));
  }

  void greet(std::size_t index) {
    Hello hello;
    say(client_link(index), user(index), MessageType::hello, {}, encode(hello));
  }

  RequestId request(std::size_t client) {
    const auto pick = input_.octet();
    RequestId made{sessions_[client_link(client).connection], 1U + pick % kRequests,
                   (pick & 0x80U) != 0};
    return made;
  }

  /// A message that the road of some request awaits, from whoever may send it.
  void next_stage() {
    const auto client = input_.choice(kClients);
    const auto about = request(client);
    const auto at = last_.find(about);
    const auto last = at == last_.end() ? MessageType::none : at->second;
    std::vector<const Route*> next;
    for (const auto& route : route_table())
      if (!is_link(route.type) && route.follows.has(last) && route.sender != ActorRole::broker)
        next.push_back(&route);
    if (next.empty()) return;
    const auto& route = *next[input_.choice(next.size())];
    send_as(route, client, about);
  }

  void any_message() {
    const auto table = route_table();
    const auto& route = table[input_.choice(table.size())];
    const auto client = input_.choice(kClients);
    send_as(route, client, request(client));
  }

  void send_as(const Route& route, std::size_t client, RequestId about) {
    if (is_link(route.type)) about = {};
    auto body = input_.block();
    if (route.sender == ActorRole::client)
      say(client_link(client), user(client), route.type, about, std::move(body));
    else if (route.sender != ActorRole::broker)
      say(actor_link(route.sender), "uid", route.type, about, std::move(body));
  }

  void any_frames() {
    std::vector<Bytes> frames(input_.choice(5));
    for (auto& frame : frames) frame = input_.block();
    if (!frames.empty() && input_.flag()) frames[0].assign(kMagic.begin(), kMagic.end());
    const auto from = input_.choice(kClients + actors_.size());
    if (from < kClients) return take(core_.on_message(client_link(from), user(from), frames, now_));
    const auto& [role, connection] =
        *std::next(actors_.begin(), static_cast<std::ptrdiff_t>(from - kClients));
    take(core_.on_message({Side::control, connection}, "uid", frames, now_));
  }

  void lose() {
    const auto pick = input_.choice(kClients + actors_.size());
    if (pick < kClients) {
      cut_.insert(client_link(pick));
    } else {
      const auto& at = *std::next(actors_.begin(), static_cast<std::ptrdiff_t>(pick - kClients));
      cut_.insert({Side::control, at.second});
    }
    take(core_.on_disconnect_hint(now_));
    if (pick < kClients) {  // the same name connects afresh
      cut_.erase(client_link(pick));
      seen_.erase(client_link(pick));
    }
  }

  void tick() {
    const auto ms = input_.octet() * 100U;
    if (input_.flag())
      for (const auto& [role, connection] : actors_)
        say({Side::control, connection}, "uid", MessageType::pong, {}, encode(Pong{1}));
    now_ = after_ms(now_, ms);
    take(core_.on_tick(now_));
  }

  void record_reports() {
    auto waiting = std::exchange(reports_, {});
    for (const auto& [about, nonce] : waiting)
      say(actor_link(ActorRole::writer), "uid", MessageType::reported, about,
          encode(Reported{nonce, 1000 + nonce}));
  }

  void link_message() {
    const auto client = input_.choice(kClients);
    switch (input_.choice(4)) {
      case 0:
        return say(client_link(client), user(client), MessageType::renew, {}, encode(Renew{}));
      case 1:
        return say(client_link(client), user(client), MessageType::status_query, {},
                   encode(StatusQuery{}));
      case 2:
        return open_kernel();
      default:
        return say(actor_link(ActorRole::dispatcher), "uid", MessageType::opened, {},
                   input_.block());
    }
  }

  void say(const Link& from, const std::string& user_id, MessageType type, const RequestId& about,
           Bytes body) {
    const auto boot = type == MessageType::hello ? BootId{} : options().boot;
    const Header header{type, boot, ++seen_[from].in, about, {}};
    take(core_.on_message(
        from, user_id, {Bytes(kMagic.begin(), kMagic.end()), encode_header(header), body}, now_));
  }

  void take(Effects effects) {
    std::vector<Outbound> undelivered;
    for (const auto& sent : effects.send) {
      check(sent);
      if (cut_.contains(sent.to)) undelivered.push_back(sent);
    }
    for (const auto& event : effects.feed) {
      expect(event.number == ++feed_, "the feed's numbers are dense");
      const auto read = decode<StageEvent>(encode(event));
      expect(read.has_value() && *read == event, "the feed can be read");
      if (event.message == "closed") closed(event.request);
      if (const auto* route = route_named(event.message); route != nullptr && !is_link(route->type))
        note(event, *route);
    }
    for (const auto& sent : undelivered) take(core_.on_undelivered(sent, now_));
  }

  static const Route* route_named(std::string_view name) {
    for (const auto& route : route_table())
      if (route.name == name) return &route;
    return nullptr;
  }

  void note(const StageEvent& event, const Route& route) {
    const auto about = RequestId::parse(event.request);
    if (!about) return;
    expect(event.sender == text_of(route.sender) && event.receiver == text_of(route.receiver),
           "a message moves along the route table");
    auto& last = last_[*about];
    if (route.sender != ActorRole::broker)
      expect(route.follows.has(last), "a message follows what it may follow");
    last = route.type;
    if (route.type == MessageType::dispatch)
      expect(dispatched_.insert(*about).second, "a request is dispatched once");
  }

  void closed(const std::string& text) {
    if (const auto about = RequestId::parse(text)) last_[*about] = MessageType::goodbye;
  }

  void check(const Outbound& sent) {
    const auto& header = sent.header;
    auto& seen = seen_[sent.to];
    if (sent.to.side == Side::control && header.type == MessageType::welcome) {
      seen.out = header.seq - 1;
      seen.in = header.seq;
    }
    expect(header.seq == ++seen.out, "seq is dense");
    expect(header.boot == options().boot, "the boot id is the broker's");
    expect(sent.body.size() <= kMaxBody, "what is sent fits into a message");
    expect(decode_header(encode_header(header)) == header, "the header can be read");
    const auto* route = find_route(header.type);
    expect(route != nullptr, "only messages of the table are sent");
    expect(route->receiver != ActorRole::broker, "nothing is sent to the broker itself");
    if (sent.to.side == Side::client)
      expect(header.principal.empty(), "clients are not told who they are with each message");
    if (!is_link(header.type)) {
      const auto receiver = sent.to.side == Side::client
                                ? std::string(text_of(ActorRole::client))
                                : sent.to.connection.substr(0, sent.to.connection.find('#'));
      expect(receiver == text_of(route->receiver), "only the receiver of the table gets it");
    }
    if (route->sender == ActorRole::broker)
      expect(round_trip_as(header.type, sent.body), "the broker's own words can be read");
    if (header.type == MessageType::welcome && sent.to.side == Side::client)
      give(sent.to, decode<Welcome>(sent.body)->session);
    if (header.type == MessageType::renewed) give(sent.to, decode<Renewed>(sent.body)->session);
    if (header.type == MessageType::report)
      reports_.emplace_back(header.request, decode<Report>(sent.body)->nonce);
  }

  void give(const Link& to, const SessionId& session) {
    expect(given_.insert(session.number).second, "a session number is never given twice");
    sessions_[to.connection] = session;
  }

  Input& input_;
  Moment now_{1'000'000'000, 5'000'000'000};
  broker::Broker core_{options(), now_};
  std::map<ActorRole, std::string> actors_;
  std::map<Link, Seen> seen_;
  std::map<std::string, SessionId> sessions_;
  std::map<RequestId, MessageType> last_;
  std::set<RequestId> dispatched_;
  std::set<std::uint32_t> given_;
  std::set<Link> cut_;
  std::vector<std::pair<RequestId, std::uint64_t>> reports_;
  std::uint64_t feed_ = 0;
  std::uint64_t epoch_ = 0;
  int joined_ = 0;
};

}  // namespace
}  // namespace aeromq::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace aeromq::fuzz;
  Input input(data, size);
  World world(input);
  for (std::size_t i = 0; i < kMaxActs && !input.empty(); ++i) world.act();
  return 0;
}
