#include "broker/shell.h"

#include <unistd.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "process/clock.h"
#include "process/kill_point.h"
#include "process/limits.h"
#include "process/log.h"
#include "process/ready.h"
#include "process/signals.h"
#include "transport/frames.h"

namespace aeromq::broker {
namespace {

constexpr int kTickMs = 50;
constexpr int kMaxDrained = 256;  // messages of one door before the others get their turn
constexpr int kActorHwm = 16384;
constexpr int kClientSlack = 128;  // messages to a client beside the answers to its open requests
constexpr std::string_view kFeedTopic = "aeromq.stage";
// libzmq says that a connection ended before its router forgets it: look again a little later.
constexpr std::array<std::uint64_t, 3> kProbeAfterMs{0, 10, 100};

// Descriptors beside clients' connections: actors, sockets of our own, the log.
std::uint32_t room_for_clients() {
  constexpr std::uint64_t kReserve = 64;
  const auto limit = std::min<std::uint64_t>(process::raise_descriptor_limit(), 1U << 20);
  return static_cast<std::uint32_t>(limit > kReserve ? limit - kReserve : 1);
}

void log_event(const StageEvent& event) {
  if (event.message == "part_joined" || event.message == "part_lost")
    process::log_info(event.message, {{"part", event.sender}});
}

// The message whose kill points these frames hit, or nothing worth one.
std::string point_of(const std::vector<Bytes>& frames) {
#ifdef AEROMQ_CHAOS
  if (frames.size() < 2) return {};
  const auto header = decode_header(frames[1]);
  const auto* route = header ? find_route(header->type) : nullptr;
  if (route == nullptr || is_link(route->type) || route->sender == ActorRole::broker) return {};
  return "broker." + std::string(name_of(header->type)) + ".";
#else
  (void)frames;
  return {};
#endif
}

}  // namespace

std::vector<std::string> kill_point_names() {
  std::vector<std::string> names;
  for (const auto& route : route_table()) {
    if (is_link(route.type) || route.sender == ActorRole::broker) continue;
    for (const auto* step : {"received", "decided", "sent"})
      names.push_back("broker." + std::string(route.name) + "." + step);
  }
  return names;
}

Result<Shell> Shell::open(transport::Context& context, const ShellOptions& options) {
  Shell shell;
  transport::ListenerOptions control;
  control.zap_domain = "control";
  control.heartbeat_ms = options.heartbeat_ms;
  control.hwm = kActorHwm;
  auto listener = transport::Listener::bind(context, options.control, control);
  if (!listener) return fail(listener.error());
  shell.doors_.push_back({Side::control, std::move(*listener)});

  auto events = transport::Publisher::bind(context, options.events, control);
  if (!events) return fail(events.error());
  shell.events_ = std::move(*events);

  transport::ListenerOptions client = control;
  client.zap_domain = "clients";
  client.secret_key = options.secret_key;
  client.hwm = options.open_of_client + kClientSlack;
  auto board = door::Board::open(options.board);
  if (!board) return fail(board.error());
  board->broker_lives(::getpid(), room_for_clients());
  shell.turned_ = board->turned();
  shell.board_.emplace(std::move(*board));
  auto clients = transport::Listener::bind(context, options.clients, client);
  if (!clients) return fail(clients.error());
  shell.doors_.push_back({Side::client, std::move(*clients)});
  return shell;
}

// A routing id could repeat between the two sides, so the side's number leads it.
transport::Listener& Shell::listener_of(const Link& link) {
  return doors_[static_cast<std::size_t>(link.connection.front())].listener;
}

void Shell::carry_out(Broker& broker, Effects effects) {
  std::deque<Effects> todo;
  todo.push_back(std::move(effects));
  while (!todo.empty()) {
    auto now_doing = std::move(todo.front());
    todo.pop_front();
    for (const auto& message : now_doing.send) {
      const auto sent = listener_of(message.to)
                            .send(message.to.connection.substr(1),
                                  transport::to_frames(message.header, message.body));
      if (sent != transport::Sent::queued) {
        if (message.to.side == Side::client) through_door_.erase(message.to.connection);
        todo.push_back(broker.on_undelivered(message, process::now()));
      }
    }
    for (const auto& connection : now_doing.bar) bar(connection);
    for (const auto& event : now_doing.feed) {
      log_event(event);
      if (events_->has_audience()) {
        const auto topic = as_bytes(kFeedTopic);
        events_->send({Bytes(topic.begin(), topic.end()), encode(event)});
      }
    }
  }
}

// The door's name for an inner connection is found by its descriptor, once. Should the connection
// have ended since it said this, the descriptor may be a later one's: then that one has credit for
// one message that it did not send, and no more.
Link Shell::link_of(const Door& door, const transport::Incoming& incoming) {
  Link link{door.side, static_cast<char>(&door - doors_.data()) + incoming.connection, {}};
  if (door.side == Side::control) return link;
  auto at = through_door_.find(link.connection);
  if (at == through_door_.end()) {
    const auto ref = door::ref_of_peer(incoming.fd).value_or(door::kNobody);
    at = through_door_.emplace(link.connection, ref).first;
    link.address = board_->address(ref);
  }
  board_->took(at->second);
  return link;
}

void Shell::bar(const std::string& connection) {
  const auto at = through_door_.find(connection);
  if (at == through_door_.end()) return;
  if (!board_->is_barred(at->second))
    process::log_warning("client_barred", {{"address", board_->address(at->second)}});
  board_->bar(at->second);
}

// Only who has ended is asked for, so a stranger that comes and goes costs nobody anything.
void Shell::look_for_ended(Broker& broker) {
  std::vector<std::string> ended;
  for (const auto& [connection, ref] : through_door_)
    if (board_->has_ended(ref)) ended.push_back(connection);
  for (const auto& connection : ended) {
    auto effects = broker.on_ended(connection, process::now());
    if (effects)
      carry_out(broker, std::move(*effects));
    else
      through_door_.erase(connection);
  }
}

void Shell::look_at_door(Broker& broker) {
  const auto turned = board_->turned();
  if (turned == turned_) return;
  std::uint64_t more = 0;
  std::string what;
  for (std::size_t i = 0; i < turned.size(); ++i) {
    if (turned[i] == turned_[i]) continue;
    more += turned[i] - turned_[i];
    what = door::kTurnedText[i];
  }
  turned_ = turned;
  carry_out(broker,
            broker.on_turned_away(more, what + ", from " + board_->last_turned(), process::now()));
}

bool Shell::drain(Broker& broker, Door& door) {
  for (int i = 0; i < kMaxDrained; ++i) {
    auto incoming = door.listener.receive();
    if (!incoming) return i > 0;
    const auto link = link_of(door, *incoming);
    if (incoming->user_id.empty()) continue;
    const auto point = point_of(incoming->frames);
    if (!point.empty()) process::kill_point(point + "received");
    auto effects =
        broker.on_message(link, incoming->user_id, std::move(incoming->frames), process::now());
    if (!point.empty()) process::kill_point(point + "decided");
    carry_out(broker, std::move(effects));
    if (!point.empty()) process::kill_point(point + "sent");
  }
  return true;
}

void Shell::run(Broker& broker, const OnHangup& on_hangup) {
  process::StopSignal signals;
  std::vector<transport::Listener*> listeners;
  for (auto& door : doors_) listeners.push_back(&door.listener);
  process::tell_ready();
  std::deque<std::uint64_t> probes;  // boot times, rising
  bool actor_hint = false;           // an actor's connection may have ended
  auto next_tick = process::now();
  unsigned hangups = 0;
  while (!signals.next()) {
    if (std::exchange(hangups, signals.hangups()) != signals.hangups() && on_hangup)
      carry_out(broker, broker.on_keys_withdrawn(on_hangup(), process::now()));
    bool worked = false;
    for (auto& door : doors_) worked = drain(broker, door) || worked;
    const auto now = process::now();
    for (auto& door : doors_) {
      if (!door.listener.saw_disconnect()) continue;
      actor_hint = actor_hint || door.side == Side::control;
      for (const auto ms : kProbeAfterMs) probes.push_back(after_ms(now, ms).boot_ns);
    }
    std::ranges::sort(probes);
    if (!probes.empty() && probes.front() <= now.boot_ns) {
      while (!probes.empty() && probes.front() <= now.boot_ns) probes.pop_front();
      if (actor_hint) carry_out(broker, broker.on_disconnect_hint(now));
      actor_hint = actor_hint && !probes.empty();
      look_for_ended(broker);
    }
    if (now.boot_ns >= next_tick.boot_ns) {
      next_tick = after_ms(now, kTickMs);
      while (events_->next_asked()) continue;
      look_for_ended(broker);
      look_at_door(broker);
      carry_out(broker, broker.on_tick(now));
    }
    if (!worked) transport::wait_any(listeners, probes.empty() ? kTickMs : 10, signals.fd());
  }
}

}  // namespace aeromq::broker
