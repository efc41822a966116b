#include "kernel/reporter.h"

#include <poll.h>

#include <optional>

#include "kernel/node.h"
#include "process/command_line.h"
#include "process/exit_codes.h"
#include "process/files.h"
#include "process/log.h"
#include "process/ready.h"
#include "process/signals.h"

namespace aeromq::kernel {
namespace {

constexpr int kPeriodMs = 500;
constexpr std::uint64_t kFirstPosition = 16 * 1024 * 1024;
constexpr std::uint64_t kOctetsPerTick = 4096;
constexpr std::uint64_t kTicksPerSnapshot = 120;

Fault read_fault(const std::string& node_file) {
  const auto text = process::read_file(node_file + ".fault");
  return text ? parse_fault(*text) : Fault::none;
}

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

int run_reporter(const std::string& node_file) {
  process::StopSignal stop;
  const auto settings = process::read_node_settings(node_file);
  if (!settings) return process::fail_start(settings.error());
  DemoNode node;
  std::optional<NodeLink> link;
  bool heard = true;
  while (!stop.next()) {
    const auto fault = read_fault(node_file);
    if (!link && fault != Fault::stop)
      if (auto connected = NodeLink::connect(*settings, kPeriodMs)) link = std::move(*connected);
    bool told_kernel = fault == Fault::stop;
    if (link && fault != Fault::stop) {
      const auto told = link->role();
      told_kernel = told && link->report(node.next(*told, fault));
      if (!told_kernel) link.reset();  // a new connection, not the same message again
    }
    if (told_kernel) process::tell_ready();
    if (told_kernel != heard)
      process::log_info(told_kernel ? "kernel_reached" : "kernel_silent",
                        {{"node", settings->node}});
    heard = told_kernel;
    pollfd waiting{stop.fd(), POLLIN, 0};
    ::poll(&waiting, 1, kPeriodMs);
  }
  return process::kExitOk;
}

}  // namespace aeromq::kernel
