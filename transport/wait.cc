#include "transport/wait.h"

#include "transport/sockets.h"

namespace aeromq::transport {

void wait_readable(std::span<void* const> sockets, int timeout_ms, int extra_fd) {
  detail::wait_for(sockets, timeout_ms, extra_fd);
}

}  // namespace aeromq::transport
