// strace upon the threads of a running process: counts its system calls, or kills it at the nth.
// The release build is what is traced: it has no kill point of its own, and needs none.
#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "chaos/stack/child.h"

namespace aeromq::chaos {

/// The threads of a process, in the order of their making.
std::vector<pid_t> threads_of(pid_t pid);

/// The processes of a stack, by their programs' names without "aeromq-".
const std::vector<std::string>& traced_processes();

/// True while some strace holds the thread.
bool is_traced(pid_t thread);

/// False if this machine does not let us trace.
bool can_trace();

/// The calls at which something leaves the process: to a disk, to a socket, to another thread.
const std::vector<std::string>& traced_calls();

/// All threads of `pid` are watched while this lives. `dir` must exist.
class CallCounter {
 public:
  CallCounter(pid_t pid, std::filesystem::path dir);
  /// Ends the watch: per thread (by its place in threads_of) how often each call was made.
  std::vector<std::map<std::string, unsigned>> counts();

 private:
  std::filesystem::path dir_;
  std::vector<pid_t> threads_;
  std::unique_ptr<Child> strace_;
};

/// SIGKILL when `thread` enters its nth `call` from now on: the call itself is not made.
class CallKiller {
 public:
  CallKiller(pid_t thread, const std::string& call, unsigned nth);
  ~CallKiller();
  CallKiller(const CallKiller&) = delete;
  CallKiller& operator=(const CallKiller&) = delete;
  /// Attached: what comes now is counted.
  bool ready() const { return ready_; }
  /// Lets go of the thread if it is still there.
  void release();

 private:
  std::unique_ptr<Child> strace_;
  bool ready_ = false;
};

}  // namespace aeromq::chaos
