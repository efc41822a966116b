// One child process: started with its log and its readiness pipe, killed with its supervisor.
#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

#include "messages/result.h"

namespace aeromq::supervisor {

struct ChildSpec {
  std::string name;                    ///< as the supervisor calls it, "audit-writer"
  std::vector<std::string> arguments;  ///< the first is the program's absolute path
  std::string log;                     ///< stdout and stderr are appended here
};

struct Started {
  pid_t pid = -1;
  int ready_fd = -1;  ///< readable: the byte '1' = ready, the end = gone without; the caller's
};

/// Starts the child in a process group of its own (Ctrl-C is the supervisor's to hear), with
/// AEROMQ_READY_FD beside the whole environment. It dies when this process dies. Error
/// INVALID_INPUT, field `process`.
Result<Started> start_child(const ChildSpec& spec);

}  // namespace aeromq::supervisor
