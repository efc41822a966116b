#include "kernel/reporter.h"

#include <poll.h>

#include <optional>

#include "kernel/demo_node.h"
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

Fault read_fault(const std::string& node_file) {
  const auto text = process::read_file(node_file + ".fault");
  return text ? parse_fault(*text) : Fault::none;
}

}  // namespace

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
