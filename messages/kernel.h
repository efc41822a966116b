// What the kernel boundary speaks: one snapshot, one act, one outcome. Kernel-independent; the
// adapter concept in kernel/adapter.h uses nothing else.
#pragma once
#include "messages/command.h"
#include "messages/finding.h"

namespace aeromq {

enum class NodeRole : std::uint8_t { none, primary, replica };
template <>
struct EnumNames<NodeRole> {
  static constexpr std::array<std::string_view, 3> value{"none", "primary", "replica"};
};

/// One node as one kernel snapshot shows it. Positions are octets of history (an LSN).
struct NodeFacts {
  std::string node;
  std::string host;                    ///< where its service listens, as reported
  NodeRole assigned = NodeRole::none;  ///< by the kernel: primary = holds write authority
  NodeRole reported = NodeRole::none;  ///< by the node itself; none = never heard
  std::string state;                   ///< the node's own word: running, streaming, stopped ...
  bool stale = true;                   ///< the report is too old to prove anything (P6-F1)
  std::uint64_t report_age_ms = 0;     ///< at the snapshot, in the kernel's clock
  std::uint64_t fencing_epoch = 0;     ///< the fencing epoch under which the node reported
  std::uint64_t timeline = 0;
  std::uint64_t position = 0;
  std::uint64_t lag = 0;       ///< octets behind the acknowledged position
  std::string snapshot_label;  ///< newest base backup or snapshot the node told of
  std::uint64_t snapshot_position = 0;
  static constexpr auto fields() {
    using N = NodeFacts;
    return std::tuple{Field{"node", &N::node, 64},
                      Field{"host", &N::host},
                      Field{"assigned", &N::assigned},
                      Field{"reported", &N::reported},
                      Field{"state", &N::state, 64},
                      Field{"stale", &N::stale},
                      Field{"report_age_ms", &N::report_age_ms},
                      Field{"fencing_epoch", &N::fencing_epoch},
                      Field{"timeline", &N::timeline},
                      Field{"position", &N::position},
                      Field{"lag", &N::lag},
                      Field{"snapshot_label", &N::snapshot_label},
                      Field{"snapshot_position", &N::snapshot_position}};
  }
  friend bool operator==(const NodeFacts&, const NodeFacts&) = default;
};

/// One of the kernel's checks for one action on one node, as it stands in one snapshot.
struct Check {
  std::string code;       ///< the code that a rejection would have
  std::string invariant;  ///< "P6-A1" ...
  std::string text;       ///< a statement of fact, no advice (C7)
  bool passes = false;
  bool overridable = false;  ///< this action may override it if the operator acknowledges `code`
  static constexpr auto fields() {
    return std::tuple{Field{"code", &Check::code, 64}, Field{"invariant", &Check::invariant, 16},
                      Field{"text", &Check::text, 1024}, Field{"passes", &Check::passes},
                      Field{"overridable", &Check::overridable}};
  }
  friend bool operator==(const Check&, const Check&) = default;
};

/// One consistent reading of the kernel (A12). `checks` only when an action was surveyed.
struct KernelSnapshot {
  HistoryId history;
  std::uint64_t snapshot = 0;  ///< this snapshot's id: grows with every change
  std::string cluster;
  std::uint64_t kernel_ms = 0;      ///< the kernel's clock (CLOCK_BOOTTIME) at the reading
  std::uint64_t wall_ms = 0;        ///< the kernel's wall clock, for people only
  std::uint64_t fencing_epoch = 0;  ///< grows with every change of write authority
  std::string holder;               ///< the node with write authority; empty = none
  std::string last_primary;         ///< who held it last
  std::uint64_t acknowledged = 0;   ///< highest position that the last primary acknowledged
  std::uint64_t timeline = 0;       ///< of the last primary
  std::uint64_t stale_after_ms = 0;
  std::vector<NodeFacts> nodes;  ///< in name order
  std::vector<Check> checks;
  std::vector<std::string> not_checked;  ///< what this kernel could not see, for a surveyed action
  /// What every look must show, and for a surveyed action what a person should know before it.
  std::vector<Finding> findings;
  std::string successor;  ///< of a surveyed demotion: whose promotion was looked at with it
  std::vector<Check> successor_checks;  ///< that promotion's, as they stand now
  static constexpr auto fields() {
    using S = KernelSnapshot;
    return std::tuple{Field{"history", &S::history},
                      Field{"snapshot", &S::snapshot},
                      Field{"cluster", &S::cluster, 64},
                      Field{"kernel_ms", &S::kernel_ms},
                      Field{"wall_ms", &S::wall_ms},
                      Field{"fencing_epoch", &S::fencing_epoch},
                      Field{"holder", &S::holder, 64},
                      Field{"last_primary", &S::last_primary, 64},
                      Field{"acknowledged", &S::acknowledged},
                      Field{"timeline", &S::timeline},
                      Field{"stale_after_ms", &S::stale_after_ms},
                      Field{"nodes", &S::nodes, 64},
                      Field{"checks", &S::checks, 32},
                      Field{"not_checked", &S::not_checked, 8},
                      Field{"findings", &S::findings, 32, 2},
                      Field{"successor", &S::successor, 64, 2},
                      Field{"successor_checks", &S::successor_checks, 32, 2}};
  }
  friend bool operator==(const KernelSnapshot&, const KernelSnapshot&) = default;
};

enum class Action : std::uint8_t { promote, demote, force_promote };
template <>
struct EnumNames<Action> {
  static constexpr std::array<std::string_view, 3> value{"promote", "demote", "force-promote"};
};

/// The kernel action of a command. Precondition: the command is a kernel action.
Action action_of(CommandName name);

/// One kernel action, asked for once. All that the ledger row needs travels with it.
struct Act {
  RequestId request;
  Action action = Action::promote;
  std::string node;
  std::uint64_t fencing_epoch = 0;     ///< what was explained; moved = FACTS_CHANGED
  std::vector<std::string> overrides;  ///< acknowledged check codes
  Digest command_digest;
  std::string principal;
  std::string reason;
  std::string successor;  ///< demote: the node that must be able to follow; empty: any
  static constexpr auto fields() {
    return std::tuple{Field{"request", &Act::request},
                      Field{"action", &Act::action},
                      Field{"node", &Act::node, 64},
                      Field{"fencing_epoch", &Act::fencing_epoch},
                      Field{"overrides", &Act::overrides, 32},
                      Field{"command_digest", &Act::command_digest},
                      Field{"principal", &Act::principal, 64},
                      Field{"reason", &Act::reason, 1000},
                      Field{"successor", &Act::successor, 64, 2}};
  }
  friend bool operator==(const Act&, const Act&) = default;
};

/// One thing that an execution changed.
struct Effect {
  std::string name;
  std::string before;
  std::string after;
  static constexpr auto fields() {
    return std::tuple{Field{"name", &Effect::name, 64}, Field{"before", &Effect::before},
                      Field{"after", &Effect::after}};
  }
  friend bool operator==(const Effect&, const Effect&) = default;
};

/// executed, rejected: a ledger row stands. duplicate: the id has a row; the rest is the first
/// one's. refused: history, epoch, lease or connection do not fit; NO row, nothing happened.
enum class ActStatus : std::uint8_t { executed, rejected, duplicate, refused };
template <>
struct EnumNames<ActStatus> {
  static constexpr std::array<std::string_view, 4> value{"executed", "rejected", "duplicate",
                                                         "refused"};
};

struct ActAnswer {
  ActStatus status = ActStatus::refused;
  bool first_executed = false;  ///< duplicate only: the first one executed
  std::string code;             ///< rejected, refused: the kernel's stable code
  std::string text;             ///< the kernel's own words, verbatim
  std::vector<std::string> invariants;
  std::vector<Effect> effects;
  std::uint64_t snapshot = 0;  ///< the snapshot id after (executed) or at the decision
  static constexpr auto fields() {
    using A = ActAnswer;
    return std::tuple{Field{"status", &A::status},
                      Field{"first_executed", &A::first_executed},
                      Field{"code", &A::code, 64},
                      Field{"text", &A::text, 1024},
                      Field{"invariants", &A::invariants, 16},
                      Field{"effects", &A::effects, 32},
                      Field{"snapshot", &A::snapshot}};
  }
  friend bool operator==(const ActAnswer&, const ActAnswer&) = default;
};

/// What became of a request (docs/outcome.md): the first three and the last are final, for ever.
enum class Verdict : std::uint8_t {
  executed,
  rejected,
  not_executed,
  not_yet_decided,
  unknown,
  no_kernel_change,
};
template <>
struct EnumNames<Verdict> {
  static constexpr std::array<std::string_view, 6> value{
      "executed", "rejected", "not executed", "not yet decided", "unknown", "no kernel change"};
};

struct OutcomeAnswer {
  RequestId request;
  Verdict verdict = Verdict::unknown;
  bool final_ = false;
  std::string why;                    ///< one sentence
  std::uint64_t until_kernel_ms = 0;  ///< not yet decided: decided at the latest then
  std::uint64_t kernel_ms = 0;        ///< the kernel's clock at the answer
  std::string code;                   ///< rejected: the kernel's code and words
  std::string text;
  std::vector<std::string> invariants;
  std::string action;  ///< from the ledger row; empty without one
  std::string node;
  std::string principal;
  std::string command_digest;  ///< hexadecimal
  std::vector<Effect> effects;
  static constexpr auto fields() {
    using O = OutcomeAnswer;
    return std::tuple{Field{"request", &O::request},
                      Field{"verdict", &O::verdict},
                      Field{"final", &O::final_},
                      Field{"why", &O::why, 512},
                      Field{"until_kernel_ms", &O::until_kernel_ms},
                      Field{"kernel_ms", &O::kernel_ms},
                      Field{"code", &O::code, 64},
                      Field{"text", &O::text, 1024},
                      Field{"invariants", &O::invariants, 16},
                      Field{"action", &O::action, 64},
                      Field{"node", &O::node, 64},
                      Field{"principal", &O::principal, 64},
                      Field{"command_digest", &O::command_digest, 64},
                      Field{"effects", &O::effects, 32}};
  }
  friend bool operator==(const OutcomeAnswer&, const OutcomeAnswer&) = default;
};

}  // namespace aeromq
