// The clock of a process: hosts read it just before they step a core; cores never do.
#pragma once
#include "messages/time.h"

namespace aeromq::process {

/// CLOCK_BOOTTIME and CLOCK_REALTIME, now.
Moment now();

}  // namespace aeromq::process
