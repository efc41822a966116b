// The embedded kernel's process: one thread that acts, answers and hears reports, one message at a
// time, so that no question can run beside an act. It never blocks on a peer.
#pragma once
#include "kernel/clients.h"
#include "kernel/node_side.h"
#include "process/signals.h"

namespace aeromq::kernel {

class Server {
 public:
  Server(Embedded kernel, PacketSocket listener, NodeSide nodes, process::StopSignal& stop);
  /// Serves until SIGTERM or SIGINT.
  int run();

 private:
  Embedded kernel_;
  Clients clients_;
  NodeSide nodes_;
  process::StopSignal& stop_;
};

/// `aeromq-kernel serve`: takes the lifetime lock, starts, says ready, serves. Returns the exit
/// code.
int serve(const process::Settings& settings);

/// The lock that a kernel holds as long as it lives, and that offline readers take.
std::string lock_path(const process::Settings& settings);

}  // namespace aeromq::kernel
