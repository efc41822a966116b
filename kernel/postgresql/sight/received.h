// WAL that a standby holds and does not speak of: a restart makes it forget what it had received.
// Pure.
#pragma once
#include "kernel/postgresql/sample.h"

namespace aeromq::postgresql {

/// Raises a standby's position to the end of the valid records that its agent read on its disk, if
/// they are of the timeline that the position is of.
void count_received(NodeSample& node);

}  // namespace aeromq::postgresql
