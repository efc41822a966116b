#include "chaos/checker/coverage.h"

#include "chaos/checker/index.h"

namespace aeromq::chaos {
namespace {

using Counts = std::map<std::string, std::uint64_t>;

void add_counts(Counts& to, const Counts& from) {
  for (const auto& [name, count] : from) to[name] += count;
}

void name_missing(std::vector<std::string>& missing, const char* id, const Counts& seen,
                  const std::vector<std::string>& expected) {
  for (const auto& name : expected) {
    const auto at = seen.find(name);
    if (at == seen.end() || at->second == 0) missing.push_back(std::string(id) + ": " + name);
  }
}

}  // namespace

void Coverage::add(const History& history, const Judgement& judgement) {
  ++histories;
  add_counts(evaluated, judgement.evaluated);
  const Index index(history);
  for (const auto* fault : index.of(EventKind::fault)) ++faults[fault->what];
  for (const auto* point : index.of(EventKind::point)) ++points[point->what];
  for (const auto& request : index.requests()) {
    const auto* rows = &request.of(EventKind::row);
    if (rows->empty()) rows = &request.of(EventKind::stands);
    if (!rows->empty()) {
      ++(rows->front()->verdict == "executed" ? executed : rejected);
      continue;
    }
    for (const auto* told : request.of(EventKind::told)) {
      if (told->verdict != "not_executed") continue;
      ++not_executed;
      break;
    }
  }
}

void Coverage::add(const Coverage& other) {
  histories += other.histories;
  add_counts(evaluated, other.evaluated);
  add_counts(faults, other.faults);
  add_counts(points, other.points);
  executed += other.executed;
  rejected += other.rejected;
  not_executed += other.not_executed;
}

std::vector<std::string> vacuous(const Coverage& coverage, const Expected& expected) {
  auto wanted = expected.predicates;
  if (wanted.empty())
    for (const auto& row : predicates()) wanted.emplace_back(row.id);
  std::vector<std::string> missing;
  name_missing(missing, "V-EVALUATED", coverage.evaluated, wanted);
  name_missing(missing, "V-FAULT", coverage.faults, expected.faults);
  name_missing(missing, "V-POINT", coverage.points, expected.points);
  const Counts ends{{"executed", coverage.executed},
                    {"not_executed", coverage.not_executed},
                    {"rejected", coverage.rejected}};
  name_missing(missing, "V-END", ends, {"executed", "rejected", "not_executed"});
  return missing;
}

}  // namespace aeromq::chaos
