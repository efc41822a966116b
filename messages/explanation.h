// What a person is shown before they confirm (C6, C7): facts from one snapshot, nothing else. Same
// command + same snapshot = same octets; their SHA-256 is the explanation digest.
#pragma once
#include "messages/kernel.h"

namespace aeromq {

/// One fact, where it came from and how old it was at the snapshot.
struct ExplainedFact {
  std::string name;
  std::string value;
  std::string source;  ///< "kernel" or "report of <node>"
  std::uint64_t age_ms = 0;
  static constexpr auto fields() {
    using F = ExplainedFact;
    return std::tuple{Field{"name", &F::name, 128}, Field{"value", &F::value, 512},
                      Field{"source", &F::source, 128}, Field{"age_ms", &F::age_ms}};
  }
  friend bool operator==(const ExplainedFact&, const ExplainedFact&) = default;
};

/// A risk or overridden invariant. Enhanced confirmation: each must be acknowledged by its id (C4).
struct Risk {
  std::string id;         ///< the code of the check that is overridden
  std::string invariant;  ///< "P6-A1" ...
  std::string text;
  static constexpr auto fields() {
    return std::tuple{Field{"id", &Risk::id, 64}, Field{"invariant", &Risk::invariant, 16},
                      Field{"text", &Risk::text, 1024}};
  }
  friend bool operator==(const Risk&, const Risk&) = default;
};

struct Explanation {
  std::string command;
  std::string node;
  std::string cluster;
  ConfirmationKind confirmation = ConfirmationKind::standard;
  std::string action;                     ///< one sentence: the exact action
  std::vector<std::string> components;    ///< what is affected
  std::vector<std::string> irreversible;  ///< what cannot be undone
  std::vector<std::string> invariants;    ///< "P6-A1: at most one ..." involved
  std::vector<ExplainedFact> facts;
  std::vector<Check> checks;             ///< the kernel's checks as they stood
  std::vector<std::string> not_checked;  ///< what could not be checked
  std::vector<Risk> risks;
  std::string cost;  ///< run_diagnostics: what it will cost; else empty
  HistoryId history;
  std::uint64_t snapshot = 0;
  std::uint64_t fencing_epoch = 0;
  std::uint64_t kernel_ms = 0;
  std::uint64_t wall_ms = 0;
  std::vector<Finding> warnings;  ///< what this action will meet or leave behind; no check fails
  std::string successor;          ///< of a demotion: who is to follow; empty: nobody was named
  std::vector<Check> successor_checks;  ///< a preview of that node's promotion
  static constexpr auto fields() {
    using E = Explanation;
    return std::tuple{Field{"command", &E::command, 64},
                      Field{"node", &E::node, 64},
                      Field{"cluster", &E::cluster, 64},
                      Field{"confirmation", &E::confirmation},
                      Field{"action", &E::action, 512},
                      Field{"components", &E::components, 64},
                      Field{"irreversible", &E::irreversible, 16},
                      Field{"invariants", &E::invariants, 32},
                      Field{"facts", &E::facts, 256},
                      Field{"checks", &E::checks, 32},
                      Field{"not_checked", &E::not_checked, 16},
                      Field{"risks", &E::risks, 16},
                      Field{"cost", &E::cost, 512},
                      Field{"history", &E::history},
                      Field{"snapshot", &E::snapshot},
                      Field{"fencing_epoch", &E::fencing_epoch},
                      Field{"kernel_ms", &E::kernel_ms},
                      Field{"wall_ms", &E::wall_ms},
                      Field{"warnings", &E::warnings, 32, 2},
                      Field{"successor", &E::successor, 64, 2},
                      Field{"successor_checks", &E::successor_checks, 32, 2}};
  }
  friend bool operator==(const Explanation&, const Explanation&) = default;
};

}  // namespace aeromq
