// The broker's core: what is let in. Sessions, the status, new requests, and the limits on each.
// broker.cc has the road itself.
#include <algorithm>
#include <utility>

#include "broker/broker.h"
#include "messages/as_of.h"

namespace aeromq::broker {
namespace {

Error used_up() {
  return make_error(ErrorCode::busy,
                    "all session numbers of this run are used; the broker must be restarted");
}

/// What a client that speaks this minor can't be asked: it would not get the sentence that a yes
/// gives back. What can't be read is for the gate to refuse.
std::optional<Error> too_old_to_confirm(const ClientLink& client, ByteView body) {
  if (client.minor >= kGivenMinor) return std::nullopt;
  const auto submit = decode<Submit>(body);
  const auto name = submit ? find_command(submit->command) : std::nullopt;
  if (!name || command_row(*name).confirmation == ConfirmationKind::never) return std::nullopt;
  return make_error(ErrorCode::version_not_supported,
                    "a command that is confirmed needs minor " + std::to_string(kGivenMinor) +
                        ", which has the sentence to give back; minor " +
                        std::to_string(client.minor) + " is spoken here");
}

/// As many are open as may be.
Error full(const std::string& whose, std::uint64_t most, Limit of) {
  return make_error(ErrorCode::busy,
                    whose + " may have " + std::to_string(most) + " " + std::string(name_of(of)));
}

}  // namespace

void Broker::hello_of_client(ClientLink& client, const Bytes& body) {
  const auto hello = decode<Hello>(body);
  if (!hello || hello->role != ActorRole::client || client.welcomed)
    return bar(client, make_error(ErrorCode::malformed, "hello"));
  auto no = allowances_.take(Limit::sessions, client.principal, now_);
  if (!no && !sessions_.grant(client, registry_.kernel, options_.lease_ms, now_)) no = used_up();
  if (no) {
    send_client(client.connection, MessageType::hello_refused, {}, encode(HelloRefused{*no}));
    refusal_counts_.add(client.principal, {}, {}, *no, now_);
    client.barred = true;
    return;
  }
  client.welcomed = true;
  client.minor = std::min<std::uint64_t>(hello->minor, kMinor);
  Welcome welcome;
  welcome.session = client.session;
  welcome.lease_ms = Sessions::lease_left_ms(client, registry_.kernel, now_);
  welcome.heartbeat_ms = options_.heartbeat_ms;
  welcome.max_in_flight = options_.limits.open_of_connection;
  welcome.max_body = kMaxClientBody;
  welcome.minor = client.minor;
  welcome.principal = client.principal;
  if (registry_.kernel) welcome.cluster = registry_.kernel->opened.cluster;
  send_client(client.connection, MessageType::welcome, {}, encode(welcome));
}

void Broker::renew(ClientLink& client, const Bytes& body) {
  if (!decode<Renew>(body)) return bar(client, make_error(ErrorCode::malformed, "renew"));
  if (const auto ms = sessions_.good_for_ms(client, registry_.kernel, now_)) {
    allowances_.note(Limit::renewals, client.principal, now_);
    return refuse_link(client,
                       make_error(ErrorCode::busy, "the session stands, and can be renewed in " +
                                                       std::to_string(ms) + " ms"));
  }
  if (const auto busy = allowances_.take(Limit::sessions, client.principal, now_))
    return refuse_link(client, *busy);
  if (!sessions_.grant(client, registry_.kernel, options_.lease_ms, now_))
    return refuse_link(client, used_up());
  const Renewed renewed{client.session, Sessions::lease_left_ms(client, registry_.kernel, now_)};
  send_client(client.connection, MessageType::renewed, {}, encode(renewed));
}

void Broker::tell_status(ClientLink& client, const Bytes& body) {
  if (!decode<StatusQuery>(body))
    return bar(client, make_error(ErrorCode::malformed, "status_query"));
  if (const auto busy = allowances_.take(Limit::status, client.principal, now_))
    return refuse_link(client, *busy);
  const auto told = as_of(status(), std::max(1U, static_cast<unsigned>(client.minor)));
  send_client(client.connection, MessageType::status, {}, encode(told));
}

void Broker::open_request(ClientLink& client, const Header& header, Bytes body) {
  const auto& request = header.request;
  // The id first: a repeat must never hear "not executed" for something that is missing now (E1).
  if (auto error = sessions_.admit(client, request)) return refuse(client, request, *error, body);
  if (registry_.find(ActorRole::writer) == nullptr)  // nothing at all is accepted unrecorded (G1)
    return refuse(client, request, make_error(ErrorCode::audit_unavailable), body);
  if (const auto busy = beyond_limits(client, header)) return refuse(client, request, *busy, body);
  if (registry_.find(ActorRole::gate) == nullptr) {
    const auto error = make_error(ErrorCode::actor_unavailable, "authority-gate");
    return refuse(client, request, error, body);
  }
  if (header.type == MessageType::submit) {
    if (const auto error = too_old_to_confirm(client, body))
      return refuse(client, request, *error, body);
    if (!registry_.kernel)
      return refuse(client, request, make_error(ErrorCode::actor_unavailable, "dispatcher"), body);
    const auto& opened = registry_.kernel->opened;
    const auto& session = request.session;
    if (session.history != opened.history || session.dispatcher != opened.dispatcher ||
        session.epoch != opened.epoch)
      return refuse(client, request, make_error(ErrorCode::session_ended), body);
    if (request.kernel_action &&
        Sessions::lease_left_ms(client, registry_.kernel, now_) < options_.token_ttl_ms)
      return refuse(client, request, make_error(ErrorCode::lease_too_short), body);
  }
  Road road;
  road.request = request;
  road.principal = client.principal;
  road.client = client.connection;
  road.audit_query = header.type == MessageType::audit_query;
  road.command = body;
  count_open(road, 1);
  auto& opened = roads_.emplace(request, std::move(road)).first->second;
  forward(opened, header.type, std::move(body));
}

std::optional<Error> Broker::beyond_limits(const ClientLink& client, const Header& header) {
  const auto& limits = options_.limits;
  const auto& use = uses_[client.principal];
  const bool changes = header.request.kernel_action;
  if (auto busy = allowances_.take(changes ? Limit::changes : Limit::looks, client.principal, now_))
    return busy;
  const auto beyond = [&](Limit limit, const std::string& whose, std::uint64_t most) {
    allowances_.note(limit, client.principal, now_);
    return full(whose, most, limit);
  };
  constexpr auto kConnection = "one connection";
  if (client.open_requests >= limits.open_of_connection)
    return beyond(Limit::open_requests, kConnection, limits.open_of_connection);
  if (use.open >= limits.open_requests)
    return beyond(Limit::open_requests, client.principal, limits.open_requests);
  if (roads_.size() >= limits.all_open_requests && use.open >= limits.share)
    return beyond(Limit::open_requests, "all together", limits.all_open_requests);
  if (changes && client.open_changes >= limits.pending_of_connection)
    return beyond(Limit::pending, kConnection, limits.pending_of_connection);
  if (changes && use.changes >= limits.pending)
    return beyond(Limit::pending, client.principal, limits.pending);
  if (header.type == MessageType::audit_query && use.audit_queries >= limits.open_audit_queries)
    return beyond(Limit::audit_queries, client.principal, limits.open_audit_queries);
  return std::nullopt;
}

void Broker::count_open(const Road& road, int by) {
  const auto add = [by](std::uint64_t& number) { by > 0 ? ++number : --number; };
  auto& use = uses_[road.principal];
  add(use.open);
  if (road.request.kernel_action) add(use.changes);
  if (road.audit_query) add(use.audit_queries);
  auto* client = sessions_.find(road.client);
  if (client == nullptr) return;
  add(client->open_requests);
  if (road.request.kernel_action) add(client->open_changes);
}

Status Broker::status() const {
  Status status;
  for (const auto role : kActorRoles) {
    Part part;
    part.role = role;
    if (const auto* actor = registry_.find(role)) {
      part.alive = true;
      part.name = actor->name;
      part.incarnation = actor->incarnation;
      part.pid = actor->pid;
      part.age_ms = (now_.boot_ns - actor->since.boot_ns) / kNanosPerMs;
      part.quiet_ms = (now_.boot_ns - actor->heard.boot_ns) / kNanosPerMs;
    }
    status.parts.push_back(std::move(part));
  }
  if (registry_.kernel) {
    status.dispatcher = registry_.kernel->opened.dispatcher;
    status.epoch = registry_.kernel->opened.epoch;
    status.history = registry_.kernel->opened.history;
  }
  status.open_requests = roads_.size();
  for (const auto& [request, road] : roads_)
    if (road.pending()) ++status.pending_confirmations;
  status.clients = sessions_.all().size();
  status.unrecorded = reports_.unrecorded();
  status.up_ms = (now_.boot_ns - start_.boot_ns) / kNanosPerMs;
  status.build = options_.build;
  status.limits_met = allowances_.met(now_);
  status.sessions_used = sessions_.used();
  return status;
}

}  // namespace aeromq::broker
