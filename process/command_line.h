// The start that every control-plane process shares: flags, settings, log, kill points.
#pragma once
#include "process/settings.h"

namespace aeromq::process {

/// What HELLO, status and --version tell.
constexpr std::string_view kBuild = "aeromq 0.1.0";

/// main() of a process that takes `--config FILE`: answers --version, --help and
/// --list-kill-points, reads the settings and calls `serve`. Returns the exit code: 2 for wrong
/// flags or settings (all faults are named).
int control_plane_main(int argc, char** argv, const std::string& name,
                       const std::vector<std::string>& kill_points, int (*serve)(const Settings&));

/// Logs why the process cannot start. Returns kExitFault.
int fail_start(const Error& error);

}  // namespace aeromq::process
