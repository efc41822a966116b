#include "kernel/demo_node.h"

#include <algorithm>

namespace aeromq::kernel {
namespace {

constexpr std::uint64_t kFirstPosition = 16 * 1024 * 1024;
constexpr std::uint64_t kOctetsPerTick = 4096;
constexpr std::uint64_t kTicksPerSnapshot = 120;

}  // namespace

Fault parse_fault(std::string_view text) {
  const auto end = text.find_last_not_of(" \t\r\n");
  text = end == std::string_view::npos ? std::string_view{} : text.substr(0, end + 1);
  if (text == "stop") return Fault::stop;
  if (text == "lag") return Fault::lag;
  if (text == "claim") return Fault::claim;
  return Fault::none;
}

NodeReport DemoNode::next(const Assignment& told, Fault fault) {
  ++ticks_;
  NodeReport report;
  const bool primary = told.role == NodeRole::primary || fault == Fault::claim;
  report.role = primary ? NodeRole::primary : NodeRole::replica;
  report.state = primary ? "running" : fault == Fault::lag ? "lagging" : "streaming";
  if (primary) {
    // What clients wrote since the last tick, acknowledged to them.
    timeline_ = told.timeline;
    position_ = std::max({position_, told.acknowledged, kFirstPosition}) + kOctetsPerTick;
  } else if (fault != Fault::lag) {
    // Follows all that the last primary acknowledged; what it had beyond that is gone.
    timeline_ = told.timeline;
    position_ = told.acknowledged;
  }
  if (ticks_ % kTicksPerSnapshot == 1) {
    snapshot_label_ =
        "base-" + std::to_string(timeline_) + "-" + std::to_string(ticks_ / kTicksPerSnapshot + 1);
    snapshot_position_ = position_;
  }
  report.fencing_epoch = told.fencing_epoch;
  report.timeline = timeline_;
  report.position = position_;
  report.snapshot_label = snapshot_label_;
  report.snapshot_position = snapshot_position_;
  return report;
}

}  // namespace aeromq::kernel
