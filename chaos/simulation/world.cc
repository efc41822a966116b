#include "chaos/simulation/world.h"

#include <algorithm>
#include <utility>

namespace aeromq::chaos {
namespace {

constexpr std::uint64_t kNanosPerUs = 1000;
constexpr std::uint64_t kRestartMs = 20;
constexpr std::uint64_t kLateRestartMs = 2500;
constexpr std::uint64_t kMostRestartMs = 640;
constexpr std::uint64_t kShortRunMs = 500;

bool is_heartbeat(MessageType type) {
  return type == MessageType::ping || type == MessageType::pong || type == MessageType::probe;
}

bool is_message_fault(FaultKind kind) { return kind >= FaultKind::lose && kind <= FaultKind::cut; }

}  // namespace

World::World(const Plan& plan, std::vector<std::unique_ptr<Disk>>& disks)
    : plan_(plan), disks_(disks), random_(plan.seed ^ 0x5bd1e995U) {
  history_.reserve(1024);
  for (const auto& fault : plan.faults) {
    if (is_message_fault(fault.kind)) message_faults_.emplace(fault.nth, &fault);
    if (fault.kind == FaultKind::crash || fault.kind == FaultKind::pause)
      point_faults_.emplace(std::pair(fault.lane, fault.nth), &fault);
    if (fault.kind == FaultKind::replay) keeps_old_ = true;
  }
  current = this;
}

World::~World() { current = nullptr; }

// ---- time ---------------------------------------------------------------------------------------

void World::after(std::uint64_t ns, std::function<void()> what) {
  due_.push({now_ns_ + ns, ++order_, std::move(what)});
}

void World::run_until_ms(std::uint64_t ms) {
  const auto end_ns = kStartNs + ms * kNanosPerMs;
  while (!due_.empty() && due_.top().at_ns <= end_ns) {
    // The top is not used again before it is popped.
    auto next = std::move(const_cast<Due&>(due_.top()));
    due_.pop();
    now_ns_ = next.at_ns;
    next.what();
  }
  now_ns_ = end_ns;
}

void World::jump_wall_clock(std::int64_t ms) {
  wall_offset_ns_ += static_cast<std::uint64_t>(ms * static_cast<std::int64_t>(kNanosPerMs));
}

// ---- history ------------------------------------------------------------------------------------

Event& World::note(EventKind kind, const std::string& lane) {
  auto& event = history_.emplace_back();
  event.seq = history_.size();
  event.at_ns = now_ns_;
  event.kind = kind;
  event.lane = lane;
  return event;
}

Event& World::note(EventKind kind, const Process& process) {
  auto& event = note(kind, process.lane());
  event.run = process.life.run;
  return event;
}

void World::note_fault(std::string_view what, const std::string& lane, std::uint64_t number,
                       const std::string& text) {
  auto& event = note(EventKind::fault, lane);
  event.what = what;
  event.number = number;
  event.text = text;
}

// ---- processes ----------------------------------------------------------------------------------

void World::begin(Process& process) {
  auto& life = process.life;
  life.alive = true;
  ++life.run;
  life.began_ns = now_ns_;
  life.number = ++runs_;
  life.held_until_ns = 0;
  note(EventKind::began, process);
  step(process, [&process] { process.start(); });
}

void World::step(Process& process, const std::function<void()>& work) {
  if (!process.life.alive) return;
  auto* const before = std::exchange(stepping_, &process);
  auto* const disk_before = std::exchange(Disk::current, disks_[process.plane()].get());
  Disk::current->run_as(process.life.number);
  try {
    work();
  } catch (const Killed&) {
    const auto* fault = point_fault(process, process.life.points);
    end(process, "killed", fault == nullptr ? Restart::at_once : fault->restart);
  }
  stepping_ = before;
  Disk::current = disk_before;
  if (before != nullptr && disk_before != nullptr) disk_before->run_as(before->life.number);
}

void World::point(std::string_view name) {
  auto* const process = stepping_;
  if (process == nullptr || healed_) return;
  ++process->life.points;
  const auto* fault = point_fault(*process, process->life.points);
  if (fault == nullptr) return;
  note_fault(name_of(fault->kind), process->lane(), process->life.points, std::string(name));
  if (fault->kind == FaultKind::crash) throw Killed{};
  stop(*process, fault->for_ms);
}

const Fault* World::point_fault(const Process& process, std::uint64_t point) const {
  const auto& name = process.life.faults_name.empty() ? process.lane() : process.life.faults_name;
  if (point_faults_.empty()) return nullptr;
  const auto at = point_faults_.find(std::pair(name, point));
  return at == point_faults_.end() ? nullptr : at->second;
}

void World::stop(Process& process, std::uint64_t for_ms) {
  auto& life = process.life;
  if (!life.alive || healed_) return;
  note(EventKind::stopped, process);
  life.held_until_ns = std::max(life.held_until_ns, now_ns_ + for_ms * kNanosPerMs);
  after(for_ms * kNanosPerMs, [this, &process, run = life.run] {
    if (process.life.run != run || process.life.held_until_ns > now_ns_) return;
    process.life.held_until_ns = 0;
    note(EventKind::continued, process);
    wake(process, run);
  });
}

void World::end(Process& process, const std::string& why, Restart restart) {
  auto& life = process.life;
  if (!life.alive) return;
  life.alive = false;
  life.ended_ns[life.run] = now_ns_;
  note(EventKind::ended, process).what = why;
  auto* const disk_before = std::exchange(Disk::current, nullptr);
  process.forget();
  Disk::current = disk_before;
  disks_[process.plane()]->crash_process(life.number);
  life.inbox.clear();
  life.wakes = false;
  life.held_until_ns = 0;
  const auto wires = std::exchange(life.wires, {});
  for (const int wire : wires) {
    auto& its = wires_[static_cast<std::size_t>(wire)];
    const int side = its.ends[0].process == &process ? 0 : 1;
    break_wire(wire, side);
  }
  if (!process.comes_back()) restart = Restart::never;
  life.stays_dead = restart == Restart::never && !healed_;
  if (life.stays_dead) return;
  const bool short_run = now_ns_ - life.began_ns < kShortRunMs * kNanosPerMs;
  life.restart_ms =
      short_run ? std::clamp(life.restart_ms * 2, kRestartMs, kMostRestartMs) : kRestartMs;
  after((restart == Restart::late && !healed_ ? kLateRestartMs : life.restart_ms) * kNanosPerMs,
        [this, &process] {
          if (!process.life.alive && !process.life.stays_dead) begin(process);
        });
}

void World::heal() {
  healed_ = true;
  partitions_.clear();
}

void World::revive(Process& process) {
  auto& life = process.life;
  if (life.alive && life.held_until_ns != 0) {
    life.held_until_ns = 0;
    note(EventKind::continued, process);
    after(0, [this, &process, run = life.run] { wake(process, run); });
  }
  if (!std::exchange(life.stays_dead, false)) return;
  after(kRestartMs * kNanosPerMs, [this, &process] {
    if (!process.life.alive) begin(process);
  });
}

// ---- connections --------------------------------------------------------------------------------

bool World::lives(const WireEnd& end) const {
  return end.process->life.alive && end.process->life.run == end.run;
}

std::optional<int> World::connect(Process& from, Process& to, const std::string& user) {
  // A listener that is stopped accepts in its kernel's backlog, and answers when it goes on.
  if (!to.life.alive) return std::nullopt;
  const int wire = static_cast<int>(wires_.size());
  auto& made = wires_.emplace_back();
  made.ends[0].process = &from;
  made.ends[0].run = from.life.run;
  made.ends[1].process = &to;
  made.ends[1].run = to.life.run;
  for (auto& end : made.ends) end.lost_from = UINT64_MAX;
  from.life.wires.push_back(wire);
  to.life.wires.push_back(wire);
  to.accepted(wire, user);
  return wire;
}

std::uint64_t World::arrival_ns(const Wire& wire, int side) {
  const auto& from = wire.ends[1 - side];
  const auto& to = wire.ends[side];
  auto at =
      std::max(now_ns_, from.process->life.held_until_ns) + (20 + random_.below(300)) * kNanosPerUs;
  for (const auto& partition : partitions_) {
    if (partition.until_ns <= now_ns_ || opens_now_) continue;
    const bool out = partition.out && from.process->lane() == partition.lane;
    const bool in = partition.in && to.process->lane() == partition.lane;
    if (out || in) at = std::max(at, partition.until_ns);
  }
  return std::max(at, to.last_ns + 1);
}

bool World::send(int number, Process& from, Parcel parcel) {
  auto& wire = wires_[static_cast<std::size_t>(number)];
  const int side = wire.ends[0].process == &from ? 1 : 0;
  if (wire.ends[1 - side].knows_end) return false;
  if (!is_heartbeat(parcel.type)) {
    point("send");
    parcel.number = ++messages_;
    auto& event = note(EventKind::sent, from);
    event.what = name_of(parcel.type);
    event.number = parcel.number;
    if (!parcel.request.empty()) event.request = parcel.request.text();
    event.peer = wire.ends[side].process->lane();
    if (keeps_old_ && !healed_) old_.emplace_back(from.lane(), parcel);
    // A dispatcher's open is never late: its successor connects after it has died, and the kernel
    // reads connections in the order in which they came.
    opens_now_ = parcel.type == MessageType::hello && event.peer == "kernel";
    if (const auto* fault = opens_now_ ? nullptr : message_fault(parcel.number))
      if (!play(*fault, number, side, from, parcel)) return true;
  }
  const auto at = arrival_ns(wire, side);
  opens_now_ = false;
  wire.ends[side].last_ns = at;
  deliver(number, side, at, std::move(parcel));
  return true;
}

const Fault* World::message_fault(std::uint64_t number) const {
  if (healed_ || message_faults_.empty()) return nullptr;
  const auto at = message_faults_.find(number);
  return at == message_faults_.end() ? nullptr : at->second;
}

// False: there is nothing more to deliver.
bool World::play(const Fault& fault, int number, int side, Process& from, Parcel& parcel) {
  auto& wire = wires_[static_cast<std::size_t>(number)];
  auto& to = wire.ends[side];
  const auto fired = [&] { note_fault(name_of(fault.kind), from.lane(), parcel.number); };
  switch (fault.kind) {
    case FaultKind::lose:
      fired();
      return false;
    case FaultKind::twice:
      fired();
      to.last_ns = arrival_ns(wire, side);
      deliver(number, side, to.last_ns, parcel);
      return true;
    case FaultKind::delay:
      fired();
      to.last_ns = std::max(to.last_ns, now_ns_ + fault.for_ms * kNanosPerMs);
      return true;
    case FaultKind::overtake:
      fired();
      // Not counted as the newest: the next one on this connection passes it.
      deliver(number, side, arrival_ns(wire, side) + 2 * kNanosPerMs, std::move(parcel));
      return false;
    case FaultKind::replay: {
      std::vector<const Parcel*> mine;
      for (const auto& [lane, sent] : old_)
        if (lane == from.lane() && sent.number != parcel.number) mine.push_back(&sent);
      if (mine.empty()) return true;
      fired();
      auto again = *mine[fault.choice % mine.size()];
      const auto at = arrival_ns(wire, side);
      deliver(number, side, at, std::move(parcel));
      to.last_ns = at + 1;
      deliver(number, side, at + 1, std::move(again));
      return false;
    }
    case FaultKind::corrupt: {
      fired();
      // Whole frames of noise: a single flipped bit is what CURVE's seal, or the machine, catches.
      auto& frame = parcel.frames[fault.choice % parcel.frames.size()];
      for (auto& octet : frame) octet = static_cast<std::uint8_t>(random_.next());
      return true;
    }
    case FaultKind::cut:
      fired();
      cut(number);
      return false;
    default:
      return true;
  }
}

void World::deliver(int number, int side, std::uint64_t at_ns, Parcel parcel) {
  auto& ends = wires_[static_cast<std::size_t>(number)].ends;
  const auto place = ++ends[side].sent;
  // What a stopped process is about to send leaves when it goes on, or never.
  const auto leaves_ns = ends[1 - side].process->life.held_until_ns;
  after(at_ns - now_ns_,
        [this, number, side, place, leaves_ns, parcel = std::move(parcel)]() mutable {
          auto& wire = wires_[static_cast<std::size_t>(number)];
          if (place >= wire.ends[side].lost_from || !lives(wire.ends[side])) return;
          const auto& from = wire.ends[1 - side];
          const auto& ended = from.process->life.ended_ns;
          const auto end = ended.find(from.run);
          if (end != ended.end() && end->second < leaves_ns) return;
          put(number, side, {number, false, std::move(parcel)});
        });
}

void World::put(int number, int side, Process::Input input) {
  auto& process = *wires_[static_cast<std::size_t>(number)].ends[side].process;
  process.life.inbox.push_back(std::move(input));
  if (process.life.wakes) return;
  process.life.wakes = true;
  // What arrives meanwhile is handled in the same turn.
  after(random_.below(200) * kNanosPerUs,
        [this, &process, run = process.life.run] { wake(process, run); });
}

void World::wake(Process& process, std::uint64_t run) {
  auto& life = process.life;
  if (!life.alive || life.run != run || life.held_until_ns > now_ns_) {
    if (life.run == run) life.wakes = false;
    return;
  }
  life.wakes = false;
  step(process, [&] {
    while (!life.inbox.empty() && life.held_until_ns <= now_ns_) {
      auto input = std::move(life.inbox.front());
      life.inbox.pop_front();
      if (input.is_end) {
        process.lost(input.wire);
      } else {
        if (input.parcel.number != 0) {
          auto& event = note(EventKind::received, process);
          event.what = name_of(input.parcel.type);
          event.number = input.parcel.number;
          if (!input.parcel.request.empty()) event.request = input.parcel.request.text();
        }
        process.take(input.wire, std::move(input.parcel));
      }
      if (!life.alive) return;
    }
    process.done();
  });
}

// Part of what the dead side had handed over never left (zmq_send returning is not "sent"); the
// other side is told behind all that did.
void World::break_wire(int number, int dead_side) {
  auto& wire = wires_[static_cast<std::size_t>(number)];
  if (std::exchange(wire.broken, true)) return;
  const int side = 1 - dead_side;
  auto& to = wire.ends[side];
  if (!healed_ && random_.chance(300)) to.lost_from = to.sent > 0 ? to.sent : 1;
  if (!lives(to)) return;
  const auto at = std::max(arrival_ns(wire, side), to.last_ns + 1);
  to.last_ns = at;
  after(at - now_ns_, [this, number, side] {
    auto& end = wires_[static_cast<std::size_t>(number)].ends[side];
    if (!lives(end)) return;
    end.knows_end = true;
    put(number, side, {number, true, {}});
  });
}

void World::cut(int number) {
  auto& wire = wires_[static_cast<std::size_t>(number)];
  if (std::exchange(wire.broken, true)) return;
  for (int side = 0; side < 2; ++side) {
    auto& end = wire.ends[side];
    end.lost_from = end.sent + 1;
    after(random_.below(3000) * kNanosPerUs, [this, number, side] {
      auto& its = wires_[static_cast<std::size_t>(number)].ends[side];
      if (!lives(its)) return;
      its.knows_end = true;
      put(number, side, {number, true, {}});
    });
  }
}

void World::partition(const std::string& lane, std::uint64_t for_ms, std::uint64_t choice) {
  note_fault("partition", lane);
  partitions_.push_back({lane, now_ns_ + for_ms * kNanosPerMs, choice % 3 != 1, choice % 3 != 2});
}

}  // namespace aeromq::chaos
