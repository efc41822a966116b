// Many situations, several side by side, each in a process of its own, so that one that hangs or
// dies takes nothing along.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace aeromq::chaos::situations {

struct CampaignOptions {
  std::filesystem::path bin_dir;
  std::uint64_t seed = 1;
  unsigned count = 10;
  unsigned minutes = 0;  ///< no new one after it; 0: no such bound
  unsigned clusters = 2;
  std::vector<std::string> only;
  std::filesystem::path results;  ///< empty: none is written
  bool resume = false;
  bool shrink = true;
  bool keep = false;
};

/// 0 only if nothing was found against us and every one could be played.
int run_campaign(const CampaignOptions& options);
/// Of the product under test, as git describes it.
std::string commit_of_sources();

}  // namespace aeromq::chaos::situations
