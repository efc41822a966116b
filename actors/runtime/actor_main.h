// The start of an actor process: options, kill points, log, then the core in its host.
#pragma once
#include "actors/runtime/host.h"
#include "process/command_line.h"
#include "process/settings.h"

namespace aeromq::runtime {

/// main() of an actor: parses the command line, answers --version and --list-kill-points, reads
/// the settings, calls `serve`.
template <Actor A>
int actor_main(int argc, char** argv, int (*serve)(const process::Settings&)) {
  const auto name = "aeromq-" + std::string(text_of(A::kRole));
  return process::control_plane_main(argc, argv, name, kill_point_names(A::kRole, A::accepts()),
                                     serve);
}

/// Joins the broker that `settings` names. Error: as of Host::join.
inline Result<Host> join(ActorRole role, const process::Settings& settings) {
  return Host::join({role, settings.broker.control, std::string(process::kBuild)});
}

/// Joins the broker and runs the core until the connection ends. Returns the exit code.
template <Actor A>
int join_and_run(A& core, const process::Settings& settings) {
  auto host = join(A::kRole, settings);
  if (!host) return process::fail_start(host.error());
  Boundary none;
  return host->run(calls_of(core), none);
}

}  // namespace aeromq::runtime
