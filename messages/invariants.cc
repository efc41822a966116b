#include "messages/invariants.h"

#include <algorithm>
#include <array>

namespace aeromq {
namespace {

constexpr std::array kInvariants{
    Invariant{"P7-A1", "no implicit authority: looking, reconnecting, refreshing never acts"},
    Invariant{"P7-A2", "explicit human intent: every mutation traces to a person's decision"},
    Invariant{"P7-A3", "no delegated decisions: no ranking, no scoring, no advice"},
    Invariant{"P7-E1", "single explicit action"},
    Invariant{"P7-E2", "no partial execution"},
    Invariant{"P7-E3", "kernel validation is final"},
    Invariant{"P7-F1", "fail closed"},
    Invariant{"P7-F2", "control-plane crash safety"},
    Invariant{"P7-F3", "no hidden retries; duplicates refused"},
    Invariant{"P7-D1", "deterministic presentation"},
    Invariant{"P7-D2", "deterministic decisions"},
    Invariant{"P7-O1", "complete observability"},
    Invariant{"P7-O2", "explainability"},
    Invariant{"P7-O3", "auditability"},
    Invariant{"P7-S1", "no background activity"},
    Invariant{"P7-S2", "no interference with the kernel"},
    Invariant{"P7-S3", "closed scope"},
    Invariant{"P6-A1", "at most one node holds write authority"},
    Invariant{"P6-A2", "transfer of authority is atomic"},
    Invariant{"P6-A3", "no node claims authority by itself"},
    Invariant{"P6-S1", "no acknowledged write is lost"},
    Invariant{"P6-S2",
              "a promoted replica holds the demoted primary's history as a prefix (same timeline, "
              "every byte)"},
    Invariant{"P6-F1", "the kernel fails closed"},
    Invariant{"P6-F2", "promotion is crash-safe: before = no change, after = authoritative"},
    Invariant{"P6-D1", "same state and request = same decision"},
};

}  // namespace

std::span<const Invariant> invariant_table() { return kInvariants; }

const Invariant* find_invariant(std::string_view id) {
  const auto row = std::ranges::find(kInvariants, id, &Invariant::id);
  return row == kInvariants.end() ? nullptr : &*row;
}

std::string invariant_line(std::string_view id) {
  std::string line(id);
  if (const auto* row = find_invariant(id)) line.append(": ").append(row->statement);
  return line;
}

}  // namespace aeromq
