#include "kernel/server.h"

#include <filesystem>

#include "kernel/gone.h"
#include "kernel/wait_for_room.h"
#include "process/clock.h"
#include "process/command_line.h"
#include "process/exit_codes.h"
#include "process/lock_file.h"
#include "process/log.h"
#include "process/ready.h"

namespace aeromq::kernel {
namespace {

constexpr int kTurnMs = 1000;

}  // namespace

Server::Server(Embedded kernel, PacketSocket listener, NodeSide nodes, process::StopSignal& stop)
    : kernel_(std::move(kernel)),
      clients_(std::move(listener)),
      nodes_(std::move(nodes)),
      stop_(stop) {
  clients_.watch(stop_.fd());
}

int Server::run() {
  for (;;) {
    transport::Listener* const listeners[] = {&nodes_.listener()};
    transport::wait_any(listeners, kTurnMs, clients_.fd());
    if (const auto signal = stop_.next()) {
      process::log_info("stopping", {{"signal", *signal}});
      return process::kExitOk;
    }
    clients_.serve(kernel_);
    nodes_.listener().saw_disconnect();
    nodes_.serve(kernel_, process::now);
  }
}

std::string lock_path(const process::Settings& settings) {
  return settings.kernel.register_file + ".lock";
}

int serve(const process::Settings& settings) {
  process::StopSignal stop;
  std::error_code ignored;
  std::filesystem::create_directories(
      std::filesystem::path(settings.kernel.register_file).parent_path(), ignored);
  const auto lock = process::LockFile::take(lock_path(settings));
  if (!lock) return process::fail_start(lock.error());
  if (auto there = check_not_gone(settings); !there) return process::fail_start(there.error());
  if (!wait_for_room(settings.kernel.register_file, stop)) return process::kExitOk;
  auto nodes = NodeSide::bind(settings.kernel);
  if (!nodes) return process::fail_start(nodes.error());
  const EmbeddedOptions options{settings.kernel.register_file, settings.cluster.name,
                                settings.cluster.nodes, nodes->hosts(),
                                settings.kernel.stale_after_ms};
  auto kernel = Embedded::start(options, process::now());
  if (!kernel) return process::fail_start(kernel.error());
  kernel->admit_only(settings.kernel.dispatchers);
  if (!leave_mark(settings.kernel.register_file))
    return process::fail_start(unmarked(settings.kernel.register_file));
  auto listener = PacketSocket::listen(settings.kernel.socket, false);
  if (!listener) return process::fail_start(listener.error());
  process::log_info("serving", {{"history", to_hex(kernel->state().history.octets)},
                                {"fencing_epoch", kernel->state().fencing_epoch},
                                {"holder", kernel->state().holder}});
  Server server(std::move(*kernel), std::move(*listener), std::move(*nodes), stop);
  process::tell_ready();
  return server.run();
}

}  // namespace aeromq::kernel
