// The broker's core, second half: what it does when an actor or a client is lost, and how its own
// words reach the audit log before anybody is told. broker.cc has the road itself.
#include <algorithm>
#include <utility>

#include "broker/broker.h"

namespace aeromq::broker {
namespace {

constexpr std::size_t kMaxReports = 1024;  // on their way: the window of this link
constexpr std::size_t kMaxLostDispatches = 16;

}  // namespace

// ONE step: the incarnation is dead (whatever it still sends is dropped), its requests are closed;
// only then is anybody told. Nothing is sent to its successor.
void Broker::lose_actor(ActorRole role, const std::string& why) {
  auto* found = registry_.find(role);
  if (found == nullptr) return;
  auto actor = *found;
  registry_.remove(role);
  note("part_lost", role, ActorRole::broker, {});
  const auto name = name_of_actor(actor) + " (" + why + ")";
  std::vector<Road> ended;
  for (const auto& [request, road] : roads_)
    if (ends_with(road, role)) ended.push_back(road);
  if (role == ActorRole::dispatcher) {
    credit_used_ = false;
    dispatches_.clear();
  }
  for (const auto& road : ended) {
    close(road.request);
    if (role == ActorRole::dispatcher && road.handed_over)  // at most one: credit
      lost_dispatches_.push_back({actor.connection, name, road.request, road.principal});
  }
  if (lost_dispatches_.size() > kMaxLostDispatches) lost_dispatches_.pop_front();
  send_actor(actor, MessageType::goodbye, {}, {}, encode(Goodbye{why}));

  PendingReport part;
  part.report.error = make_error(ErrorCode::stage_lost, name, Outcome::not_executed);
  part.report.failure = "part lost";
  part.report.lost = name;
  if (role == ActorRole::writer) {
    // What it was told may or may not be durable; the clients that wait are told unrecorded.
    for (auto& lost : reports_.take_all()) {
      if (!lost.client.empty()) tell_client(lost.client, lost.request, lost.report.error, 0);
      reports_.keep(std::move(lost));
    }
  }
  report(std::move(part));
  for (const auto& road : ended) close_lost(road, role, name);
}

void Broker::close_lost(const Road& road, ActorRole lost, const std::string& name, Bytes late) {
  close(road.request);
  note("closed", lost, ActorRole::broker, road.request);
  if (lost != ActorRole::keeper && !road.handed_over && road.principal.size() > 0)
    if (auto* keeper = registry_.find(ActorRole::keeper))
      send_actor(*keeper, MessageType::void_confirmation, road.request, road.principal,
                 encode(VoidConfirmation{EndReason::stage_lost}));
  PendingReport pending;
  pending.request = road.request;
  pending.principal = road.principal;
  pending.client = road.client;
  pending.report.error = loss_error(road, lost, name);
  pending.report.failure =
      lost == ActorRole::dispatcher && road.handed_over ? "dispatch lost" : "stage lost";
  pending.report.lost = name;
  pending.report.stage = std::string(name_of(road.last));
  pending.report.command = road.command;
  pending.report.late = std::move(late);
  report(std::move(pending));
}

void Broker::lose_client(const std::string& connection) {
  std::vector<RequestId> pending;
  for (auto& [request, road] : roads_) {
    if (road.client != connection) continue;
    road.client.clear();
    if (road.pending()) pending.push_back(request);
  }
  sessions_.forget(connection);
  for (const auto& request : pending) void_pending(roads_.at(request), EndReason::client_gone);
}

Effects Broker::on_keys_withdrawn(const std::set<std::string>& principals, const Moment& now) {
  now_ = now;
  std::vector<std::string> connections;
  for (const auto& [connection, client] : sessions_.all())
    if (principals.contains(client.principal) && !client.barred) connections.push_back(connection);
  for (const auto& connection : connections)
    bar(*sessions_.find(connection), make_error(ErrorCode::no_authority, "its key was withdrawn"),
        "key withdrawn");
  return take();
}

void Broker::bar(ClientLink& client, const Error& error, std::string failure) {
  client.barred = true;
  effects_.bar.push_back(client.connection);
  if (recorded_alone(client.principal)) {
    PendingReport pending;
    if (!client.address.empty()) pending.report.lost = "client at " + client.address;
    pending.principal = client.principal;
    pending.report.error = error;
    pending.report.failure = std::move(failure);
    pending.report.refusal = true;
    report(std::move(pending));
  } else {
    refusal_counts_.add(client.principal, client.session, {}, error, now_);
  }
  const auto connection = client.connection;
  // Its pending confirmations end with its right to speak; the link stays barred until it is gone.
  for (auto& [request, road] : roads_) {
    if (road.client != connection) continue;
    road.client.clear();
    if (road.pending()) void_pending(road, EndReason::client_gone);
  }
}

Effects Broker::on_undelivered(const Outbound& message, const Moment& now) {
  now_ = now;
  if (message.to.side == Side::client) {
    lose_client(message.to.connection);
    return take();
  }
  auto* actor = registry_.find_by_connection(message.to.connection);
  if (actor == nullptr) return take();
  // The dispatch never left: the dispatcher cannot have executed it.
  if (message.header.type == MessageType::dispatch)
    if (const auto at = roads_.find(message.header.request); at != roads_.end())
      at->second.handed_over = false;
  lose_actor(actor->role, "connection ended");
  return take();
}

Effects Broker::on_tick(const Moment& now) {
  now_ = now;
  const auto timeout_ns = options_.stage_timeout_ms * kNanosPerMs;
  std::vector<std::pair<ActorRole, std::string>> lost;
  for (const auto& [role, actor] : registry_.all())
    if (now.boot_ns > actor.heard.boot_ns + timeout_ns) lost.emplace_back(role, "silent");
  for (const auto& [request, road] : roads_)
    if (road.deadline_boot_ns != 0 && now.boot_ns > road.deadline_boot_ns)
      lost.emplace_back(road.holder(), std::string(name_of(road.last)) + " took too long");
  report_tallies();
  if (reports_.overdue(now)) lost.emplace_back(ActorRole::writer, "report took too long");
  for (const auto& [role, why] : lost) lose_actor(role, why);
  record_counts();
  if (now.boot_ns >= last_ping_ns_ + options_.heartbeat_ms * kNanosPerMs) {
    last_ping_ns_ = now.boot_ns;
    ++ping_nonce_;
    for (const auto role : kActorRoles)
      if (auto* actor = registry_.find(role))
        send_actor(*actor, MessageType::ping, {}, {}, encode(Ping{ping_nonce_}));
  }
  return take();
}

std::optional<Effects> Broker::on_ended(const std::string& connection, const Moment& now) {
  now_ = now;
  if (sessions_.find(connection) == nullptr) return std::nullopt;
  send_client(connection, MessageType::probe, {}, encode(Probe{}));
  return take();
}

Effects Broker::on_turned_away(std::uint64_t more, const std::string& what, const Moment& now) {
  now_ = now;
  turned_away_.add(more, what, now);
  report_tallies();
  return take();
}

// What anybody can cause as often as they like is recorded as a number.
void Broker::report_tallies() {
  const auto say = [&](const std::optional<Tally::Said>& said, ErrorCode code,
                       std::string_view failure, const std::string& head) {
    if (!said) return;
    PendingReport pending;
    const auto times = said->count == 1 ? "once" : std::to_string(said->count) + " times";
    const auto ms = (now_.boot_ns - said->first.boot_ns) / kNanosPerMs;
    pending.report.error = make_error(
        code, head + times + " within " + std::to_string(ms) + " ms, last: " + said->last);
    pending.report.failure = failure;
    report(std::move(pending));
  };
  say(second_takers_.due(now_), ErrorCode::name_taken, "second taker", "asked for ");
  say(turned_away_.due(now_), ErrorCode::not_reached, "turned away", "turned away at the door ");
}

Effects Broker::on_disconnect_hint(const Moment& now) {
  now_ = now;
  for (const auto role : kActorRoles)
    if (auto* actor = registry_.find(role))
      send_actor(*actor, MessageType::ping, {}, {}, encode(Ping{++ping_nonce_}));
  std::vector<std::string> connections;
  for (const auto& [connection, client] : sessions_.all()) connections.push_back(connection);
  for (const auto& connection : connections)
    send_client(connection, MessageType::probe, {}, encode(Probe{}));
  return take();
}

// ---- reports and answers ----------------------------------------------------------------------

void Broker::report(PendingReport pending) {
  auto* writer = registry_.find(ActorRole::writer);
  if (writer == nullptr) {
    if (!pending.client.empty())
      tell_client(pending.client, pending.request, pending.report.error, 0);
    return reports_.keep(std::move(pending));
  }
  pending.deadline_boot_ns = deadline_for(ActorRole::writer);
  // A late body that would not fit beside the command goes without: the record says that it came.
  constexpr std::size_t kRoom = kMaxBody - kMaxClientBody - 4096;
  if (pending.report.late.size() > kRoom) pending.report.late.clear();
  const auto& sent = reports_.sent(std::move(pending));
  send_actor(*writer, MessageType::report, sent.request, sent.principal, encode(sent.report));
}

// Whoever goes on asking for what is refused is not answered any more.
bool Broker::is_refused_too_often(ClientLink& client) {
  if (client.refused.take(options_.limits.refused_of_connection, now_) == 0) return false;
  allowances_.note(Limit::refused, client.principal, now_);
  bar(client, make_error(ErrorCode::busy, "refused too often, and no longer heard"));
  return true;
}

void Broker::refuse(ClientLink& client, const RequestId& request, const Error& error,
                    const Bytes& body) {
  if (is_refused_too_often(client)) return;
  if (!recorded_alone(client.principal)) {
    refusal_counts_.add(client.principal, client.session, request, error, now_);
    return tell_client(client.connection, request, error, 0);
  }
  PendingReport pending;
  pending.request = request;
  pending.principal = client.principal;
  pending.client = client.connection;
  pending.report.error = error;
  pending.report.failure = "refused";
  pending.report.refusal = true;
  pending.report.command = body;
  report(std::move(pending));
}

void Broker::refuse_link(ClientLink& client, const Error& error) {
  if (is_refused_too_often(client)) return;
  refusal_counts_.add(client.principal, client.session, {}, error, now_);
  tell_client(client.connection, {}, error, 0);
}

// The first refusals have a record each; of a flood one record tells how many they were.
bool Broker::recorded_alone(const std::string& principal) {
  return reports_.outstanding() < kMaxReports &&
         !allowances_.take(Limit::refusals, principal, now_);
}

void Broker::record_counts() {
  for (auto& [principal, error, counted] : refusal_counts_.due(now_)) {
    PendingReport pending;
    pending.principal = std::move(principal);
    pending.report.error = std::move(error);
    pending.report.failure = "refused";
    pending.report.refusal = true;
    pending.report.counted = {std::move(counted)};
    report(std::move(pending));
  }
}

void Broker::tell_client(const std::string& connection, const RequestId& request,
                         const Error& error, std::uint64_t record) {
  send_client(connection, MessageType::broker_error, request, encode(ErrorAnswer{error, record}));
}

}  // namespace aeromq::broker
