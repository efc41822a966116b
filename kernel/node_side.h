// The kernel's end for nodes: CURVE and an allow-list, so a node speaks for itself alone (P6-A3).
// It hears reports and answers with the assignment; it never acts.
#pragma once
#include <deque>

#include "kernel/embedded.h"
#include "process/settings.h"
#include "transport/listener.h"
#include "transport/zap.h"

namespace aeromq::kernel {

class NodeSide {
 public:
  /// Error INVALID_INPUT: endpoint, keys or allow-list.
  static Result<NodeSide> bind(const process::KernelSettings& settings);
  /// The hosts of the allow-list, by node.
  const std::map<std::string, std::string>& hosts() const { return hosts_; }
  /// Takes the messages that wait, a bounded number of them.
  void serve(Embedded& kernel, Moment (*clock)());
  transport::Listener& listener() { return listener_; }

 private:
  struct Sequence {
    std::uint64_t received = 0;
    std::uint64_t sent = 0;
  };
  NodeSide(std::unique_ptr<transport::Context> context, transport::Listener listener,
           std::map<std::string, std::string> hosts);
  Sequence& sequence_of(const transport::Connection& connection);
  void take(Embedded& kernel, const transport::Incoming& incoming, const Moment& now);

  std::unique_ptr<transport::Context> context_;  // outlives the listener
  transport::Listener listener_;
  std::map<std::string, std::string> hosts_;
  BootId boot_;
  std::map<transport::Connection, Sequence> sequences_;
  std::deque<transport::Connection> oldest_;  ///< bounds the map: long-gone connections go first
};

}  // namespace aeromq::kernel
