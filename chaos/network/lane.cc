#include "chaos/network/lane.h"

#include <algorithm>
#include <utility>

namespace aeromq::chaos::network {
namespace {

constexpr std::size_t kMostRemembered = 64;  // messages of one direction of one incarnation
constexpr std::uint64_t kShortestHoldMs = 20;
constexpr std::uint64_t kHoldSpreadMs = 180;
constexpr std::uint64_t kSilenceMs = 400;
constexpr std::uint64_t kSilenceSpreadMs = 800;
constexpr unsigned kMostFlaps = 3;
constexpr std::uint64_t kMostOvertaking = 3;
constexpr std::uint64_t kHeartbeatsSpared = 16;
constexpr std::uint64_t kFlapAt = 2;  // a flapping connection ends at its second message

}  // namespace

void LinkMemory::new_incarnation() {
  for (const int side : {0, 1})
    if (!current[side].empty()) earlier[side] = std::exchange(current[side], {});
}

Decision LinkMemory::next(const Plan& plan, Direction direction, bool heartbeat) {
  const auto side = static_cast<std::size_t>(direction);
  if (!heartbeat) return decide(plan, name, direction, ++seen[side]);
  const auto number = ++heartbeats_[side];
  if (number % kHeartbeatsSpared != 0) return {};
  return decide(plan, name + ".heartbeat", direction, number);
}

// Only what a frame's form betrays: the magic, the header's outer octets, a length.
void Lane::spoil(Frames& message, const Decision& decision, Outcome& out) const {
  const bool whole = spoil_ == Spoil::anything;
  const auto last = message.size() - 1;
  // Frames: magic, header, body; a link with one frame has its kind in the first octet.
  const auto which = whole ? decision.detail % message.size() : 0;
  auto& frame = decision.fault == Fault::truncated ? message[last] : message[which];
  if (frame.empty()) return;
  out.fired = decision.fault;
  if (decision.fault == Fault::truncated) {
    frame.resize(decision.detail % frame.size());
    return;
  }
  const auto bits = (whole ? frame.size() : std::min<std::size_t>(frame.size(), 5)) * 8;
  const auto bit = (decision.detail >> 16) % bits;
  frame[bit / 8] = static_cast<std::uint8_t>(frame[bit / 8] ^ (1U << (bit % 8)));
}

void Lane::pass(Frames message, Outcome& out) {
  out.deliver.push_back(std::move(message));
  for (auto& held : held_)
    if (held.after > 0) --held.after;
}

Outcome Lane::take(const Decision& decision, LinkMemory& memory, Frames message,
                   std::uint64_t now_ms) {
  Outcome out;
  const auto side = static_cast<std::size_t>(direction_);
  auto& current = memory.current[side];
  current.push_back(message);
  if (current.size() > kMostRemembered) current.pop_front();
  if (silent()) return out;
  if (memory.flaps > 0 && current.size() >= kFlapAt) {
    --memory.flaps;
    return {{}, Fault::flapping, true};
  }
  switch (decision.fault) {
    case Fault::lost:
      out.fired = decision.fault;
      return out;
    case Fault::reordered:
      out.fired = decision.fault;
      held_.push_back({std::move(message), 1 + decision.detail % kMostOvertaking,
                       now_ms + kShortestHoldMs + decision.detail % kHoldSpreadMs});
      return out;
    case Fault::half_open:
      out.fired = decision.fault;
      silent_until_ = now_ms + kSilenceMs + decision.detail % kSilenceSpreadMs;
      return out;
    case Fault::cut:
      return {{}, decision.fault, true};
    case Fault::flapping:
      memory.flaps = 1 + static_cast<unsigned>(decision.detail % kMostFlaps);
      return {{}, decision.fault, true};
    case Fault::doubled:
      out.fired = decision.fault;
      out.deliver.push_back(message);
      break;
    case Fault::replayed: {
      const auto& past = memory.earlier[side];
      if (past.empty()) break;
      out.fired = decision.fault;
      out.deliver.push_back(past[decision.detail % past.size()]);
      break;
    }
    case Fault::corrupted:
    case Fault::truncated:
      spoil(message, decision, out);
      break;
    case Fault::none:
      break;
  }
  pass(std::move(message), out);
  while (!held_.empty() && held_.front().after == 0) {
    out.deliver.push_back(std::move(held_.front().message));
    held_.pop_front();
  }
  return out;
}

Outcome Lane::release(std::uint64_t now_ms) {
  Outcome out;
  if (silent_until_ && now_ms >= *silent_until_) {
    out.end = true;
    return out;
  }
  while (!held_.empty() && held_.front().until_ms <= now_ms) {
    out.deliver.push_back(std::move(held_.front().message));
    held_.pop_front();
  }
  return out;
}

Outcome Lane::heal() {
  Outcome out;
  out.end = silent();
  for (auto& held : std::exchange(held_, {})) out.deliver.push_back(std::move(held.message));
  return out;
}

std::optional<std::uint64_t> Lane::due_ms() const {
  if (silent_until_) return silent_until_;
  if (held_.empty()) return std::nullopt;
  return held_.front().until_ms;
}

}  // namespace aeromq::chaos::network
