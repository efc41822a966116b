// What the lock file of a server and the tables below /proc say, as values. Pure: text in, value
// out; server_process.h reads the files.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aeromq::postgresql {

/// postmaster.pid, as far as it is written: a server that starts has the first lines only.
struct PostmasterFile {
  pid_t pid = 0;              ///< line 1; of a single-user server, which writes it negative, too
  std::string folder;         ///< line 2: PGDATA as the server calls it, links and all
  std::uint64_t start = 0;    ///< line 3: wall clock, seconds
  std::uint64_t port = 0;     ///< line 4
  std::string socket_folder;  ///< line 5: the first one; empty: none
  std::optional<std::int32_t> segment_key;  ///< line 7: its shared memory
  std::optional<std::int32_t> segment;
  bool stopping = false;  ///< line 8
  friend bool operator==(const PostmasterFile&, const PostmasterFile&) = default;
};
PostmasterFile parse_postmaster_file(std::string_view text);

/// /proc/PID/stat: state letter, parent, and when it started, in clock ticks since the boot.
struct ProcessStat {
  char state = 'X';
  pid_t parent = 0;
  std::uint64_t start_ticks = 0;
  /// A zombie is none: it holds nothing any more.
  bool is_alive() const { return state != 'Z' && state != 'X'; }
  friend bool operator==(const ProcessStat&, const ProcessStat&) = default;
};
/// Nothing for a text that is none: the process is gone.
std::optional<ProcessStat> parse_stat(std::string_view text);

/// The line "btime" of /proc/stat: when the host booted, wall clock, in seconds.
std::optional<std::uint64_t> parse_boot_time(std::string_view text);

/// How many processes are attached to this segment, by /proc/sysvipc/shm. A number that is another
/// key's by now is another server's segment. Nothing: the table cannot be understood.
std::optional<std::uint64_t> attached_to(std::string_view table, std::int32_t key,
                                         std::int32_t segment);

/// True if a process with these /proc/PID/maps is attached to the segment.
bool maps_segment(std::string_view maps, std::int32_t segment);

/// True if /proc/net/tcp or tcp6 has a socket that listens at `port` of `address`, or of all
/// addresses. `address` that is no number (a name): any counts.
bool listens_at(std::string_view table, const std::string& address, std::uint64_t port);

/// The same of a unix socket, in /proc/net/unix.
bool listens_at_path(std::string_view table, std::string_view path);

/// What is known of one sign.
enum class Sign : std::uint8_t { no, yes, unknown };

/// What one process shows of being a server's. Its name is none of it.
struct ProcessSigns {
  bool is_noted = false;         ///< it has the number that the lock file names
  Sign in_folder = Sign::no;     ///< it works in PGDATA
  bool starts_as_noted = false;  ///< it began when the lock file says
  Sign program = Sign::no;       ///< what it executes is a PostgreSQL server's file
  Sign attached = Sign::no;      ///< to the lock file's shared memory
};
/// A person's shell that stands in the folder is no server. What cannot be seen of the process that
/// the lock file names speaks for it.
bool is_of_server(const ProcessSigns& signs);

}  // namespace aeromq::postgresql
