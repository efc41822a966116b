// The catalogue of what can be wrong with a cluster: each fault is laid on one node and can be
// cured.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "chaos/situations/scene.h"

namespace aeromq::chaos::situations {

/// Whom a fault is laid on.
enum class Victim { primary, standby, any };

/// What it does to what can be seen: faults of different effects meet in the plans, since a blind
/// eye alone, or a silent agent alone, is what the product is built for.
enum class Effect {
  blinds,    ///< the product gets no answer out of a server that goes on
  silences,  ///< the agent does not speak
  cuts,      ///< a standby does not receive, or not replay
  downs,     ///< a server is down or frozen
  misleads,  ///< what is answered is not what it seems
  hinders,   ///< an act, or what follows it, can't go well
  moves,     ///< roles change past the product
};

struct Fault {
  std::string name;
  std::string kind;
  std::string about;  ///< one line for the document
  Victim victim = Victim::any;
  Effect effect = Effect::hinders;
  /// False: not possible here and now; nothing was changed.
  std::function<bool(Scene& scene, const std::string& node)> inject;
  std::function<void(Scene& scene, const std::string& node)> cure;
};

/// All, in the order of their kinds; the order is part of what a seed means.
const std::vector<Fault>& catalogue();
/// Throws std::runtime_error.
const Fault& fault_named(const std::string& name);

// The kinds.
std::vector<Fault> configuration_faults();
std::vector<Fault> name_faults();
std::vector<Fault> address_faults();
std::vector<Fault> right_faults();
std::vector<Fault> limit_faults();
std::vector<Fault> disk_faults();
std::vector<Fault> clock_faults();
std::vector<Fault> leftover_faults();
std::vector<Fault> manager_faults();
std::vector<Fault> foreign_faults();
std::vector<Fault> member_faults();
std::vector<Fault> hang_faults();
std::vector<Fault> replication_faults();
std::vector<Fault> crash_faults();

}  // namespace aeromq::chaos::situations
