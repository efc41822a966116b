#include "scripted_broker.h"

namespace aeromq::broker {
namespace {

Link control(const std::string& connection) { return {Side::control, connection}; }

// Tests of the road ask for more, and faster, than one principal may.
Limits many() {
  constexpr std::uint64_t kMany = 1'000'000;
  Limits made;
  made.looks = made.changes = made.refusals = made.status = made.sessions =
      made.refused_of_connection = {kMany, kMany};
  made.open_audit_queries = made.pending = made.pending_of_connection = kMany;
  made.renew_after_percent = 0;
  return made;
}

Incarnation incarnation_of(int number) {
  Incarnation made;
  made.octets[0] = static_cast<std::uint8_t>(number);
  made.octets[1] = 0xA1;
  return made;
}

}  // namespace

BrokerOptions ScriptedBroker::defaults() {
  BrokerOptions made;
  made.boot.octets.fill(0xB0);
  made.build = "test";
  made.limits = many();
  return made;
}

ScriptedBroker::ScriptedBroker(BrokerOptions given) : options(given), core(given, now) {}

// ---- parts ------------------------------------------------------------------------------------

std::string ScriptedBroker::join(ActorRole role) {
  const auto connection = std::string(text_of(role)) + "#" + std::to_string(++connections_);
  Hello hello;
  hello.role = role;
  hello.name = connection;
  hello.incarnation = incarnation_of(connections_);
  hello.pid = 100;
  const auto before = core.registry().find(role) == nullptr;
  say(control(connection), "uid", {T::hello, {}, 0, {}, {}}, encode(hello));
  if (before) live_[role] = connection;
  return connection;
}

void ScriptedBroker::open_kernel(std::uint64_t epoch, std::uint64_t max_lease_ms) {
  Opened opened;
  opened.history.octets = {1, 2, 3, 4};
  opened.dispatcher = 7;
  opened.epoch = epoch;
  opened.kernel_ms = 50'000;
  opened.max_lease_ms = max_lease_ms;
  opened.cluster = "orders";
  actor_says(at(Role::dispatcher), T::opened, {}, encode(opened));
}

void ScriptedBroker::join_all() {
  for (const auto role : kAllActors) join(role);
  open_kernel(1);
}

TestClient ScriptedBroker::connect(const std::string& principal, std::uint64_t minor) {
  TestClient client;
  client.connection = "client#" + std::to_string(++connections_);
  client.principal = principal;
  Hello hello;
  hello.role = ActorRole::client;
  hello.minor = minor;
  client_says(client, T::hello, {}, encode(hello));
  const auto welcomes = to(client.connection, T::welcome);
  EXPECT_EQ(welcomes.size(), 1U);
  if (!welcomes.empty()) {
    client.session = body_as<Welcome>(welcomes.back()).session;
    client.lease_ms = body_as<Welcome>(welcomes.back()).lease_ms;
  }
  return client;
}

void ScriptedBroker::renew(TestClient& client) {
  client_says(client, T::renew, {}, encode(Renew{}));
  const auto renewed = to(client.connection, T::renewed);
  ASSERT_FALSE(renewed.empty());
  client.session = body_as<Renewed>(renewed.back()).session;
  client.lease_ms = body_as<Renewed>(renewed.back()).lease_ms;
  client.counter = 0;
}

// ---- input --------------------------------------------------------------------------------------

void ScriptedBroker::raw(const Link& from, const std::string& user, std::vector<Bytes> frames) {
  take(core.on_message(from, user, std::move(frames), now));
}

void ScriptedBroker::say(const Link& from, const std::string& user, Header header, Bytes body) {
  auto& last = seq_to_broker_[from];
  if (header.seq == 0) header.seq = ++last;
  raw(from, user, {Bytes(kMagic.begin(), kMagic.end()), encode_header(header), std::move(body)});
}

void ScriptedBroker::actor_says(const std::string& connection, T type, const RequestId& request,
                                Bytes body) {
  const auto boot = type == T::hello ? BootId{} : options.boot;
  say(control(connection), "uid", {type, boot, 0, request, {}}, std::move(body));
}

void ScriptedBroker::client_says(const TestClient& client, T type, const RequestId& request,
                                 Bytes body) {
  const auto boot = type == T::hello ? BootId{} : options.boot;
  say({Side::client, client.connection}, client.principal, {type, boot, 0, request, {}},
      std::move(body));
}

Bytes ScriptedBroker::body_of(T type, const RequestId& request) {
  const auto text = "body of " + std::string(name_of(type)) + " " + request.text();
  return {text.begin(), text.end()};
}

void ScriptedBroker::step(TestClient& client, const RequestId& request, T type) {
  const auto* route = find_route(type);
  if (route->sender == ActorRole::client)
    client_says(client, type, request, body_of(type, request));
  else
    actor_says(at(route->sender), type, request, body_of(type, request));
}

RequestId ScriptedBroker::drive(TestClient& client, const RoadScript& script, std::size_t count) {
  const auto request = client.next(script == kMutation || script == kAbandon);
  drive_on(client, request, script, 0, count);
  return request;
}

void ScriptedBroker::drive_on(TestClient& client, const RequestId& request,
                              const RoadScript& script, std::size_t from, std::size_t to) {
  for (std::size_t i = from; i < std::min(to, script.size()); ++i) step(client, request, script[i]);
}

void ScriptedBroker::cut(const Link& link) {
  cut_.insert(link);
  take(core.on_disconnect_hint(now));
}

void ScriptedBroker::ended(const TestClient& client) {
  cut_.insert({Side::client, client.connection});
  if (auto effects = core.on_ended(client.connection, now)) take(std::move(*effects));
}

void ScriptedBroker::turned_away(std::uint64_t more, const std::string& what) {
  take(core.on_turned_away(more, what, now));
}

void ScriptedBroker::tick_ms(std::uint64_t ms) {
  now = after_ms(now, ms);
  take(core.on_tick(now));
}

void ScriptedBroker::live_ms(std::uint64_t ms) {
  constexpr std::uint64_t kStep = 1000;
  for (std::uint64_t passed = 0; passed < ms; passed += kStep) {
    for (const auto& [role, actor] : std::map(core.registry().all()))
      actor_says(actor.connection, T::pong, {}, encode(Pong{1}));
    tick_ms(std::min(kStep, ms - passed));
  }
}

void ScriptedBroker::record_reports() {
  const auto waiting = to(at(Role::writer), T::report);
  std::erase_if(sent, [&](const Outbound& message) { return message.header.type == T::report; });
  for (const auto& message : waiting) {
    const auto report = body_as<Report>(message);
    actor_says(at(Role::writer), T::reported, message.header.request,
               encode(Reported{report.nonce, 1000 + report.nonce}));
  }
}

// ---- what came out ------------------------------------------------------------------------------

void ScriptedBroker::take(Effects effects) {
  std::vector<Outbound> undelivered;
  for (auto& message : effects.send) {
    const auto& header = message.header;
    auto& last = seq_from_broker_[message.to];
    // An actor's WELCOME tells where both ends count from.
    if (message.to.side == Side::control && header.type == T::welcome)
      seq_to_broker_[message.to] = last = header.seq - 1;
    EXPECT_EQ(header.seq, ++last) << message.to.connection;
    if (header.type == T::welcome && message.to.side == Side::control) ++seq_to_broker_[message.to];
    EXPECT_EQ(header.boot, options.boot);
    EXPECT_LE(message.body.size(), kMaxBody);
    if (message.to.side == Side::client) {
      EXPECT_TRUE(header.principal.empty());
    }
    const auto* route = find_route(header.type);
    ASSERT_NE(route, nullptr);
    if (!is_link(header.type)) {
      const auto receiver = message.to.side == Side::client
                                ? std::string(text_of(ActorRole::client))
                                : message.to.connection.substr(0, message.to.connection.find('#'));
      EXPECT_EQ(receiver, text_of(route->receiver)) << name_of(header.type);
    }
    if (cut_.contains(message.to))
      undelivered.push_back(message);
    else
      sent.push_back(message);
    if (watch && !cut_.contains(message.to)) watch(message);
  }
  for (const auto& connection : effects.bar)
    if (std::ranges::find(barred, connection) == barred.end()) barred.push_back(connection);
  for (auto& event : effects.feed) {
    EXPECT_EQ(event.number, ++feed_number_);
    feed.push_back(std::move(event));
  }
  for (const auto& message : undelivered) take(core.on_undelivered(message, now));
}

std::vector<Outbound> ScriptedBroker::to(const std::string& connection) const {
  std::vector<Outbound> found;
  for (const auto& message : sent)
    if (message.to.connection == connection) found.push_back(message);
  return found;
}

std::vector<Outbound> ScriptedBroker::to(const std::string& connection, T type) const {
  auto found = to(connection);
  std::erase_if(found, [&](const Outbound& message) { return message.header.type != type; });
  return found;
}

std::vector<Outbound> ScriptedBroker::about(const RequestId& request) const {
  std::vector<Outbound> found;
  for (const auto& message : sent)
    if (message.header.request == request) found.push_back(message);
  return found;
}

std::vector<Report> ScriptedBroker::reports(const RequestId& request) const {
  std::vector<Report> found;
  for (const auto& message : about(request))
    if (message.header.type == T::report) found.push_back(body_as<Report>(message));
  return found;
}

std::vector<ErrorAnswer> ScriptedBroker::told(const TestClient& client,
                                              const RequestId& request) const {
  std::vector<ErrorAnswer> found;
  for (const auto& message : to(client.connection, T::broker_error))
    if (message.header.request == request) found.push_back(body_as<ErrorAnswer>(message));
  return found;
}

}  // namespace aeromq::broker
