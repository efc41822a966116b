// One simulated run from plan to judgement.
#pragma once
#include <memory>

#include "chaos/checker/checker.h"
#include "chaos/simulation/disk.h"
#include "chaos/simulation/plan.h"

namespace aeromq::chaos {

struct RunResult {
  History history;
  Judgement judgement;
};

/// Not thread-safe; each thread has its own. Its disks are used again from run to run.
class Simulator {
 public:
  Simulator();
  /// Same plan, same history, to the octet.
  RunResult run(const Plan& plan);

 private:
  std::vector<std::unique_ptr<Disk>> disks_;
};

}  // namespace aeromq::chaos
