// The machine's processes as /proc shows them, for whoever must stop exactly one of them.
#pragma once
#include <sys/types.h>

#include <string>

namespace aeromq::chaos {

/// The process whose program is `program` (absolute) with `argument` somewhere among its words and
/// `without` nowhere; -1 if there is none.
pid_t find_process(const std::string& program, const std::string& argument,
                   const std::string& without);

/// True until the process has ended (a zombie has).
bool is_alive(pid_t pid);

}  // namespace aeromq::chaos
