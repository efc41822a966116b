// The settings files of a control plane, read strictly: every fault is listed, an unknown key is
// one. Paths and ipc endpoints in them may be relative to the file; here they are absolute.
#pragma once
#include <string>
#include <vector>

#include "messages/command.h"
#include "messages/limits.h"
#include "transport/keys.h"

namespace aeromq::process {

struct ClusterSettings {
  std::string name = "aeromq";
  std::vector<std::string> nodes;  ///< the first is primary when the kernel is created
};

struct BrokerSettings {
  std::string control = "ipc://run/control.ipc";  ///< actors
  std::string clients = "ipc://run/clients.ipc";
  std::string feed = "ipc://run/feed.ipc";  ///< observers
  std::string keys = "keys/broker.toml";
  std::uint64_t heartbeat_ms = 500;
  std::uint64_t stage_timeout_ms = 5000;
  std::uint64_t token_ttl_ms = 120000;
  std::uint64_t lease_ms = 300000;
};

/// What the door lets in at one time. An address is an IPv4 address, an IPv6 /64, or on ipc a uid.
struct DoorSettings {
  std::uint64_t connections = 1024;  ///< in all
  std::uint64_t connections_per_address = 512;
  std::uint64_t handshakes_per_address = 256;  ///< that have not sent a whole message yet
  std::uint64_t hello_ms = 5000;               ///< from the handshake's end to the first message
  std::uint64_t unfinished_bytes = 64 * 1024;  ///< since the broker last took a whole message
};

struct AuditSettings {
  std::string dir = "audit";
  std::string watermark = "run/audit.watermark";
  std::uint64_t segment_bytes = 16 * 1024 * 1024;
};

struct KernelSettings {
  std::string kind = "embedded";            ///< or postgresql
  std::string cluster = "postgresql.toml";  ///< kind postgresql: its nodes and agents
  std::string socket = "run/kernel.sock";
  std::string nodes_endpoint = "ipc://run/kernel-nodes.ipc";
  std::string register_file = "kernel/register.sqlite";  ///< key `register`
  std::string keys = "keys/kernel.toml";
  std::string nodes = "nodes.toml";  ///< allow-list of reporters
  std::uint64_t stale_after_ms = 3000;
  std::vector<std::uint64_t> dispatchers;  ///< who may open an epoch; none named: `dispatcher.id`
};

struct DispatcherSettings {
  std::uint64_t id = 1;
};

/// aeromq.toml, one for all processes of a directory.
struct Settings {
  std::string folder;       ///< where the file lies; absolute
  std::string run = "run";  ///< sockets and locks; 0700
  ClusterSettings cluster;
  BrokerSettings broker;
  DoorSettings door;
  AuditSettings audit;
  KernelSettings kernel;
  DispatcherSettings dispatcher;
  Limits limits;
  std::string principals = "principals.toml";
};

// Endpoints between the processes of one control plane. They lie in `run`, where nobody else comes.
std::string events_endpoint(const Settings& settings);         ///< broker to feed
std::string inner_clients_endpoint(const Settings& settings);  ///< door to broker
std::string inner_feed_endpoint(const Settings& settings);     ///< door to feed
std::string board_file(const Settings& settings);  ///< memory that door, broker, feed share

/// One line of principals.toml: whose key, with which authority.
struct Principal {
  std::string name;
  std::string key;  ///< Z85 public key
  Authority authority = Authority::none;
  friend bool operator==(const Principal&, const Principal&) = default;
};

/// What a client needs to connect: clients/*.toml.
struct ClientSettings {
  std::string endpoint;
  std::string feed;  ///< empty = none
  transport::CurveClient curve;
};

/// What a node's reporter needs to reach the kernel: nodes/*.toml.
struct NodeSettings {
  std::string node;
  std::string endpoint;
  transport::CurveClient curve;
};

/// One line of nodes.toml: which key speaks for which node.
struct NodeEntry {
  std::string name;
  std::string key;
  std::string host;
  friend bool operator==(const NodeEntry&, const NodeEntry&) = default;
};

/// 1 to 32 characters: letters, digits, `-`, `_`, `.`; the first a letter or digit.
bool is_node_name(std::string_view name);

// Each of these: error INVALID_INPUT, field `settings`, naming the file and all of its faults.
// Files that hold a secret key are refused if others may read them.
Result<Settings> read_settings(const std::string& path);
/// The same for a text that does not stand at `path` yet.
Result<Settings> parse_settings(const std::string& path, const std::string& text);
/// No name and no key stands twice: more than one reading would be no authority (B2).
Result<std::vector<Principal>> read_principals(const std::string& path);
Result<transport::KeyPair> read_key_pair(const std::string& path);
Result<ClientSettings> read_client_settings(const std::string& path);
Result<NodeSettings> read_node_settings(const std::string& path);
Result<std::vector<NodeEntry>> read_nodes(const std::string& path);

}  // namespace aeromq::process
