// Waiting on several listeners at once, for a shell that owns more than one.
#pragma once
#include <span>

namespace aeromq::transport {

/// Sleeps until one of `sockets` (handle() or monitor_handle()) or `extra_fd` (>= 0) is readable,
/// or the time is over. EINTR returns early.
void wait_readable(std::span<void* const> sockets, int timeout_ms, int extra_fd);

}  // namespace aeromq::transport
