// How a server is set up for what comes after an act: the settings that replay needs, whom it would
// follow, what waits for a restart, how its archiver goes. Facts of one look, like sample.h's.
#pragma once
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/postgresql/agent_protocol.h"

namespace aeromq::postgresql {

/// A standby whose setting is below its primary's cannot replay on (PostgreSQL,
/// "hot standby, administrator's overview"); in the order of the control file's lines.
inline constexpr std::array<std::string_view, 5> kReplayLimits{
    "max_connections", "max_worker_processes", "max_wal_senders", "max_prepared_transactions",
    "max_locks_per_transaction"};

/// One place that primary_conninfo names.
struct UpstreamPlace {
  std::string host;     ///< name or address; empty: only `address` is given
  std::string address;  ///< hostaddr
  std::string port;     ///< empty: PostgreSQL's usual one
  friend bool operator==(const UpstreamPlace&, const UpstreamPlace&) = default;
};

/// What primary_conninfo says of whom it follows. Nothing else of it is ever kept: it may hold a
/// password.
struct Upstream {
  bool known = false;  ///< false: the role may not see it, or it cannot be read
  std::vector<UpstreamPlace> places;
  std::string application_name;
  std::string session_attrs;  ///< target_session_attrs
  std::string slot;           ///< primary_slot_name
  friend bool operator==(const Upstream&, const Upstream&) = default;
};

/// pg_stat_archiver: how archiving goes, with ages by the server's own clock.
struct Archiver {
  std::uint64_t archived = 0;
  std::uint64_t archived_ms = 0;  ///< since the last success; means nothing without `archived`
  std::uint64_t failed = 0;
  std::uint64_t failed_ms = 0;  ///< since the last failure; means nothing without `failed`
  std::string last_failed;
  friend bool operator==(const Archiver&, const Archiver&) = default;
};

/// Of a node that answered.
struct Setup {
  std::vector<ServerSetting> settings;  ///< kReplayLimits, and some more
  std::vector<std::string> pending;     ///< names of settings that wait for a restart
  std::string pause_state;              ///< pg_get_wal_replay_pause_state(); empty: no standby
  std::uint64_t received = 0;           ///< pg_last_wal_receive_lsn()
  Upstream upstream;
  Archiver archiver;
  friend bool operator==(const Setup&, const Setup&) = default;
};

/// The value of that name, or empty.
inline std::string_view value_of(const std::vector<ServerSetting>& settings,
                                 std::string_view name) {
  for (const auto& setting : settings)
    if (setting.name == name) return setting.value;
  return {};
}

}  // namespace aeromq::postgresql
