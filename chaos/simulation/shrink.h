// The smallest part of a failing plan that still fails: parts are left away one by one, never drawn
// anew, so that what is left really was in the run.
#pragma once
#include "chaos/simulation/run.h"

namespace aeromq::chaos {

/// The names of the parts ("t0,f3") that are enough to break `predicate` again. At most a few
/// hundred runs.
std::string shrink(Simulator& simulator, const Plan& plan, const std::string& predicate);

}  // namespace aeromq::chaos
