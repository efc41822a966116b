// The demo node as a pure core: what a node of a cluster made by `aeromq up` reports next. No
// service stands behind it; it moves its position as a primary would, and can be told to misbehave.
#pragma once
#include "kernel/protocol.h"

namespace aeromq::kernel {

/// What `<node file>.fault` orders: nothing, silence, a replica that falls behind, a node that
/// reports as primary whatever it was told.
enum class Fault { none, stop, lag, claim };
Fault parse_fault(std::string_view text);  ///< none for anything else

/// One node. Never asks for itself: what it is told decides what it reports.
class DemoNode {
 public:
  NodeReport next(const Assignment& told, Fault fault);

 private:
  std::uint64_t ticks_ = 0;
  std::uint64_t timeline_ = 0;
  std::uint64_t position_ = 0;
  std::uint64_t snapshot_position_ = 0;
  std::string snapshot_label_;
};

}  // namespace aeromq::kernel
