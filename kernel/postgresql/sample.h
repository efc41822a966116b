// What one look at a PostgreSQL cluster saw: one sample per node, each with its own moment, and an
// explicit entry for a node that did not answer. Plain values: every rule is a pure function of
// them. A sample is never completed by a guess.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "kernel/postgresql/setup.h"

namespace aeromq::postgresql {

using Lsn = std::uint64_t;  ///< octets of history; shown as position_text()

/// One line of a timeline history file: this timeline ended, and the next began, at `end`.
struct TimelineEnd {
  std::uint32_t timeline = 0;
  Lsn end = 0;
  friend bool operator==(const TimelineEnd&, const TimelineEnd&) = default;
};

/// A row of pg_stat_replication.
struct Streamer {
  std::string application_name;
  std::string client_address;
  std::string state;  ///< streaming, catchup, ...
  Lsn sent = 0;
  Lsn write = 0;
  Lsn flush = 0;
  Lsn replay = 0;
  std::string sync_state;  ///< async, potential, sync, quorum
  bool logical = false;    ///< it decodes: a subscriber, no standby
  friend bool operator==(const Streamer&, const Streamer&) = default;
};

/// A row of pg_replication_slots.
struct Slot {
  std::string name;
  bool active = false;
  Lsn restart = 0;
  std::string wal_status;
  std::string safe_wal_size;  ///< octets, or empty: no limit
  bool logical = false;
  std::string plugin = {};    ///< of a logical one
  std::string database = {};  ///< of a logical one
  std::string consumer = {};  ///< application_name of who uses it now, or its process id
  bool synchronised = false;  ///< since version 17: a copy that a standby keeps of its primary's
  friend bool operator==(const Slot&, const Slot&) = default;
};

/// pg_stat_wal_receiver: whom a standby streams from.
struct Receiver {
  std::string status;
  std::string sender_host;
  std::uint64_t sender_port = 0;
  std::uint32_t timeline = 0;
  Lsn flushed = 0;
  std::string slot;
  std::uint64_t quiet_ms = 0;  ///< since its last message, by the standby's own clock
  std::vector<std::string> sender_addresses = {};  ///< of sender_host, if that is a name
  friend bool operator==(const Receiver&, const Receiver&) = default;
};

/// How many connections a server takes, and how many are taken, ours left out.
struct Places {
  std::uint64_t max_senders = 0;  ///< max_wal_senders
  std::uint64_t senders = 0;
  std::uint64_t max_connections = 0;
  std::uint64_t reserved = 0;  ///< of them, for superusers and other privileged roles
  std::uint64_t connections = 0;
  friend bool operator==(const Places&, const Places&) = default;
};

/// Of a deep look for the write-ahead log: what lies in pg_wal, and how archiving goes.
struct WalDetail {
  std::uint64_t files = 0;
  std::uint64_t octets = 0;
  std::uint64_t waiting_for_archive = 0;  ///< segments marked ready
  std::string archive_mode;
  std::uint64_t archived = 0;
  std::string last_archived;
  std::uint64_t failed = 0;
  std::string last_failed;
  friend bool operator==(const WalDetail&, const WalDetail&) = default;
};

/// A row of pg_stat_progress_basebackup: a base backup that runs now.
struct RunningBackup {
  std::string application_name;
  std::string phase;
  std::uint64_t total_octets = 0;  ///< 0: not known
  std::uint64_t streamed_octets = 0;
  friend bool operator==(const RunningBackup&, const RunningBackup&) = default;
};

/// The last answer of a node that does not answer now. It proves nothing; it tells a person what
/// may be lost.
struct LastSeen {
  bool in_recovery = true;
  std::uint32_t timeline = 0;
  Lsn position = 0;
  std::uint64_t age_ms = 0;  ///< at the beginning of this look
  friend bool operator==(const LastSeen&, const LastSeen&) = default;
};

/// One node as one look saw it. Without `answered` only node, host, times, the error, last_seen and
/// what the agent said mean anything.
struct NodeSample {
  std::string node;
  std::string host;                    ///< "10.0.0.1:5432", "[::1]:5432"
  std::vector<std::string> addresses;  ///< what the host was resolved to last
  bool answered = false;
  std::string sqlstate;  ///< why not, in PostgreSQL's words if it had any
  std::string error;
  bool timed_out = false;     ///< our own deadline passed: nobody refused, nobody answered
  bool tcp_accepted = false;  ///< a connection was made: something on that host lives
  bool spoke = false;         ///< at least one octet came back: a server speaks there
  std::uint64_t at_ms = 0;    ///< boot clock of who looked
  std::uint64_t took_ms = 0;
  std::uint64_t system_identifier = 0;
  bool in_recovery = true;
  std::uint32_t timeline = 0;  ///< IDENTIFY_SYSTEM, never pg_control_checkpoint(); 0: not known
  std::string timeline_error;  ///< why it, or its history, is not known
  Lsn position = 0;  ///< flushed; of a standby the greatest of received, replayed, on its disk
  Lsn replayed = 0;
  bool replay_paused = false;
  std::vector<TimelineEnd> ancestors;  ///< TIMELINE_HISTORY of `timeline`, oldest first
  std::uint64_t server_version = 0;
  Places places;
  std::uint64_t started_ms = 0;  ///< its own start time, wall clock
  std::uint64_t own_port = 0;    ///< its own setting `port`
  std::string data_directory;    ///< its own setting; as it was given, links and all
  bool may_identify = true;  ///< our role has REPLICATION there: IDENTIFY_SYSTEM would be answered
  std::string synchronous_standby_names;
  std::string synchronous_commit;
  std::vector<Streamer> streamers;
  std::vector<Slot> slots;
  std::optional<Receiver> receiver;
  Setup setup;
  std::vector<std::string> managers;  ///< sessions of Patroni, repmgrd, pg_auto_failover seen here
  std::optional<AgentStatus> agent;   ///< what its agent said in the same look
  std::string agent_error;            ///< why it said nothing
  std::optional<LastSeen> last_seen;  ///< only if it did not answer, and has answered before
  std::optional<WalDetail> wal;       ///< only of a look as deep as that
  std::vector<RunningBackup> backups;
  friend bool operator==(const NodeSample&, const NodeSample&) = default;
};

/// One look. Nodes in name order, all of the settings' nodes, always.
struct ClusterSample {
  std::uint64_t began_ms = 0;  ///< boot clock
  std::uint64_t wall_ms = 0;   ///< for people only
  std::vector<NodeSample> nodes;
  friend bool operator==(const ClusterSample&, const ClusterSample&) = default;
};

/// The node of that name, or nullptr.
inline const NodeSample* find_node(const ClusterSample& sample, std::string_view name) {
  for (const auto& node : sample.nodes)
    if (node.node == name) return &node;
  return nullptr;
}

}  // namespace aeromq::postgresql
