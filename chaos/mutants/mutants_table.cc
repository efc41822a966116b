#include "chaos/mutants/mutants_table.h"

#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "messages/error.h"

namespace aeromq::chaos {
namespace {

constexpr const char* kHead =
    R"(# The mutants: is the checker able to see?

Each row is the product with one guarantee taken out (a file of `chaos/mutants/` each; the product's
own sources hold none), run under the faults of its rung until the predicate named for it is broken.
"Needed" is how many runs that took, counted from the first seed, "budget" how many it may take;
"first" is the predicate that was broken first of all. Where a rule is defended twice, the other
defence is taken out too, and named. The disk rung walks through a fixed list of faults on real
processes, so its budget is that list, and the number needed differs a little from run to run.

Written by `aeromq-chaos mutants --document` from a run in which every mutant was caught; do not
edit.

)";

// A cell holds no line end and no bar.
std::string cell(std::string text) {
  for (auto& letter : text)
    if (letter == '\n') letter = ' ';
  for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2)
    text.insert(at, 1, '\\');
  return text;
}

}  // namespace

Result<std::vector<Mutant>> read_mutants(const std::filesystem::path& index) {
  std::ifstream in(index);
  const auto list = nlohmann::json::parse(in, nullptr, false);
  if (!list.is_array())
    return fail(make_error(ErrorCode::invalid_input,
                           index.string() + ": no list of mutants; build the target `mutants`"));
  std::vector<Mutant> mutants;
  for (const auto& entry : list)
    mutants.push_back({entry.value("name", ""), entry.value("breaks", ""), entry.value("row", ""),
                       entry.value("predicate", ""), entry.value("rung", ""),
                       entry.value("defences", ""), entry.value("budget", std::uint64_t{0})});
  return mutants;
}

std::string line_of(const Caught& caught) {
  const auto& mutant = caught.mutant;
  const auto end = caught.failed    ? "FAILED: " + *caught.failed
                   : caught.skipped ? *caught.skipped
                   : caught.caught  ? std::string("caught")
                                    : std::string("SURVIVED");
  return fmt::format("{:<44} {:<10} {:<10} {:>7} of {:<7} {:>6.1f} s  first {:<10} {:>6}  {}",
                     mutant.name, mutant.rung, mutant.predicate, caught.runs, mutant.budget,
                     caught.seconds, caught.first.empty() ? "none" : caught.first,
                     caught.first_runs, end);
}

std::string document_of(const std::vector<Caught>& all, std::uint64_t clean_runs) {
  std::string text = kHead;
  text += fmt::format(
      "{} mutants. The product itself, under the same first {} seeds of the simulation and the "
      "same lists of the disk rung: nothing "
      "broken.\n\n"
      "| mutant | what it breaks | row | rung | predicate | needed | budget | first |\n"
      "| --- | --- | --- | --- | --- | --- | --- | --- |\n",
      all.size(), clean_runs);
  for (const auto& caught : all) {
    const auto& mutant = caught.mutant;
    const auto breaks = mutant.defences.empty()
                            ? mutant.breaks
                            : mutant.breaks + " Taken out with it: " + mutant.defences;
    text += fmt::format("| `{}` | {} | {} | {} | {} | {} | {} | {} ({}) |\n", mutant.name,
                        cell(breaks), cell(mutant.row), mutant.rung, mutant.predicate, caught.runs,
                        mutant.budget, caught.first, caught.first_runs);
  }
  return text;
}

}  // namespace aeromq::chaos
