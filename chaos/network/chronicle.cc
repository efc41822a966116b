#include "chaos/network/chronicle.h"

#include "kernel/protocol.h"
#include "messages/catalogue.h"
#include "messages/digest.h"
#include "messages/envelope.h"
#include "process/clock.h"

namespace aeromq::chaos::network {
namespace {

constexpr std::string_view kControl = "control.";

std::string hex_digest(ByteView octets) { return to_hex(sha256(octets).view()); }

}  // namespace

std::string lane_of(const std::string& link) {
  if (!link.starts_with(kControl)) return link == "kernel" ? "kernel" : "client." + link;
  const auto actor = link.substr(kControl.size());
  const auto dash = actor.rfind('-');
  return dash == std::string::npos ? actor : actor.substr(dash + 1);
}

void Chronicle::put(Event event) {
  event.seq = history_.size() + 1;
  event.at_ns = process::now().boot_ns;
  history_.push_back(std::move(event));
}

void Chronicle::add(Event event) {
  const std::lock_guard lock(mutex_);
  put(std::move(event));
}

History Chronicle::history() const {
  const std::lock_guard lock(mutex_);
  return history_;
}

void Chronicle::watch_register(const std::filesystem::path& register_file) {
  const std::lock_guard lock(mutex_);
  register_file_ = register_file;
  known_ = read_register(register_file);
}

void Chronicle::look() {
  const std::lock_guard lock(mutex_);
  put_looked();
}

void Chronicle::put_looked() {
  if (register_file_.empty()) return;
  auto seen = read_register(register_file_);
  // The fencing epoch counts changes of authority whatever the ledger says of them.
  auto changes = seen.fencing_epoch - known_.fencing_epoch;
  for (auto at = known_.rows.size(); at < seen.rows.size(); ++at) {
    const auto& row = seen.rows[at];
    Event event;
    event.kind = EventKind::row;
    event.lane = "kernel";
    event.request = row.request;
    event.principal = row.principal;
    event.what = row.action;
    event.node = row.node;
    event.digest = row.digest;
    event.verdict = row.executed ? "executed" : "rejected";
    event.code = row.code;
    event.text = row.text;
    event.number = row.transaction;
    put(event);
    if (!row.executed || changes == 0) continue;
    --changes;
    Event effect;
    effect.kind = EventKind::effect;
    effect.lane = "kernel";
    effect.request = row.request;
    effect.before = known_.holder;
    known_.holder = changes == 0 ? seen.holder : row.action == "demote" ? "" : row.node;
    effect.after = known_.holder;
    effect.number = row.transaction;
    effect.epoch = seen.fencing_epoch - changes;
    put(effect);
  }
  for (; changes > 0; --changes) {
    Event stray;
    stray.kind = EventKind::effect;
    stray.lane = "kernel";
    stray.before = known_.holder;
    stray.after = seen.holder;
    stray.epoch = seen.fencing_epoch - changes + 1;
    put(stray);
  }
  Event state;
  state.kind = EventKind::state;
  state.lane = "kernel";
  state.digest = seen.digest;
  put(state);
  known_ = std::move(seen);
}

std::uint64_t Chronicle::run_of(const std::string& lane) const {
  const std::lock_guard lock(mutex_);
  const auto at = runs_.find(lane);
  return at == runs_.end() ? 0 : at->second;
}

void Chronicle::began(const std::string& link) {
  if (!link.starts_with(kControl)) return;
  const std::lock_guard lock(mutex_);
  Event event;
  event.kind = EventKind::began;
  event.lane = lane_of(link);
  event.run = ++runs_[event.lane];
  put(std::move(event));
}

void Chronicle::ended(const std::string& link) {
  if (!link.starts_with(kControl)) return;
  const std::lock_guard lock(mutex_);
  Event event;
  event.kind = EventKind::ended;
  event.lane = lane_of(link);
  event.run = runs_[event.lane];
  event.what = "its connection ended";
  put(std::move(event));
}

void Chronicle::fault(const std::string& link, Direction direction, Fault fault) {
  this->fault(std::string(text_of(fault)), link + "/" + std::string(text_of(direction)));
}

void Chronicle::fault(const std::string& what, const std::string& peer) {
  const std::lock_guard lock(mutex_);
  Event event;
  event.kind = EventKind::fault;
  event.lane = "harness";
  event.what = what;
  event.peer = peer;
  event.number = 1;
  put(std::move(event));
}

void Chronicle::message(const std::string& link, Direction direction, const Frames& frames) {
  const std::lock_guard lock(mutex_);
  if (link == "kernel" && !frames.empty() && !frames[0].empty()) on_kernel(direction, frames[0]);
  if (link.starts_with(kControl) && frames.size() == kFrames) on_control(link, direction, frames);
}

void Chronicle::on_kernel(Direction direction, const Bytes& packet) {
  const auto tag = static_cast<kernel::Tag>(packet.front());
  const auto body = ByteView(packet).subspan(1);
  if (direction == Direction::up && tag == kernel::Tag::call) {
    const auto call = decode<KernelCall>(body);
    if (!call || call->kind != CallKind::act) return;
    Event event;
    event.kind = EventKind::called;
    event.lane = "dispatcher";
    event.run = runs_["dispatcher"];
    event.request = call->act.request.text();
    put(std::move(event));
  }
  if (direction == Direction::down && tag == kernel::Tag::opened) {
    const auto opened = decode<Opened>(body);
    if (!opened) return;
    put_looked();  // whatever was committed before it is in the file
    Event event;
    event.kind = EventKind::opened;
    event.lane = "kernel";
    event.node = std::to_string(opened->dispatcher);
    event.epoch = opened->epoch;
    put(std::move(event));
  }
  if (direction == Direction::down && tag == kernel::Tag::answer) put_looked();
}

// The keeper is the one actor whose decisions are judged by themselves.
void Chronicle::on_control(const std::string& link, Direction direction, const Frames& frames) {
  const auto header = decode_header(frames[1]);
  if (!header || header->request.empty()) return;
  const auto request = header->request.text();
  if (direction == Direction::down) {
    principals_.try_emplace(request, header->principal);
    return;
  }
  const auto now = process::now().boot_ns;
  Event event;
  event.lane = lane_of(link);
  event.run = runs_[event.lane];
  event.request = request;
  event.principal = principals_[request];
  if (header->type == MessageType::asked) {
    const auto asked = decode<Asked>(frames[2]);
    if (!asked) return;
    event.kind = EventKind::issued;
    event.token = hex_digest(asked->token.view());
    event.digest = hex_digest(asked->explanation);
    event.number = now + asked->expires_in_ms * kNanosPerMs;
    put(std::move(event));
  } else if (header->type == MessageType::confirmed) {
    const auto confirmed = decode<Confirmed>(frames[2]);
    if (!confirmed) return;
    event.kind = EventKind::spent;
    event.token = to_hex(confirmed->token_digest.view());
    event.digest = to_hex(confirmed->explanation_digest.view());
    event.number = now;
    put(std::move(event));
  }
}

}  // namespace aeromq::chaos::network
