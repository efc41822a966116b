#include "process/settings.h"

#include <filesystem>
#include <set>

#include "process/files.h"
#include "process/toml_reader.h"
#include "transport/endpoint.h"

namespace aeromq::process {
namespace {

using detail::read_toml_as;
using detail::TomlTable;
using enum detail::TomlTable::Need;

constexpr std::size_t kMostNodes = 32;
constexpr std::string_view kIpc = "ipc://";

std::string absolute(const std::filesystem::path& folder, const std::string& path) {
  return (folder / path).lexically_normal().string();
}

std::string absolute_endpoint(const std::filesystem::path& folder, const std::string& endpoint) {
  if (!endpoint.starts_with(kIpc)) return endpoint;
  return std::string(kIpc) + absolute(folder, endpoint.substr(kIpc.size()));
}

std::filesystem::path folder_of(const std::string& path) {
  return std::filesystem::absolute(path).lexically_normal().parent_path();
}

void endpoint(TomlTable& table, const char* key, std::string& value,
              TomlTable::Need need = optional) {
  table.text(key, value, need);
  if (const auto fault = transport::endpoint_fault(value); !value.empty() && !fault.empty())
    table.fault(key, fault);
}

void key(TomlTable& table, const char* name, std::string& value) {
  const auto before = value;
  table.text(name, value, required);
  if (value != before && !transport::is_key(value)) table.fault(name, "is not a CURVE key");
}

void curve(TomlTable& table, transport::CurveClient& value) {
  key(table, "server_key", value.server_key);
  key(table, "public_key", value.own.public_key);
  key(table, "secret_key", value.own.secret_key);
}

void read_cluster(TomlTable& table, ClusterSettings& cluster) {
  table.text("name", cluster.name);
  if (!is_node_name(cluster.name)) table.fault("name", "is not a name");
  table.texts("nodes", cluster.nodes);
  std::set<std::string> seen;
  for (const auto& node : cluster.nodes) {
    if (!is_node_name(node)) table.fault("nodes", "'" + node + "' is not a node name");
    if (!seen.insert(node).second) table.fault("nodes", "'" + node + "' stands twice");
  }
  if (cluster.nodes.size() > kMostNodes) table.fault("nodes", "are more than 32");
}

void read_broker(TomlTable& table, BrokerSettings& broker) {
  endpoint(table, "control", broker.control);
  endpoint(table, "clients", broker.clients);
  endpoint(table, "feed", broker.feed);
  table.text("keys", broker.keys);
  table.number("heartbeat_ms", broker.heartbeat_ms, 10, 60'000);
  table.number("stage_timeout_ms", broker.stage_timeout_ms, 10, 600'000);
  table.number("token_ttl_ms", broker.token_ttl_ms, 10, 3'600'000);
  table.number("lease_ms", broker.lease_ms, 1000, 86'400'000);
}

void read_door(TomlTable& table, DoorSettings& door) {
  table.number("connections", door.connections, 1, 4096);
  table.number("connections_per_address", door.connections_per_address, 1, 4096);
  table.number("handshakes_per_address", door.handshakes_per_address, 1, 4096);
  table.number("hello_ms", door.hello_ms, 100, 600'000);
  table.number("unfinished_bytes", door.unfinished_bytes, 32 * 1024, 1ULL << 30);
}

void read_kernel(TomlTable& table, KernelSettings& kernel) {
  table.text("kind", kernel.kind);
  if (kernel.kind != "embedded" && kernel.kind != "postgresql")
    table.fault("kind", "must be embedded or postgresql");
  table.text("cluster", kernel.cluster);
  table.text("socket", kernel.socket);
  endpoint(table, "nodes_endpoint", kernel.nodes_endpoint);
  table.text("register", kernel.register_file);
  table.text("keys", kernel.keys);
  table.text("nodes", kernel.nodes);
  table.number("stale_after_ms", kernel.stale_after_ms, 10, 3'600'000);
  table.numbers("dispatchers", kernel.dispatchers, 1, 255);
}

/// What follows from the rest.
void complete(Settings& settings) {
  if (settings.kernel.dispatchers.empty())
    settings.kernel.dispatchers.push_back(settings.dispatcher.id);
}

void read_limits(TomlTable& table, Limits& limits) {
  each_limit(limits, [&](const std::string& name, std::uint64_t& value, std::uint64_t least,
                         std::uint64_t most) { table.number(name.c_str(), value, least, most); });
}

void make_absolute(Settings& settings, const std::filesystem::path& folder) {
  settings.folder = folder.string();
  for (auto* path :
       {&settings.run, &settings.broker.keys, &settings.audit.dir, &settings.audit.watermark,
        &settings.kernel.socket, &settings.kernel.register_file, &settings.kernel.keys,
        &settings.kernel.nodes, &settings.kernel.cluster, &settings.principals})
    *path = absolute(folder, *path);
  for (auto* one : {&settings.broker.control, &settings.broker.clients, &settings.broker.feed,
                    &settings.kernel.nodes_endpoint})
    *one = absolute_endpoint(folder, *one);
}

}  // namespace

bool is_node_name(std::string_view name) {
  constexpr std::size_t kMost = 32;
  const auto alnum = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !name.empty() && name.size() <= kMost && alnum(name.front()) &&
         std::ranges::all_of(name,
                             [&](char c) { return alnum(c) || c == '-' || c == '_' || c == '.'; });
}

Result<Settings> read_settings(const std::string& path) {
  const auto text = read_file(path);
  if (text) return parse_settings(path, *text);
  return fail(make_error(ErrorCode::invalid_input, detail_of(text.error()), "settings"));
}

Result<Settings> parse_settings(const std::string& path, const std::string& text) {
  const auto read = [](TomlTable& root, Settings& settings) {
    root.text("run", settings.run);
    root.table("cluster", [&](TomlTable& table) { read_cluster(table, settings.cluster); });
    root.table("broker", [&](TomlTable& table) { read_broker(table, settings.broker); });
    root.table("door", [&](TomlTable& table) { read_door(table, settings.door); });
    root.table("audit", [&](TomlTable& table) {
      table.text("dir", settings.audit.dir);
      table.text("watermark", settings.audit.watermark);
      table.number("segment_bytes", settings.audit.segment_bytes, 64 * 1024, 1ULL << 40);
    });
    root.table("kernel", [&](TomlTable& table) { read_kernel(table, settings.kernel); });
    root.table("dispatcher",
               [&](TomlTable& table) { table.number("id", settings.dispatcher.id, 1, 255); });
    root.table("limits", [&](TomlTable& table) { read_limits(table, settings.limits); });
    root.table("principals", [&](TomlTable& table) { table.text("file", settings.principals); });
  };
  auto settings = read_toml_as<Settings>(path, text, read);
  if (settings) make_absolute(*settings, folder_of(path));
  if (settings) complete(*settings);
  return settings;
}

std::string events_endpoint(const Settings& settings) {
  return std::string(kIpc) + settings.run + "/events.ipc";
}
std::string inner_clients_endpoint(const Settings& settings) {
  return std::string(kIpc) + settings.run + "/to-broker.ipc";
}
std::string inner_feed_endpoint(const Settings& settings) {
  return std::string(kIpc) + settings.run + "/to-feed.ipc";
}
std::string board_file(const Settings& settings) { return settings.run + "/door.board"; }

Result<std::vector<Principal>> read_principals(const std::string& path) {
  using All = std::vector<Principal>;
  return read_toml_as<All>(path, read_file(path), [](TomlTable& root, All& all) {
    std::set<std::string> seen;
    root.tables("principal", [&](TomlTable& table) {
      Principal principal;
      std::string authority;
      table.text("name", principal.name, required);
      key(table, "key", principal.key);
      table.text("authority", authority, required);
      if (principal.name.size() > 64) table.fault("name", "is longer than 64");
      if (authority == "observer")
        principal.authority = Authority::observer;
      else if (authority == "operator")
        principal.authority = Authority::operator_;
      else if (authority == "auditor")
        principal.authority = Authority::auditor;
      else if (!authority.empty())
        table.fault("authority", "must be observer, operator or auditor");
      if (!seen.insert("name " + principal.name).second) table.fault("name", "stands twice");
      if (!seen.insert("key " + principal.key).second) table.fault("key", "stands twice");
      all.push_back(std::move(principal));
    });
  });
}

Result<transport::KeyPair> read_key_pair(const std::string& path) {
  using transport::KeyPair;
  return read_toml_as<KeyPair>(path, read_secret_file(path), [](TomlTable& root, KeyPair& pair) {
    key(root, "public_key", pair.public_key);
    key(root, "secret_key", pair.secret_key);
  });
}

Result<ClientSettings> read_client_settings(const std::string& path) {
  const auto read = [](TomlTable& root, ClientSettings& client) {
    endpoint(root, "endpoint", client.endpoint, required);
    endpoint(root, "feed", client.feed);
    curve(root, client.curve);
  };
  auto client = read_toml_as<ClientSettings>(path, read_secret_file(path), read);
  if (!client) return client;
  client->endpoint = absolute_endpoint(folder_of(path), client->endpoint);
  client->feed = absolute_endpoint(folder_of(path), client->feed);
  return client;
}

Result<NodeSettings> read_node_settings(const std::string& path) {
  const auto read = [](TomlTable& root, NodeSettings& node) {
    root.text("node", node.node, required);
    if (!node.node.empty() && !is_node_name(node.node)) root.fault("node", "is not a node name");
    endpoint(root, "endpoint", node.endpoint, required);
    curve(root, node.curve);
  };
  auto node = read_toml_as<NodeSettings>(path, read_secret_file(path), read);
  if (node) node->endpoint = absolute_endpoint(folder_of(path), node->endpoint);
  return node;
}

Result<std::vector<NodeEntry>> read_nodes(const std::string& path) {
  using All = std::vector<NodeEntry>;
  return read_toml_as<All>(path, read_file(path), [](TomlTable& root, All& all) {
    std::set<std::string> seen;
    root.tables("node", [&](TomlTable& table) {
      NodeEntry node;
      table.text("name", node.name, required);
      key(table, "key", node.key);
      table.text("host", node.host);
      if (!node.name.empty() && !is_node_name(node.name)) table.fault("name", "is not a node name");
      if (!seen.insert("name " + node.name).second) table.fault("name", "stands twice");
      if (!seen.insert("key " + node.key).second) table.fault("key", "stands twice");
      all.push_back(std::move(node));
    });
  });
}

}  // namespace aeromq::process
