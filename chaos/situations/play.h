// Plays one plan on a cluster of its own, heals it, and judges what was seen.
#pragma once
#include <filesystem>

#include "chaos/situations/judge.h"
#include "chaos/situations/plan.h"

namespace aeromq::chaos::situations {

/// One situation as it stands in the file of results.
struct Result {
  Plan plan;
  std::string commit;
  std::vector<std::string> skipped;  ///< faults that could not be laid on here
  Story story;
  std::vector<Finding> findings;
  std::string broken;  ///< the harness itself failed: nothing is judged
  double seconds = 0;
  std::string kept;  ///< where the folders are, if something was found

  bool against_us() const;
};

Result play(const std::filesystem::path& bin_dir, const Plan& plan, bool keep);

}  // namespace aeromq::chaos::situations
