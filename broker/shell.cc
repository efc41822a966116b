#include "broker/shell.h"

#include <deque>

#include "process/clock.h"
#include "process/kill_point.h"
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

  transport::ListenerOptions client = control;
  client.zap_domain = "clients";
  client.secret_key = options.secret_key;
  client.hwm = options.open_of_client + kClientSlack;
  if (!options.feed.empty()) {
    auto feed = transport::Publisher::bind(context, options.feed, client);
    if (!feed) return fail(feed.error());
    shell.feed_ = std::move(*feed);
  }
  for (const auto& endpoint : options.clients) {
    auto door = transport::Listener::bind(context, endpoint, client);
    if (!door) return fail(door.error());
    shell.doors_.push_back({Side::client, std::move(*door)});
  }
  return shell;
}

// With several client doors a routing id could repeat between them, so the door's number leads it.
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
      if (sent != transport::Sent::queued)
        todo.push_back(broker.on_undelivered(message, process::now()));
    }
    for (const auto& event : now_doing.feed) {
      log_event(event);
      if (feed_) {
        const auto topic = as_bytes(kFeedTopic);
        feed_->send({Bytes(topic.begin(), topic.end()), encode(event)});
      }
    }
  }
}

bool Shell::drain(Broker& broker, Door& door) {
  const auto number = static_cast<char>(&door - doors_.data());
  for (int i = 0; i < kMaxDrained; ++i) {
    auto incoming = door.listener.receive();
    if (!incoming) return i > 0;
    if (incoming->user_id.empty()) continue;
    const auto point = point_of(incoming->frames);
    if (!point.empty()) process::kill_point(point + "received");
    const Link link{door.side, number + incoming->connection};
    auto effects =
        broker.on_message(link, incoming->user_id, std::move(incoming->frames), process::now());
    if (!point.empty()) process::kill_point(point + "decided");
    carry_out(broker, std::move(effects));
    if (!point.empty()) process::kill_point(point + "sent");
  }
  return true;
}

void Shell::run(Broker& broker) {
  process::StopSignal signals;
  std::vector<transport::Listener*> listeners;
  for (auto& door : doors_) listeners.push_back(&door.listener);
  process::tell_ready();
  std::deque<std::uint64_t> probes;  // boot times, rising
  auto next_tick = process::now();
  while (!signals.next()) {
    bool worked = false;
    for (auto& door : doors_) worked = drain(broker, door) || worked;
    const auto now = process::now();
    for (auto& door : doors_)
      if (door.listener.saw_disconnect())
        for (const auto ms : kProbeAfterMs) probes.push_back(after_ms(now, ms).boot_ns);
    std::ranges::sort(probes);
    if (!probes.empty() && probes.front() <= now.boot_ns) {
      while (!probes.empty() && probes.front() <= now.boot_ns) probes.pop_front();
      carry_out(broker, broker.on_disconnect_hint(now));
    }
    if (now.boot_ns >= next_tick.boot_ns) {
      next_tick = after_ms(now, kTickMs);
      carry_out(broker, broker.on_tick(now));
    }
    if (!worked) transport::wait_any(listeners, probes.empty() ? kTickMs : 10, signals.fd());
  }
}

}  // namespace aeromq::broker
