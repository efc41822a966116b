// One drill: a process is ended or frozen at one named point while one command runs, and comes back
// at once, late or never. What the person was told and what the point did, for tables.
#pragma once
#include "chaos/kill/command_class.h"

namespace aeromq::chaos {

/// How a killed part comes back.
enum class Restart : std::uint8_t {
  once,   ///< at once, by its supervisor
  late,   ///< only after somebody was told that it is missing
  never,  ///< not before the whole stack is started anew
};
std::string name_of(Restart restart);
std::optional<Restart> restart_named(const std::string& name);

struct Drill {
  const CommandClass* command_class = nullptr;
  std::string point;
  std::string second;  ///< pairs: the point at which the next process is killed
  Restart restart = Restart::once;
  bool stops = false;  ///< SIGSTOP and a late return instead of SIGKILL
};

struct DrillEnd {
  Attempt attempt;
  bool hit = false;
  bool hit_second = false;
};

/// The point belongs to aeromq-ctl itself, which nobody starts again.
bool is_clients(const std::string& point);

/// What can be tried: a client is not restarted, and a class that restarts a process itself needs
/// the supervisor.
bool makes_sense(const Drill& drill);

/// The command line that does this drill alone.
std::string replay_of(const Drill& drill);

/// What only the harness can know of one attempt: a known exit code, and one that fits what was
/// told. The checker judges the rest.
void judge_attempt(Scene& scene, const Attempt& attempt);

/// The person asks what became of a mutation.
void ask_outcome(Scene& scene, const Attempt& attempt);

/// Does it and brings the stack back. Faults go to the scene.
DrillEnd run_drill(Scene& scene, const Drill& drill);

}  // namespace aeromq::chaos
