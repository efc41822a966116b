// One call over the kernel boundary and its one answer. Only the dispatcher makes calls (D4).
#pragma once
#include "messages/view.h"

namespace aeromq {

enum class CallKind : std::uint8_t { snapshot, survey, wal, snapshots, diagnostics, outcome, act };
template <>
struct EnumNames<CallKind> {
  static constexpr std::array<std::string_view, 7> value{
      "snapshot", "survey", "wal", "snapshots", "diagnostics", "outcome", "act"};
};

/// Every kind but `act` only reads.
struct KernelCall {
  CallKind kind = CallKind::snapshot;
  std::uint64_t id = 0;   ///< the caller's; its answer carries the same
  std::string command;    ///< survey: the command name whose checks (or cost) are wanted
  std::string node;       ///< survey: its node
  RequestId about;        ///< outcome
  Act act;                ///< act; else defaults
  std::string successor;  ///< survey of a demotion: whose promotion is previewed; empty: none
  static constexpr auto fields() {
    using C = KernelCall;
    return std::tuple{Field{"kind", &C::kind},
                      Field{"id", &C::id},
                      Field{"command", &C::command},
                      Field{"node", &C::node, 64},
                      Field{"about", &C::about},
                      Field{"act", &C::act},
                      Field{"successor", &C::successor, 64, 2}};
  }
  friend bool operator==(const KernelCall&, const KernelCall&) = default;
};

/// `snapshot` is set for every reading: the one snapshot that all of the answer was drawn from.
struct KernelAnswer {
  CallKind kind = CallKind::snapshot;
  std::uint64_t id = 0;
  KernelSnapshot snapshot;
  std::string cost;                    ///< survey of run_diagnostics: what it will cost, declared
  std::vector<ViewFact> facts;         ///< wal, snapshots, diagnostics: beyond the snapshot
  std::vector<Table> tables;           ///< wal, snapshots, diagnostics
  std::vector<Finding> findings;       ///< diagnostics
  std::vector<OutcomeAnswer> outcome;  ///< outcome: exactly one
  ActAnswer act;                       ///< act
  static constexpr auto fields() {
    using A = KernelAnswer;
    return std::tuple{Field{"kind", &A::kind},
                      Field{"id", &A::id},
                      Field{"snapshot", &A::snapshot},
                      Field{"cost", &A::cost, 512},
                      Field{"facts", &A::facts},
                      Field{"tables", &A::tables, 8},
                      Field{"findings", &A::findings},
                      Field{"outcome", &A::outcome, 1},
                      Field{"act", &A::act}};
  }
  friend bool operator==(const KernelAnswer&, const KernelAnswer&) = default;
};

}  // namespace aeromq
