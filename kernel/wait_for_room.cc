#include "kernel/wait_for_room.h"

#include <poll.h>

#include "kernel/durable.h"
#include "kernel/store.h"
#include "process/log.h"

namespace aeromq::kernel {

bool wait_for_room(const std::string& file, process::StopSignal& stop) {
  constexpr int kLookEveryMs = 1000;
  for (bool told = false; Store::exists(file) && !Store::take_reserve(file); told = true) {
    if (!told)
      process::log_error("waiting_for_room",
                         {{"why", "the disk of " + folder_of(file) + " is full"}});
    pollfd item{stop.fd(), POLLIN, 0};
    ::poll(&item, 1, kLookEveryMs);
    if (stop.next()) return false;
  }
  return true;
}

}  // namespace aeromq::kernel
