// The register of write authority as a value, and its rules as pure functions: who holds authority,
// under which fencing epoch, and what must hold before that may change. No I/O, no clock; it knows
// no request, dispatcher or control plane.
#pragma once
#include <map>
#include <optional>

#include "kernel/protocol.h"
#include "kernel/rejection.h"
#include "kernel/succession.h"

namespace aeromq::kernel {

/// The last report of one node.
struct HeardReport {
  NodeReport report;
  std::uint64_t heard_ms = 0;      ///< the kernel's clock at its arrival
  std::uint64_t acknowledged = 0;  ///< what the last primary had told of by then
  friend bool operator==(const HeardReport&, const HeardReport&) = default;
};

/// A report that was not believed.
struct RefusedReport {
  std::uint64_t at_ms = 0;  ///< the kernel's clock
  std::string why;
  friend bool operator==(const RefusedReport&, const RefusedReport&) = default;
};

struct RegisteredNode {
  std::string host;                        ///< as configured
  std::optional<HeardReport> heard;        ///< memory only: after a kernel restart nothing is heard
  std::optional<RefusedReport> refused{};  ///< the newest of this run
  friend bool operator==(const RegisteredNode&, const RegisteredNode&) = default;
};

struct Register {
  HistoryId history;
  std::string cluster;
  std::uint64_t fencing_epoch = 0;  ///< +1 with every change of authority, never back
  std::string holder;               ///< empty = none
  std::string last_primary;
  std::uint64_t demoted_epoch = 0;  ///< fencing epoch made by the last demotion; 0 = none pending
  std::uint64_t acknowledged = 0;   ///< highest position that the last primary told of
  std::uint64_t timeline = 0;       ///< of the last primary
  std::uint64_t shutdown_end = 0;   ///< demoted: where `acknowledged`'s record ends; 0: not known
  std::uint64_t stale_after_ms = 3000;
  std::uint64_t listening_since_ms = 0;  ///< when this run of the kernel began to hear reports
  std::map<std::string, RegisteredNode> nodes;
  friend bool operator==(const Register&, const Register&) = default;
};

/// A new register: the first node is primary under fencing epoch 1 on timeline 1.
/// Precondition: at least one node.
Register create_register(HistoryId history, const std::string& cluster,
                         const std::vector<std::string>& nodes);

/// True if the node's last report may prove something: it has one, younger than stale_after_ms.
bool is_fresh(const Register& state, const std::string& node, std::uint64_t now_ms);

/// Every check of `action` on `node`, passing or not, each code once. The same list is shown before
/// an action and decides it, so what was explained is what is checked.
/// A demotion's `successor`, if one is named, must be able to follow: SUCCESSOR_NOT_READY.
std::vector<Check> checks(const Register& state, Action action, const std::string& node,
                          std::uint64_t now_ms, const std::string& successor = {});

/// Whether `successor` could be promoted once `node`, demoted in order, has said so.
Succession succession_of(const Register& state, const std::string& node,
                         const std::string& successor, std::uint64_t now_ms);

/// Why an act is rejected: first FACTS_CHANGED (P7-A2), then the first check that fails and is not
/// overridden. Nothing: it may be executed.
std::optional<Rejection> judge(const Register& state, const Act& act, std::uint64_t now_ms);

/// Carries the action out. Precondition: judge() had nothing against it.
std::vector<Effect> apply(Register& state, Action action, const std::string& node);

/// Takes a report in. Error INVALID_INPUT: unknown node, no role, a fencing epoch or timeline that
/// the register never gave, a position that no service can have reached (report_bounds.h). True if
/// the acknowledged position grew: make that durable before the node is answered (P6-S1).
Result<bool> take_report(Register& state, const std::string& node, NodeReport report,
                         std::uint64_t now_ms);

/// Keeps for people why the newest report of `node` was refused.
void keep_refused(Register& state, const std::string& node, const Error& why, std::uint64_t now_ms);

/// Lowers `acknowledged` to `to`, by a person's order. Error INVALID_INPUT: nothing to lower, the
/// last primary is heard above `to` (it would raise it again), or this run of the kernel has not
/// listened long enough to tell.
Result<void> lower_acknowledged(Register& state, std::uint64_t to, std::uint64_t now_ms);

/// What the register assigns to a node; role none for an unknown one.
Assignment assignment(const Register& state, const std::string& node);

/// The register as one snapshot, without checks.
KernelSnapshot snapshot_of(const Register& state, std::uint64_t snapshot, std::uint64_t now_ms,
                           std::uint64_t wall_ms);

}  // namespace aeromq::kernel
