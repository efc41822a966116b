#include "broker/broker.h"

#include <algorithm>
#include <utility>

namespace aeromq::broker {
namespace {

// Client-side messages that open a request, by type.
bool opens_request(MessageType type) {
  return type == MessageType::submit || type == MessageType::audit_query;
}

// The highest minor that both ends understand.
std::uint64_t spoken_minor(const Hello& hello) {
  return std::min<std::uint64_t>(hello.minor, kMinor);
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

constexpr std::size_t kMaxOpenRequests = 4096;  // in all: no actor's queue can overflow

}  // namespace

Broker::Broker(BrokerOptions options, const Moment& start)
    : options_(std::move(options)), start_(start), now_(start) {}

Effects Broker::take() { return std::exchange(effects_, {}); }

// ---- incoming -------------------------------------------------------------------------------

Effects Broker::on_message(const Link& from, const std::string& user_id, std::vector<Bytes> frames,
                           const Moment& now) {
  now_ = now;
  auto* actor =
      from.side == Side::control ? registry_.find_by_connection(from.connection) : nullptr;
  auto* client = from.side == Side::client ? sessions_.seen(from.connection, user_id) : nullptr;
  if (from.side == Side::client && (client == nullptr || client->barred)) {
    effects_.bar.push_back(from.connection);
    return take();
  }
  if (client != nullptr && client->address.empty()) client->address = from.address;

  auto header = frames.size() == kFrames
                    ? check_magic(frames[0]).and_then([&] { return decode_header(frames[1]); })
                    : Result<Header>(fail(make_error(ErrorCode::malformed, "frames")));
  if (from.side == Side::control && actor == nullptr && registry_.was_lost(from.connection)) {
    if (header) late_word(from.connection, *header, std::move(frames[2]));
    return take();
  }
  const auto expected = actor != nullptr    ? actor->seq_in + 1
                        : client != nullptr ? client->seq_in + 1
                                            : 1;
  if (header && header->seq != expected)
    header = fail(make_error(ErrorCode::malformed, "seq is not contiguous"));
  // A HELLO cannot know the boot id yet; one that names any is of another run.
  const auto boot = header && header->type == MessageType::hello ? BootId{} : options_.boot;
  if (header && header->boot != boot)
    header = fail(make_error(ErrorCode::malformed, "another boot id"));
  if (header && client != nullptr && !header->principal.empty())
    header = fail(make_error(ErrorCode::malformed, "the principal is not the client's to fill in"));
  if (header && frames[2].size() > (client != nullptr ? kMaxClientBody : kMaxBody))
    header = fail(make_error(ErrorCode::malformed, "the body is too long"));
  if (!header) {
    // No reply: whoever cannot frame a message would not understand one.
    if (client != nullptr) bar(*client, header.error());
    if (actor != nullptr) lose_actor(actor->role, "malformed message");
    return take();
  }

  if (client != nullptr) {
    client->seq_in = header->seq;
    from_client(*client, *header, std::move(frames[2]));
  } else if (actor != nullptr) {
    actor->seq_in = header->seq;
    actor->heard = now;
    from_actor(*actor, *header, std::move(frames[2]));
  } else if (header->type == MessageType::hello) {
    hello_of_actor(from, *header, frames[2]);
  }  // else: a stranger: dropped
  return take();
}

void Broker::hello_of_actor(const Link& from, const Header& header, const Bytes& body) {
  const auto hello = decode<Hello>(body);
  LiveActor actor;
  actor.connection = from.connection;
  actor.seq_in = header.seq;
  actor.since = actor.heard = now_;
  const bool is_actor =
      hello && hello->role != ActorRole::client && hello->role != ActorRole::broker;
  if (is_actor) {
    actor.role = hello->role;
    actor.name = hello->name;
    actor.incarnation = hello->incarnation;
    actor.pid = hello->pid;
  }
  if (!is_actor || !registry_.join(actor)) {
    if (is_actor) second_takers_.add(1, std::string(text_of(hello->role)), now_);
    const auto error = is_actor
                           ? make_error(ErrorCode::name_taken, std::string(text_of(hello->role)))
                           : make_error(ErrorCode::malformed, "hello");
    send_actor(actor, MessageType::hello_refused, {}, {}, encode(HelloRefused{error}));
    return;
  }
  auto& joined = *registry_.find(actor.role);
  Welcome welcome;
  welcome.heartbeat_ms = options_.heartbeat_ms;
  welcome.max_body = kMaxBody;
  welcome.minor = spoken_minor(*hello);
  send_actor(joined, MessageType::welcome, {}, {}, encode(welcome));
  note("part_joined", joined.role, ActorRole::broker, {});
  if (joined.role == ActorRole::writer) flush_reports();
}

void Broker::flush_reports() {
  for (auto& kept : reports_.take_kept()) report(std::move(kept));
  const auto dropped = reports_.take_dropped();
  if (dropped == 0) return;
  PendingReport missing;
  missing.report.error =
      make_error(ErrorCode::audit_unavailable, std::to_string(dropped) + " reports were dropped");
  missing.report.failure = "reports dropped";
  report(std::move(missing));
}

void Broker::from_actor(LiveActor& actor, const Header& header, Bytes body) {
  const auto type = header.type;
  if (type == MessageType::pong) return;
  if (type == MessageType::opened && actor.role == ActorRole::dispatcher) return opened(body);
  if (type == MessageType::reported && actor.role == ActorRole::writer) return reported(body);

  const auto* route = find_route(type);
  if (route == nullptr || is_link(type) || route->sender != actor.role) {
    PendingReport illegal;
    illegal.request = header.request;
    illegal.report.error = make_error(ErrorCode::illegal_message, std::string(name_of(type)));
    illegal.report.failure = "illegal message";
    illegal.report.lost = name_of_actor(actor);
    report(std::move(illegal));
    return lose_actor(actor.role, "illegal message");
  }
  const auto at = roads_.find(header.request);
  if (at != roads_.end() && at->second.awaits(*route))
    return forward(at->second, type, std::move(body));
  if (type == MessageType::acted)
    report_late({actor.connection, name_of_actor(actor), header.request, {}}, std::move(body));
  note("late", actor.role, ActorRole::broker, header.request);
}

// The dead are not heard, but for one thing: what a lost dispatcher was told by the kernel about
// the dispatch that it held. Too late to be told to anybody; recorded once.
void Broker::late_word(const std::string& connection, const Header& header, Bytes body) {
  const auto held = std::ranges::find(lost_dispatches_, connection, &LostDispatch::connection);
  if (held == lost_dispatches_.end() || header.type != MessageType::acted ||
      header.request != held->request || header.boot != options_.boot)
    return;
  const auto dispatch = *held;
  lost_dispatches_.erase(held);
  report_late(dispatch, std::move(body));
  note("late", ActorRole::dispatcher, ActorRole::broker, dispatch.request);
}

void Broker::report_late(const LostDispatch& dispatch, Bytes body) {
  PendingReport late;
  late.request = dispatch.request;
  late.principal = dispatch.principal;
  late.report.error = make_error(ErrorCode::dispatch_lost, "the answer came too late to be told");
  late.report.failure = "late result";
  late.report.lost = dispatch.dispatcher;
  late.report.late = std::move(body);
  report(std::move(late));
}

void Broker::opened(const Bytes& body) {
  const auto message = decode<Opened>(body);
  // One process = one kernel connection = one epoch: a second `opened` would move it under
  // requests.
  const bool fits = message && !registry_.kernel && message->epoch > 0 &&
                    message->epoch < (1U << 24) && message->dispatcher < 256;
  if (!fits) return lose_actor(ActorRole::dispatcher, "malformed opened");
  registry_.kernel = OpenKernel{*message, now_};
}

void Broker::reported(const Bytes& body) {
  const auto message = decode<Reported>(body);
  if (!message) return lose_actor(ActorRole::writer, "malformed reported");
  if (const auto pending = reports_.take(message->nonce); pending && !pending->client.empty())
    tell_client(pending->client, pending->request, pending->report.error, message->record);
}

void Broker::hello_of_client(ClientLink& client, const Bytes& body) {
  const auto hello = decode<Hello>(body);
  if (!hello || hello->role != ActorRole::client || client.welcomed)
    return bar(client, make_error(ErrorCode::malformed, "hello"));
  if (!sessions_.grant(client, registry_.kernel, options_.lease_ms, now_)) {
    const HelloRefused refused{make_error(ErrorCode::busy, "session numbers are used up")};
    return send_client(client.connection, MessageType::hello_refused, {}, encode(refused));
  }
  client.welcomed = true;
  client.minor = spoken_minor(*hello);
  Welcome welcome;
  welcome.session = client.session;
  welcome.lease_ms = Sessions::lease_left_ms(client, registry_.kernel, now_);
  welcome.heartbeat_ms = options_.heartbeat_ms;
  welcome.max_in_flight = options_.max_in_flight;
  welcome.max_body = kMaxClientBody;
  welcome.minor = client.minor;
  welcome.principal = client.principal;
  if (registry_.kernel) welcome.cluster = registry_.kernel->opened.cluster;
  send_client(client.connection, MessageType::welcome, {}, encode(welcome));
}

void Broker::from_client(ClientLink& client, const Header& header, Bytes body) {
  const auto type = header.type;
  const auto* route = find_route(type);
  const bool legal = (client.welcomed || type == MessageType::hello) && route != nullptr &&
                     route->sender == ActorRole::client &&
                     is_link(type) == header.request.empty() && type != MessageType::pong;
  if (!legal)
    return bar(client, make_error(ErrorCode::illegal_message, std::string(name_of(type))));
  if (type == MessageType::hello) return hello_of_client(client, body);
  if (type == MessageType::status_query) {
    if (!decode<StatusQuery>(body))
      return bar(client, make_error(ErrorCode::malformed, "status_query"));
    return send_client(client.connection, MessageType::status, {}, encode(status()));
  }
  if (type == MessageType::renew) {
    if (!decode<Renew>(body) || !sessions_.grant(client, registry_.kernel, options_.lease_ms, now_))
      return bar(client, make_error(ErrorCode::malformed, "renew"));
    const Renewed renewed{client.session, Sessions::lease_left_ms(client, registry_.kernel, now_)};
    return send_client(client.connection, MessageType::renewed, {}, encode(renewed));
  }
  if (opens_request(type)) return open_request(client, header, std::move(body));
  follow_up(client, header, std::move(body));
}

void Broker::open_request(ClientLink& client, const Header& header, Bytes body) {
  const auto& request = header.request;
  // The id first: a repeat must never hear "not executed" for something that is missing now (E1).
  if (auto error = sessions_.admit(client, request)) return refuse(client, request, *error, body);
  if (registry_.find(ActorRole::writer) == nullptr)  // nothing at all is accepted unrecorded (G1)
    return refuse(client, request, make_error(ErrorCode::audit_unavailable), body);
  if (client.open_requests >= options_.max_in_flight || roads_.size() >= kMaxOpenRequests)
    return refuse(client, request, make_error(ErrorCode::busy), body);
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
  road.command = body;
  ++client.open_requests;
  auto& opened = roads_.emplace(request, std::move(road)).first->second;
  forward(opened, header.type, std::move(body));
}

void Broker::follow_up(ClientLink& client, const Header& header, Bytes body) {
  const auto at = roads_.find(header.request);
  const bool own = at != roads_.end() && at->second.client == client.connection &&
                   at->second.principal == client.principal;
  if (own && at->second.awaits(*find_route(header.type)))
    return forward(at->second, header.type, std::move(body));
  // A repeat, a stranger's, or too late: the first one may be executing, so never "not executed".
  auto code = ErrorCode::not_pending;
  if (own && at->second.confirmed()) code = ErrorCode::token_spent;
  if (!own && at != roads_.end()) code = ErrorCode::unknown_session;
  refuse(client, header.request, make_error(code), {});
}

// ---- the road -------------------------------------------------------------------------------

void Broker::forward(Road& road, MessageType type, Bytes body) {
  const auto receiver = find_route(type)->receiver;
  const auto sender = find_route(type)->sender;
  note(name_of(type), sender, receiver, road.request);
  // The gate said no to a confirm: the keeper drops what it still holds; the refusal is the end.
  if (type == MessageType::refused_by_gate && road.last == MessageType::confirm)
    void_pending(road, EndReason::stage_lost);
  // Whatever the dispatcher answers to a dispatch gives its credit back.
  const bool answers_dispatch = road.last == MessageType::dispatch;
  if (answers_dispatch) credit_used_ = false;
  road.last = type;
  road.deadline_boot_ns = deadline_for(receiver);

  if (receiver == ActorRole::client) {
    const auto request = road.request;
    const auto client = road.client;
    if (type != MessageType::confirmation_asked) {
      close(request);
    } else if (client.empty()) {
      return void_pending(road, EndReason::client_gone);
    }
    if (!client.empty()) send_client(client, type, request, std::move(body));
  } else if (type == MessageType::dispatch) {
    hand_over(road, std::move(body));
  } else if (auto* actor = registry_.find(receiver)) {
    send_actor(*actor, type, road.request, road.principal, std::move(body));
  } else {
    const Road lost = road;
    if (type != MessageType::acted) body.clear();  // the kernel's word is kept for the next writer
    close_lost(lost, receiver, std::string(text_of(receiver)) + " is not there", std::move(body));
  }
  if (answers_dispatch) grant_credit();
}

// Credit of one: the dispatcher never has a queue of mutations behind a frozen process. What waits
// here was recorded and never handed over, so its loss is "not executed".
void Broker::hand_over(Road& road, Bytes body) {
  if (registry_.kernel == std::nullopt) {
    const Road lost = road;
    return close_lost(lost, ActorRole::dispatcher, "dispatcher is not there");
  }
  if (credit_used_) {
    road.waiting = true;
    road.deadline_boot_ns = 0;
    dispatches_.emplace_back(road.request, std::move(body));
    return;
  }
  credit_used_ = true;
  road.handed_over = true;
  send_actor(*registry_.find(ActorRole::dispatcher), MessageType::dispatch, road.request,
             road.principal, std::move(body));
}

void Broker::grant_credit() {
  while (!credit_used_ && !dispatches_.empty()) {
    auto [request, body] = std::move(dispatches_.front());
    dispatches_.pop_front();
    const auto at = roads_.find(request);
    if (at == roads_.end()) continue;
    at->second.waiting = false;
    at->second.deadline_boot_ns = deadline_for(ActorRole::dispatcher);
    hand_over(at->second, std::move(body));
  }
}

void Broker::close(const RequestId& request) {
  const auto at = roads_.find(request);
  if (at == roads_.end()) return;
  if (auto* client = sessions_.find(at->second.client); client != nullptr) --client->open_requests;
  roads_.erase(at);
}

void Broker::void_pending(Road& road, EndReason why) {
  auto* keeper = registry_.find(ActorRole::keeper);
  if (keeper == nullptr) return;  // its memory is gone: nothing is pending any more
  if (why == EndReason::client_gone) {
    road.last = MessageType::void_confirmation;
    road.deadline_boot_ns = deadline_for(ActorRole::keeper);
    note("void_confirmation", ActorRole::broker, ActorRole::keeper, road.request);
  }
  send_actor(*keeper, MessageType::void_confirmation, road.request, road.principal,
             encode(VoidConfirmation{why}));
}

// ---- sending ----------------------------------------------------------------------------------

void Broker::send_actor(LiveActor& actor, MessageType type, const RequestId& request,
                        const std::string& principal, Bytes body) {
  effects_.send.push_back({{Side::control, actor.connection},
                           {type, options_.boot, ++actor.seq_out, request, principal},
                           std::move(body)});
}

void Broker::send_client(const std::string& connection, MessageType type, const RequestId& request,
                         Bytes body) {
  auto* client = sessions_.find(connection);
  if (client == nullptr) return;
  effects_.send.push_back({{Side::client, connection},
                           {type, options_.boot, ++client->seq_out, request, {}},
                           std::move(body)});
}

void Broker::note(std::string_view message, ActorRole sender, ActorRole receiver,
                  const RequestId& request) {
  effects_.feed.push_back({++feed_number_, options_.boot, now_.wall_ns,
                           request.empty() ? std::string() : request.text(), std::string(message),
                           std::string(text_of(sender)), std::string(text_of(receiver))});
}

std::uint64_t Broker::deadline_for(ActorRole holder) const {
  if (holder == ActorRole::client) return 0;
  const auto ms =
      holder == ActorRole::reader ? options_.reader_timeout_ms : options_.stage_timeout_ms;
  return now_.boot_ns + ms * kNanosPerMs;
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
  return status;
}

}  // namespace aeromq::broker
