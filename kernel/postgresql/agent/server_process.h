// Which processes are the PostgreSQL of one PGDATA: read from /proc, since a pid in a file may be
// another process's by now. Reads only.
#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

namespace aeromq::postgresql {

/// A stopped (SIGSTOP) one lives: it can go on at any time.
struct ServerProcess {
  pid_t postmaster = 0;   ///< 0: none lives
  pid_t orphan = 0;       ///< without a postmaster: a process of the server that outlived it
  bool stopping = false;  ///< a shutdown was asked for and is not done
  bool running() const { return postmaster != 0 || orphan != 0; }
};

/// `data`: PGDATA. A process counts if it works in that folder and its program is called postgres.
ServerProcess find_server(const std::string& data);

/// The postmaster that the lock file names was killed and nobody has reaped it yet: its number is
/// still in use, and PostgreSQL takes that for a server that runs.
bool awaits_reaping(const std::string& data);

/// The pg_ctl processes that act on this PGDATA.
std::vector<pid_t> find_pg_ctl(const std::string& data);

/// What keeps this server by itself: the process that started it, or the traces that a manager
/// leaves in PGDATA. Empty: none seen.
std::string find_manager(const std::string& data, pid_t postmaster);

}  // namespace aeromq::postgresql
