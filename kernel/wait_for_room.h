// A register whose disk is full when its kernel starts.
#pragma once
#include <string>

#include "process/signals.h"

namespace aeromq::kernel {

/// Before the register `file` is opened: waits until its reserve can be taken; a full disk is told
/// once. A kernel that ended instead would be started again and again. False: asked to stop.
bool wait_for_room(const std::string& file, process::StopSignal& stop);

}  // namespace aeromq::kernel
