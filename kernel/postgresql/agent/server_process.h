// Which processes are the PostgreSQL of one PGDATA: by the folder that they work in, the lock file,
// the time they began and the shared memory that they are attached to; never by a process's name.
// What cannot be determined is never "stopped". Reads only.
#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

#include "kernel/postgresql/agent_protocol.h"

namespace aeromq::postgresql {

/// A stopped (SIGSTOP) one lives: it can go on at any time.
struct ServerProcess {
  pid_t postmaster = 0;          ///< 0: none lives
  pid_t orphan = 0;              ///< without a postmaster: a process of the server that outlived it
  bool stopping = false;         ///< a shutdown was asked for and is not done
  bool unclear = false;          ///< what would prove that nothing runs cannot be read
  std::uint64_t started_ms = 0;  ///< of the postmaster, wall clock, as the lock file says
  std::uint64_t attached = 0;    ///< to the lock file's shared memory
  std::uint64_t processes = 0;   ///< of the server, at work in the folder
  bool running() const { return postmaster != 0 || orphan != 0 || attached != 0 || unclear; }
  /// True if that postmaster is this one: a number alone may be another process's by now.
  bool is(std::uint64_t pid, std::uint64_t began_ms) const {
    return pid != 0 && static_cast<std::uint64_t>(postmaster) == pid && started_ms == began_ms;
  }
};

/// `data`: PGDATA; the folder counts, not how its path is written.
ServerProcess find_server(const std::string& data);

/// `found`, which find_server() made of the same folder, for whoever asks; with what only the lock
/// file and the sockets of this host tell. `host` and `port`: where the node's server should
/// listen.
LocalServer local_server(const ServerProcess& found, const std::string& data,
                         const std::string& host, std::uint64_t port);

/// The postmaster that the lock file names was killed and nobody has reaped it yet: its number is
/// still in use, and PostgreSQL takes that for a server that runs.
bool awaits_reaping(const std::string& data);

/// The pg_ctl processes that act on this PGDATA.
std::vector<pid_t> find_pg_ctl(const std::string& data);

/// What keeps this server by itself: the process that started it, or the traces that a manager
/// leaves in PGDATA. Empty: none seen.
std::string find_manager(const std::string& data, pid_t postmaster);

}  // namespace aeromq::postgresql
