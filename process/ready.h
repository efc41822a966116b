// Tells the supervisor that this process does its work from now on.
#pragma once

namespace aeromq::process {

/// Writes the byte '1' to the descriptor that AEROMQ_READY_FD names and closes it; nothing
/// without one. Only the first call does anything.
void tell_ready();

}  // namespace aeromq::process
