// The list of the drills: which action, who dies, and at which moment. Moments are deterministic: a
// kill point, a process frozen at one, a system call of the startup process, a startup process that
// was frozen before the signal, recovery_end_command.
#pragma once
#include "chaos/postgresql/runbook.h"

namespace aeromq::chaos::postgresql {

enum class Moment : std::uint8_t {
  plane_point,     ///< a kill point of dispatcher or kernel: it dies there
  agent_point,     ///< a kill point of the agent: it dies there
  at_agent_point,  ///< the agent is frozen there, `victim` dies, the agent goes on
  startup_call,    ///< the startup process dies at its nth `point`, a system call
  startup_frozen,  ///< it is stopped before the signal; then `victim` dies, or it goes on
  recovery_end,    ///< recovery_end_command runs: `victim` dies
};

struct Drill {
  std::string verb;  ///< demote, promote, force-promote
  Moment moment = Moment::plane_point;
  std::string point;  ///< a kill point's name, or a system call's
  /// dispatcher, kernel, agent, postmaster, startup; candidate: the foremost standby's postmaster;
  /// late, never: nobody dies
  std::string victim;
  unsigned nth = 1;
  std::string second;  ///< agent_point: it dies again there, at its next start
};

/// One line that names it; `--only` takes a part of it.
std::string name_of(const Drill& drill);

/// Who passed which points while each action was done without a fault.
struct Passed {
  std::vector<std::string> plane;
  std::vector<std::string> agent;
};

/// All drills of one action, given what it passes.
std::vector<Drill> drills_of(const std::string& verb, const Passed& passed);

/// Brings the cluster to where the action makes sense; the node that it is aimed at, or empty.
std::string prepare(Site& site, const std::string& verb);

/// A deed without a fault, and the points that it passed.
Passed rehearse(Site& site, const std::string& verb);

/// Does it, judges it, and restores the cluster. True: the fault fired.
bool run_drill(Site& site, const Drill& drill);

}  // namespace aeromq::chaos::postgresql
