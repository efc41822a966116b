#include "kernel/postgresql/settings.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "messages/digest.h"
#include "process/files.h"
#include "process/settings.h"
#include "process/toml_reader.h"
#include "transport/endpoint.h"
#include "transport/host.h"
#include "transport/keys.h"

namespace aeromq::postgresql {
namespace {

using process::detail::TomlTable;
using enum TomlTable::Need;

constexpr std::size_t kMostNodes = 32;
constexpr std::uint64_t kMostPort = 65535;
constexpr std::uint64_t kMostMs = 3'600'000;

std::filesystem::path folder_of(const std::string& path) {
  return std::filesystem::absolute(path).lexically_normal().parent_path();
}

std::string absolute(const std::filesystem::path& folder, const std::string& path) {
  return (folder / path).lexically_normal().string();
}

/// Through symbolic links, too, as far as the paths are there.
bool is_inside(const std::filesystem::path& path, const std::filesystem::path& folder) {
  std::error_code ignored;
  const auto inner = std::filesystem::weakly_canonical(path, ignored);
  auto outer = std::filesystem::weakly_canonical(folder, ignored).string();
  while (outer.size() > 1 && outer.ends_with('/')) outer.pop_back();
  return (inner.string() + "/").starts_with(outer + "/");
}

template <class T>
Result<T> read_as(const std::string& path, const std::function<void(TomlTable&, T&)>& read,
                  process::Owner owner = process::Owner::ours) {
  return process::detail::read_toml_as<T>(
      path, process::read_file(path, process::kMaxSettingsFile, owner), read);
}

void read_key(TomlTable& table, const char* name, std::string& key) {
  table.text(name, key, required);
  if (!key.empty() && !transport::is_key(key)) table.fault(name, "is not a CURVE key");
}

void read_connection(TomlTable& table, ConnectionSettings& connection) {
  table.text("user", connection.user);
  table.text("database", connection.database);
  table.text("passfile", connection.passfile);
  table.text("sslmode", connection.sslmode);
  table.text("sslrootcert", connection.sslrootcert);
  table.text("sslcert", connection.sslcert);
  table.text("sslkey", connection.sslkey);
  static const std::set<std::string> kModes{"disable", "allow",     "prefer",
                                            "require", "verify-ca", "verify-full"};
  if (!kModes.contains(connection.sslmode)) table.fault("sslmode", "is not one of libpq's");
  for (const auto& [field, what] : tls_faults(connection)) table.fault(field, what);
  table.number("connect_deadline_ms", connection.connect_deadline_ms, 50, 60'000);
  table.number("query_deadline_ms", connection.query_deadline_ms, 50, 60'000);
}

NodeSettings read_node(TomlTable& table) {
  NodeSettings node;
  table.text("name", node.name, required);
  if (!node.name.empty() && !process::is_node_name(node.name))
    table.fault("name", "is not a node name");
  table.text("host", node.host, required);
  // As an address with a port is written; libpq wants it bare.
  node.host = transport::without_brackets(node.host);
  const bool is_socket_folder = node.host.starts_with('/');
  if (const auto fault = transport::host_fault(node.host);
      !node.host.empty() && !is_socket_folder && !fault.empty())
    table.fault("host", "'" + node.host + "' " + fault);
  table.number("port", node.port, 1, kMostPort);
  table.text("agent", node.agent, required);
  if (const auto fault = transport::endpoint_fault(node.agent);
      !node.agent.empty() && !fault.empty())
    table.fault("agent", fault);
  read_key(table, "agent_key", node.agent_key);
  return node;
}

void read_nodes(TomlTable& root, std::vector<NodeSettings>& nodes) {
  std::set<std::string> seen;
  root.tables("node", [&](TomlTable& table) {
    auto node = read_node(table);
    if (!seen.insert("name " + node.name).second) table.fault("name", "stands twice");
    if (!seen.insert("key " + node.agent_key).second) table.fault("agent_key", "stands twice");
    nodes.push_back(std::move(node));
  });
  if (nodes.empty() || nodes.size() > kMostNodes) root.fault("node", "must be 1 to 32 tables");
  std::ranges::sort(nodes, {}, &NodeSettings::name);
}

bool is_decimal(const std::string& text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// An empty text would be refused: a key that is not set is shown, and left out.
std::string line(const std::string& key, const std::string& value) {
  if (value.empty()) return "# " + key + " = \"\"\n";
  std::string quoted;
  for (const char c : value) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return key + " = \"" + quoted + "\"\n";
}
std::string line(const std::string& key, std::uint64_t value) {
  return key + " = " + std::to_string(value) + "\n";
}

}  // namespace

std::vector<std::pair<const char*, std::string>> tls_faults(const ConnectionSettings& connection) {
  std::vector<std::pair<const char*, std::string>> faults;
  const std::pair<const char*, const std::string&> files[] = {
      {"sslrootcert", connection.sslrootcert},
      {"sslcert", connection.sslcert},
      {"sslkey", connection.sslkey}};
  for (const auto& [field, path] : files)
    if (!path.empty() && !path.starts_with('/'))
      faults.emplace_back(field, "must be an absolute path, the same on every host");
  const auto& mode = connection.sslmode;
  // With the weaker modes libpq verifies nothing, whatever it is given.
  if (!connection.sslrootcert.empty() && mode != "require" && !mode.starts_with("verify-"))
    faults.emplace_back("sslrootcert", "is used only with sslmode require, verify-ca, verify-full");
  if (connection.sslcert.empty() != connection.sslkey.empty())
    faults.emplace_back(connection.sslcert.empty() ? "sslcert" : "sslkey",
                        "is missing: a certificate and its key go together");
  return faults;
}

namespace {

Result<ClusterSettings> read_cluster(const std::string& path, process::Owner owner) {
  const auto read = [](TomlTable& root, ClusterSettings& cluster) {
    root.table("cluster", [&](TomlTable& table) {
      table.text("name", cluster.name);
      if (!process::is_node_name(cluster.name)) table.fault("name", "is not a name");
      table.text("system_identifier", cluster.system_identifier);
      if (!is_decimal(cluster.system_identifier))
        table.fault("system_identifier", "is not decimal");
      table.text("synchronous_standby_names", cluster.synchronous_standby_names);
      table.number("act_deadline_ms", cluster.act_deadline_ms, 1000, kMostMs);
      table.number("watch_every_ms", cluster.watch_every_ms, 0, kMostMs);
    });
    root.table("connection", [&](TomlTable& table) { read_connection(table, cluster.connection); });
    root.table("kernel", [&](TomlTable& table) { read_key(table, "key", cluster.kernel_key); });
    read_nodes(root, cluster.nodes);
  };
  return read_as<ClusterSettings>(path, read, owner);
}

}  // namespace

Result<ClusterSettings> read_cluster_settings(const std::string& path) {
  return read_cluster(path, process::Owner::ours);
}

Result<AgentSettings> read_agent_settings(const std::string& path) {
  // Root gives the orders of aeromq-pg-agent for the server's user, whose files these are.
  constexpr auto kOwner = process::Owner::ours_or_any;
  const auto read = [](TomlTable& root, AgentSettings& settings) {
    root.text("node", settings.node, required);
    root.text("cluster", settings.cluster_file);
    root.text("keys", settings.keys);
    root.text("journal", settings.journal);
    root.table("postgresql", [&](TomlTable& table) {
      table.text("data", settings.data, required);
      table.text("bin", settings.bin, required);
      table.text("options", settings.options);
      table.text("log", settings.log);
      table.number("start_deadline_ms", settings.start_deadline_ms, 100, kMostMs);
      table.number("stop_deadline_ms", settings.stop_deadline_ms, 100, kMostMs);
      table.number("promote_deadline_ms", settings.promote_deadline_ms, 100, kMostMs);
      table.number("receive_deadline_ms", settings.receive_deadline_ms, 100, kMostMs);
    });
  };
  auto agent = read_as<AgentSettings>(path, read, kOwner);
  if (!agent) return agent;
  const auto folder = folder_of(path);
  agent->folder = folder.string();
  if (agent->log.empty()) agent->log = "postgresql.log";
  for (auto* one : {&agent->cluster_file, &agent->keys, &agent->journal, &agent->data, &agent->bin,
                    &agent->log})
    *one = absolute(folder, *one);
  auto cluster = read_cluster(agent->cluster_file, kOwner);
  if (!cluster) return fail(cluster.error());
  agent->cluster = std::move(*cluster);
  const auto fault = [&](const std::string& what) {
    return fail(make_error(ErrorCode::invalid_input, path + ": " + what, "settings"));
  };
  if (find_node(agent->cluster, agent->node) == nullptr)
    return fault("node: " + agent->node + " is not in " + agent->cluster_file);
  // pg_rewind and a new base backup replace PGDATA as a whole: what was claimed must outlive that.
  if (is_inside(agent->journal, agent->data))
    return fault("journal: must be outside of " + agent->data);
  return agent;
}

std::string cluster_settings_text(const ClusterSettings& settings) {
  const auto& connection = settings.connection;
  std::string text =
      "# The PostgreSQL cluster under control: the same file for the kernel and every agent.\n"
      "\n[cluster]\n" +
      line("name", settings.name) + line("system_identifier", settings.system_identifier) +
      line("synchronous_standby_names", settings.synchronous_standby_names) +
      line("act_deadline_ms", settings.act_deadline_ms) +
      line("watch_every_ms", settings.watch_every_ms) + "\n[connection]\n" +
      line("user", connection.user) + line("database", connection.database) +
      line("passfile", connection.passfile) + line("sslmode", connection.sslmode) +
      line("sslrootcert", connection.sslrootcert) + line("sslcert", connection.sslcert) +
      line("sslkey", connection.sslkey) +
      line("connect_deadline_ms", connection.connect_deadline_ms) +
      line("query_deadline_ms", connection.query_deadline_ms) + "\n[kernel]\n" +
      line("key", settings.kernel_key);
  for (const auto& node : settings.nodes) text += "\n" + node_settings_text(node);
  return text;
}

std::string node_settings_text(const NodeSettings& node) {
  return "[[node]]\n" + line("name", node.name) + line("host", node.host) +
         line("port", node.port) + line("agent", node.agent) + line("agent_key", node.agent_key);
}

std::string agent_settings_text(const AgentSettings& settings) {
  return "# The agent of one database host. Correct `data` and `bin`.\n" +
         line("node", settings.node) + line("cluster", settings.cluster_file) +
         line("keys", settings.keys) + line("journal", settings.journal) + "\n[postgresql]\n" +
         line("data", settings.data) + line("bin", settings.bin) +
         line("options", settings.options) + line("log", settings.log) +
         line("start_deadline_ms", settings.start_deadline_ms) +
         line("stop_deadline_ms", settings.stop_deadline_ms) +
         line("promote_deadline_ms", settings.promote_deadline_ms) +
         line("receive_deadline_ms", settings.receive_deadline_ms);
}

std::string members_digest(const ClusterSettings& settings) {
  std::string all;
  // With a line's end behind each, which none of them holds: no two lists read the same.
  const auto add = [&](const std::string& text) { all += text + "\n"; };
  add(settings.name);
  add(settings.kernel_key);
  for (const auto& node : settings.nodes) {
    add(node.name);
    add(node.host);
    add(std::to_string(node.port));
    add(node.agent);
    add(node.agent_key);
  }
  constexpr std::size_t kShown = 16;  // enough to tell two apart, and for a person to compare
  return to_hex(sha256(as_bytes(all)).view()).substr(0, kShown);
}

const NodeSettings* find_node(const ClusterSettings& cluster, std::string_view name) {
  for (const auto& node : cluster.nodes)
    if (node.name == name) return &node;
  return nullptr;
}

}  // namespace aeromq::postgresql
