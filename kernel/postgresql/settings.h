// The two settings files of PostgreSQL under control: postgresql.toml names the cluster and is the
// same on every host, agent.toml is one host's own. Read strictly: every fault is listed, an
// unknown key is one. Neither holds a secret.
#pragma once
#include <string>
#include <vector>

#include "messages/result.h"

namespace aeromq::postgresql {

/// One database server and the agent beside it.
struct NodeSettings {
  std::string name;
  std::string host;  ///< where PostgreSQL listens: an address, without brackets, or a name
  std::uint64_t port = 5432;
  std::string agent;      ///< its agent's endpoint, tcp://HOST:PORT or ipc://PATH
  std::string agent_key;  ///< its agent's public key
};

/// How the nodes are asked. The role needs LOGIN, REPLICATION and pg_monitor; never superuser.
struct ConnectionSettings {
  std::string user = "aeromq";
  std::string database = "postgres";
  std::string passfile;  ///< libpq's; empty: libpq's own rule
  std::string sslmode = "prefer";
  std::string sslrootcert;  ///< whose certificates are believed; empty: libpq's own rule
  std::string sslcert;      ///< our own certificate, if the servers ask for one, and ...
  std::string sslkey;       ///< ... its key
  std::uint64_t connect_deadline_ms = 1000;  ///< what one dead node may delay a reading by
  std::uint64_t query_deadline_ms = 2000;
};

/// postgresql.toml
struct ClusterSettings {
  std::string name = "aeromq";
  std::string system_identifier;          ///< decimal; empty: all nodes must have the same one
  std::string synchronous_standby_names;  ///< as every node has it; empty: asynchronous
  ConnectionSettings connection;
  std::string kernel_key;                  ///< public key: who may ask an agent to act
  std::uint64_t act_deadline_ms = 120000;  ///< after it the kernel waits for an agent no longer
  std::uint64_t watch_every_ms = 1000;     ///< how often the kernel looks by itself; 0: never
  std::vector<NodeSettings> nodes;         ///< in name order, at least one
};

/// agent.toml. Relative paths are relative to the file; here they are absolute.
struct AgentSettings {
  std::string folder;  ///< where the file lies
  std::string node;    ///< one of the cluster's
  std::string cluster_file = "postgresql.toml";
  std::string keys = "keys.toml";
  std::string journal = "journal.sqlite";  ///< refused inside of `data`
  std::string data;                        ///< PGDATA
  std::string bin;                         ///< where pg_ctl, pg_controldata and postgres are
  std::string options;                     ///< for postgres itself, as pg_ctl -o takes them
  std::string log;                         ///< for pg_ctl -l; empty: `folder`/postgresql.log
  std::uint64_t start_deadline_ms = 60000;
  std::uint64_t stop_deadline_ms = 60000;
  std::uint64_t promote_deadline_ms = 60000;
  std::uint64_t receive_deadline_ms = 10000;  ///< for a standby to receive the shutdown checkpoint
  ClusterSettings cluster;                    ///< read from `cluster_file`
};

/// What is wrong with the TLS settings among themselves: field, and words that go on from it.
std::vector<std::pair<const char*, std::string>> tls_faults(const ConnectionSettings& connection);

// Error INVALID_INPUT, field `settings`, naming the file and all of its faults.
Result<ClusterSettings> read_cluster_settings(const std::string& path);
Result<AgentSettings> read_agent_settings(const std::string& path);

/// The file that read_cluster_settings reads back as `settings`.
std::string cluster_settings_text(const ClusterSettings& settings);
/// The same for one node: its table `[[node]]`.
std::string node_settings_text(const NodeSettings& node);
/// agent.toml as a new folder has it: `node`, paths and Debian's usual places to be corrected.
std::string agent_settings_text(const AgentSettings& settings);

/// Of the member list: names and addresses of servers and agents, all of the keys that they obey.
/// Whoever has the same digest judges by the same members.
std::string members_digest(const ClusterSettings& settings);

/// The node of that name, or nullptr.
const NodeSettings* find_node(const ClusterSettings& cluster, std::string_view name);

}  // namespace aeromq::postgresql
