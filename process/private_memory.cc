#include "process/private_memory.h"

#include <sys/prctl.h>

#include <cstdlib>

namespace aeromq::process {

void keep_memory_private() {
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) std::abort();
}

}  // namespace aeromq::process
