// Signals as a file descriptor: SIGTERM and SIGINT ask a process to stop in order; SIGPIPE and
// SIGXFSZ become error codes of the call that caused them.
#pragma once
#include <optional>

namespace aeromq::process {

/// Make one, first in main, before any thread: threads inherit the blocked signals.
class StopSignal {
 public:
  enum class Children { ignored, watched };
  /// Blocks SIGTERM and SIGINT, and SIGCHLD if watched; ignores SIGPIPE and SIGXFSZ.
  explicit StopSignal(Children children = Children::ignored);
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;
  ~StopSignal();

  int fd() const { return fd_; }  ///< readable when a signal waits
  std::optional<int> next();      ///< the number of the next signal that waits; never blocks

 private:
  int fd_ = -1;
};

/// In a child between fork and exec: no signal blocked, none ignored.
void reset_signals();

}  // namespace aeromq::process
