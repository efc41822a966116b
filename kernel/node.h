// A few lines for a service under control: connect with its node file, report, ask its role. It
// never acts; what a node may do follows from the Assignment and its fencing epoch alone.
#pragma once
#include "kernel/protocol.h"
#include "process/settings.h"
#include "transport/peer.h"

namespace aeromq::kernel {

/// One authenticated connection to the kernel's node side. After an error make a new one.
///
///   auto link = NodeLink::connect(*process::read_node_settings("nodes/n1.toml"));
///   auto told = link->role();              // told->role, told->fencing_epoch
///   link->report({.role = told->role, .state = "running", ...});
///
/// Not thread-safe: one thread owns it.
class NodeLink {
 public:
  /// Error NOT_REACHED: no kernel in time, or it refuses this key.
  static Result<NodeLink> connect(const process::NodeSettings& settings, int timeout_ms = 3000);
  /// "Am I primary, under which fencing epoch?" Error ANSWER_LOST: nothing may be concluded; a
  /// node that cannot learn its role must not act as primary.
  Result<Assignment> role(int timeout_ms = 3000);
  /// Tells, and returns the role as it stands after. Error ANSWER_LOST, or why it was refused.
  Result<Assignment> report(const NodeReport& report, int timeout_ms = 3000);

 private:
  explicit NodeLink(transport::Peer peer) : peer_(std::move(peer)) {}
  Result<Assignment> answer(int timeout_ms);
  transport::Peer peer_;
};

}  // namespace aeromq::kernel
