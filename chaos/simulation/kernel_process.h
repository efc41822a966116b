// The kernel in the simulation: the real Embedded and its conversations over the in-memory register
// file, and the nodes of the cluster that report to it. What its transactions changed is told by
// the register file, not by the kernel.
#pragma once
#include "chaos/simulation/memory_store.h"
#include "chaos/simulation/world.h"
#include "kernel/conversation.h"
#include "kernel/demo_node.h"
#include "kernel/embedded.h"

namespace aeromq::chaos {

class KernelProcess final : public Process {
 public:
  explicit KernelProcess(World& world);

  void start() override;
  void forget() override;
  void accepted(int wire, const std::string& user) override;
  void take(int wire, Parcel parcel) override;
  void lost(int) override {}

  /// A person fences a dispatcher with `aeromq-kernel fence`.
  void fence(unsigned dispatcher);
  void silence(const std::string& node, bool silent) { silent_[node] = silent; }
  /// The register file's rows, as an independent reader finds them.
  void note_what_stands();

 private:
  void hear_nodes();
  void note_transaction(const Committed& committed);
  void note_row(EventKind kind, const kernel::LedgerRow& row, std::uint64_t transaction);
  void note_opened(ByteView packet);
  void note_state();

  Shelf shelf_;
  std::map<RequestId, std::uint64_t> written_;  ///< in which transaction: the file keeps no number
  std::optional<kernel::Embedded> kernel_;
  std::map<int, kernel::Conversation> conversations_;  ///< never dropped: late packets are read
  std::map<std::string, kernel::DemoNode> nodes_;
  std::map<std::string, bool> silent_;
  bool fences_ = false;  ///< the packet being handled is a person's fence
  std::uint64_t heard_ns_ = 0;
};

}  // namespace aeromq::chaos
