// START HERE. The one judge of every rung: given what was seen, which of the promises are broken?
// It believes no process under test, only events; it must never need to know which rung wrote them.
#pragma once
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chaos/history/event.h"

namespace aeromq::chaos {

/// A promise that one event breaks.
struct Violation {
  std::string predicate;
  std::string what;
  std::uint64_t seq = 0;  ///< of the event that breaks it
  friend bool operator==(const Violation&, const Violation&) = default;
};

struct Judgement {
  std::vector<Violation> violations;               ///< in order of seq
  std::map<std::string, std::uint64_t> evaluated;  ///< predicate -> how often it had to judge
};

/// One predicate, for documents, tests and people.
struct PredicateRow {
  std::string_view id;
  std::string_view statement;  ///< what must hold, one sentence
  std::string_view rows;       ///< of docs/requirements.md, and the section of docs/outcome.md
  std::string_view counts;     ///< when it counts as evaluated
};

/// Every predicate that judge() evaluates, in the order of docs/failure-model.md.
std::span<const PredicateRow> predicates();

/// Judges a whole history in one pass. Its events must stand in the order of their seq.
Judgement judge(const History& history);

}  // namespace aeromq::chaos
