// Signals as a file descriptor: SIGTERM and SIGINT ask a process to stop in order, SIGHUP a service
// to reopen its log and to read again what it can read again.
#pragma once
#include <optional>

namespace aeromq::process {

/// Make one, first in main, before any thread: threads inherit the blocked signals.
class StopSignal {
 public:
  enum class Children { ignored, watched };
  enum class Hangup {
    reopens,  ///< next() reopens the log and goes on
    told,     ///< next() gives it out like the others
  };
  /// Blocks SIGTERM, SIGINT and SIGHUP, and SIGCHLD if watched; ignores SIGPIPE and SIGXFSZ.
  explicit StopSignal(Children children = Children::ignored, Hangup hangup = Hangup::reopens);
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;
  ~StopSignal();

  int fd() const { return fd_; }  ///< readable when a signal waits
  std::optional<int> next();      ///< the number of the next signal that waits; never blocks
  unsigned hangups() const { return hangups_; }  ///< how often the log was reopened

 private:
  int fd_ = -1;
  Hangup hangup_;
  unsigned hangups_ = 0;
};

/// In a child between fork and exec: no signal blocked, none ignored that we know of.
void reset_signals();

}  // namespace aeromq::process
