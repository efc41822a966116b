// Small makers for the kernel's tests: a register with three nodes, reports, ids, moments.
#pragma once
#include "kernel/embedded.h"

namespace aeromq::kernel {

inline constexpr std::uint64_t kStale = 3000;
inline constexpr std::uint64_t kStart = 1'000'000;  ///< the kernel's clock, ms

inline Moment at_ms(std::uint64_t ms) {
  return {ms * kNanosPerMs, (1'700'000'000'000 + ms) * kNanosPerMs};
}

inline Register three_nodes() {
  auto state = create_register(HistoryId{{1, 2, 3, 4}}, "demo", {"a", "b", "c"});
  state.stale_after_ms = kStale;
  state.listening_since_ms = kStart - 60'000;
  return state;
}

inline NodeReport report_as(const Register& state, NodeRole role, std::uint64_t position) {
  NodeReport report;
  report.role = role;
  report.state = role == NodeRole::primary ? "running" : "streaming";
  report.fencing_epoch = state.fencing_epoch;
  report.timeline = state.timeline;
  report.position = position;
  return report;
}

/// Every node reports as it was assigned, and holds all that was acknowledged.
inline void all_report(Register& state, std::uint64_t now_ms) {
  for (const auto& [name, node] : std::map(state.nodes)) {
    const auto role = name == state.holder ? NodeRole::primary : NodeRole::replica;
    (void)take_report(state, name,
                      report_as(state, role, std::max<std::uint64_t>(state.acknowledged, 500)),
                      now_ms);
  }
}

inline RequestId id_of(const Opened& opened, std::uint32_t lease_end_s, std::uint32_t counter,
                       bool kernel_action = true) {
  return {{opened.history, static_cast<std::uint8_t>(opened.dispatcher),
           static_cast<std::uint32_t>(opened.epoch), lease_end_s, 1},
          counter,
          kernel_action};
}

inline Act act_of(const RequestId& request, Action action, const std::string& node,
                  std::uint64_t fencing_epoch) {
  Act act;
  act.request = request;
  act.action = action;
  act.node = node;
  act.fencing_epoch = fencing_epoch;
  act.principal = "olga";
  act.reason = "a test";
  return act;
}

inline KernelCall act_call(const Act& act, std::uint64_t id = 1) {
  KernelCall call;
  call.kind = CallKind::act;
  call.id = id;
  call.act = act;
  return call;
}

inline KernelCall outcome_call(const RequestId& request, std::uint64_t id = 1) {
  KernelCall call;
  call.kind = CallKind::outcome;
  call.id = id;
  call.about = request;
  return call;
}

}  // namespace aeromq::kernel
