// What is known about the mutants, and what a run of them found.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "messages/result.h"

namespace aeromq::chaos {

/// One known-bad variant, as its file tells (mutate.py).
struct Mutant {
  std::string name;
  std::string breaks;
  std::string row;
  std::string predicate;  ///< the one that must catch it
  std::string rung;
  std::string defences;
  std::uint64_t budget = 0;  ///< runs
};

/// What became of one mutant.
struct Caught {
  Mutant mutant;
  bool caught = false;     ///< by its own predicate, within its budget
  std::uint64_t runs = 0;  ///< up to and with the run that caught it, or all
  double seconds = 0;
  std::string first;             ///< the first predicate that was broken at all; may be its own
  std::uint64_t first_runs = 0;  ///< ... and after how many runs
  std::string what;              ///< the violation that caught it
  std::optional<std::string> failed;   ///< it could not be run, and why
  std::optional<std::string> skipped;  ///< its rung needs a right that is missing here
};

/// The mutants of a build tree. Error INVALID_INPUT.
Result<std::vector<Mutant>> read_mutants(const std::filesystem::path& index);

/// One line a mutant, for a terminal.
std::string line_of(const Caught& caught);

/// docs/mutants.md.
std::string document_of(const std::vector<Caught>& all, std::uint64_t clean_runs);

}  // namespace aeromq::chaos
