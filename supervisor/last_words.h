// Why a process could not start, in its own words: the line of its log that says so.
#pragma once
#include <sys/types.h>

#include <string>

namespace aeromq::supervisor {

/// The reason that the process `pid` gave in the last lines of `log`; empty if it gave none.
std::string last_words(const std::string& log, pid_t pid);

}  // namespace aeromq::supervisor
