// What the exit code of a control-plane process tells its supervisor (systemd units know the
// same numbers: RestartPreventExitStatus=70 71).
#pragma once

namespace aeromq::process {

constexpr int kExitOk = 0;          ///< asked to stop
constexpr int kExitFault = 1;       ///< anything that a fresh start may cure
constexpr int kExitUsage = 2;       ///< wrong flags or settings
constexpr int kExitUnwritten = 3;   ///< all done, but standard output could not be written
constexpr int kExitPoisoned = 70;   ///< audit writer: a write failed; a person must look (G9)
constexpr int kExitFenced = 71;     ///< dispatcher: another one holds a newer epoch
constexpr int kExitKillPoint = 99;  ///< a kill point with action `exit`

}  // namespace aeromq::process
