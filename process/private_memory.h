// Keys lie in the memory of our processes: nobody else is to read it.
#pragma once

namespace aeromq::process {

/// Makes this process non-dumpable: no core file is written of it, and another process of the same
/// user can neither trace it nor read its memory, descriptors or environment (root can). First in
/// every main; exec ends it.
void keep_memory_private();

}  // namespace aeromq::process
