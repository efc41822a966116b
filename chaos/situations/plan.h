// What one situation will be: drawn from its seed before anything runs, and shrinkable: a fault
// that is left out moves nothing else.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace aeromq::chaos::situations {

enum class Act {
  inject,
  cure,
  deed,
  look,
  question,
  restart_agent,
  kill_kernel,
  kill_server,
  wait
};

/// A step; nodes are named by their role at that moment, since nobody knows beforehand who leads.
struct Step {
  Act act = Act::wait;
  std::string what;  ///< of a fault: its name; of a deed: its verb
  std::string role;  ///< primary, heir, third; of a fault: the victim's
  bool yes = true;   ///< of a deed: every risk is taken on; else none
};

struct Plan {
  std::uint64_t seed = 0;
  bool synchronous = false;
  std::vector<std::string> faults;
  std::vector<Step> steps;
};

/// `only`: the faults to draw from; empty: all.
Plan draw(std::uint64_t seed, const std::vector<std::string>& only);
/// The same without the faults that are not in `faults`.
Plan keep_faults(Plan plan, const std::vector<std::string>& faults);
/// One line for a log.
std::string text_of(const Plan& plan);

}  // namespace aeromq::chaos::situations
