#include "kernel/report_bounds.h"

#include <algorithm>

#include "messages/text.h"

namespace aeromq::kernel {
namespace {

/// The highest position that is believed, and why.
struct Bound {
  std::uint64_t position = kMostPosition;
  std::string why = "no service has written as much";
};

Bound bound_of(const Register& state, const RegisteredNode& node, std::uint64_t now_ms) {
  std::uint64_t from = state.acknowledged;
  std::uint64_t growth = kMostUnheard;
  std::string since = "this run of the kernel had not heard it before";
  if (node.heard) {
    from = std::max(from, node.heard->report.position);
    const auto age_ms = now_ms > node.heard->heard_ms ? now_ms - node.heard->heard_ms : 0;
    constexpr std::uint64_t kMsPerSecond = 1000;
    growth = age_ms > kMostPosition / kMostGrowth * kMsPerSecond
                 ? kMostPosition
                 : kMostAtOnce + age_ms * (kMostGrowth / kMsPerSecond);
    since = "it was heard " + std::to_string(age_ms) + " ms before";
  }
  if (from == 0 || from >= kMostPosition || from + growth >= kMostPosition) return {};
  return {from + growth, position_text(from) + " was known, and " + since};
}

}  // namespace

Result<void> plausible(const Register& state, const std::string& node, const NodeReport& report,
                       std::uint64_t now_ms) {
  const auto at = state.nodes.find(node);
  if (at == state.nodes.end()) return {};
  const auto bound = bound_of(state, at->second, now_ms);
  const auto check = [&](const char* field, std::uint64_t position) -> Result<void> {
    if (position <= bound.position) return {};
    return fail(make_error(ErrorCode::invalid_input,
                           node + " cannot be at " + position_text(position) + ": " + bound.why +
                               "; believed is at most " + position_text(bound.position),
                           field));
  };
  if (auto good = check("position", report.position); !good) return good;
  return check("snapshot_position", report.snapshot_position);
}

}  // namespace aeromq::kernel
