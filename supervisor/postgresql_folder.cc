#include "supervisor/postgresql_folder.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "process/settings.h"
#include "transport/host.h"

namespace aeromq::supervisor {
namespace {

using postgresql::ClusterSettings;
using postgresql::NodeSettings;

constexpr std::uint64_t kAgentAbove = 2000;
constexpr std::uint64_t kMostPort = 65535;
constexpr std::size_t kMostNodes = 32;

auto bad(std::string what, std::string field = "postgresql") {
  return fail(make_error(ErrorCode::invalid_input, std::move(what), std::move(field)));
}

std::uint64_t port_of(std::string_view text) {
  std::uint64_t port = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool whole = fault == std::errc{} && end == text.data() + text.size();
  return whole && port <= kMostPort ? port : 0;
}

Result<NodeSettings> parse_node(const std::string& text) {
  const auto fault = [&](const std::string& why) {
    return bad("'" + text + "' is not NAME=HOST:PORT[/AGENT_PORT]: " + why);
  };
  const auto equals = text.find('=');
  if (equals == std::string::npos) return fault("no =");
  NodeSettings node;
  node.name = text.substr(0, equals);
  if (!process::is_node_name(node.name)) return fault("not a node name");
  auto address = text.substr(equals + 1);
  const auto slash = address.find('/');
  const auto agent_port = slash == std::string::npos ? "" : address.substr(slash + 1);
  address.resize(std::min(slash, address.size()));
  const auto parts = transport::split_host_port(address);
  if (!parts) return fault("no HOST:PORT, an IPv6 address in brackets");
  node.host = parts->host;
  if (const auto why = transport::host_fault(node.host); !why.empty())
    return fault("the host '" + node.host + "' " + why);
  node.port = port_of(parts->port);
  const auto agent = slash == std::string::npos ? node.port + kAgentAbove : port_of(agent_port);
  if (node.port == 0 || agent == 0 || agent > kMostPort) return fault("not a port");
  node.agent = "tcp://" + transport::with_port(node.host, agent);
  return node;
}

std::string keys_text(const transport::KeyPair& pair) {
  return "public_key = \"" + pair.public_key + "\"\nsecret_key = \"" + pair.secret_key + "\"\n";
}

postgresql::ConnectionSettings connection_of(const PostgresqlOptions& options) {
  postgresql::ConnectionSettings connection;
  if (!options.user.empty()) connection.user = options.user;
  if (!options.database.empty()) connection.database = options.database;
  if (!options.sslmode.empty()) connection.sslmode = options.sslmode;
  connection.passfile = options.passfile;
  connection.sslrootcert = options.sslrootcert;
  connection.sslcert = options.sslcert;
  connection.sslkey = options.sslkey;
  return connection;
}

ClusterSettings cluster_of(const PostgresqlOptions& options) {
  ClusterSettings cluster;
  cluster.nodes = *parse_nodes(options);
  cluster.synchronous_standby_names = options.synchronous;
  cluster.connection = connection_of(options);
  return cluster;
}

std::string text_of(const std::vector<NodeSettings>& nodes) {
  std::string all;
  for (const auto& node : nodes)
    all += (all.empty() ? "" : ",") + node.name + "=" + transport::with_port(node.host, node.port) +
           node.agent.substr(node.agent.rfind(':')).replace(0, 1, "/");
  return all;
}

}  // namespace

Result<std::vector<NodeSettings>> parse_nodes(const PostgresqlOptions& options) {
  std::vector<NodeSettings> nodes;
  for (const auto& text : options.nodes) {
    auto node = parse_node(text);
    if (!node) return fail(node.error());
    for (const auto& other : nodes) {
      if (other.name == node->name) return bad("'" + node->name + "' stands twice");
      if (other.agent == node->agent) return bad(node->agent + " would be two nodes' agent");
    }
    nodes.push_back(std::move(*node));
  }
  if (nodes.size() > kMostNodes) return bad("more than 32 nodes");
  std::ranges::sort(nodes, {}, &NodeSettings::name);
  return nodes;
}

Result<void> check_connection(const PostgresqlOptions& options) {
  for (const auto& [field, what] : postgresql::tls_faults(connection_of(options)))
    return bad("--" + std::string(field) + " " + what, field);
  const std::pair<const char*, const std::string&> files[] = {{"passfile", options.passfile},
                                                              {"sslrootcert", options.sslrootcert},
                                                              {"sslcert", options.sslcert},
                                                              {"sslkey", options.sslkey}};
  for (const auto& [field, path] : files)
    if (!path.empty() && ::access(path.c_str(), R_OK) != 0)
      return bad("--" + std::string(field) + " " + path + ": " + std::strerror(errno), field);
  return {};
}

std::vector<NamedText> postgresql_files(const PostgresqlOptions& options,
                                        const transport::KeyPair& kernel) {
  auto cluster = cluster_of(options);
  cluster.kernel_key = kernel.public_key;
  std::vector<NamedText> files;
  for (auto& node : cluster.nodes) {
    const auto own = transport::make_key_pair();
    node.agent_key = own.public_key;
    postgresql::AgentSettings agent;
    agent.node = node.name;
    agent.data = "/var/lib/postgresql/15/main";
    agent.bin = "/usr/lib/postgresql/15/bin";
    files.emplace_back("agents/" + node.name + "/keys.toml", keys_text(own));
    files.emplace_back("agents/" + node.name + "/agent.toml",
                       postgresql::agent_settings_text(agent));
  }
  const auto text = postgresql::cluster_settings_text(cluster);
  for (const auto& node : cluster.nodes)
    files.emplace_back("agents/" + node.name + "/postgresql.toml", text);
  files.emplace_back("postgresql.toml", text);
  return files;
}

Result<void> check_same(const PostgresqlOptions& options, const std::string& dir,
                        const ClusterSettings& cluster) {
  const auto differs = [&](const std::string& option, const std::string& has,
                           const std::string& wanted) -> Result<void> {
    if (wanted.empty() || has == wanted) return {};
    return bad(dir + " was made with --" + option + " " + (has.empty() ? "\"\"" : has) +
                   ", not with " + wanted,
               option);
  };
  const auto nodes = parse_nodes(options);
  if (!nodes) return fail(nodes.error());
  const auto& connection = cluster.connection;
  const std::vector<std::array<std::string, 3>> all{
      {"postgresql", text_of(cluster.nodes), text_of(*nodes)},
      {"synchronous", cluster.synchronous_standby_names, options.synchronous},
      {"user", connection.user, options.user},
      {"database", connection.database, options.database},
      {"passfile", connection.passfile, options.passfile},
      {"sslmode", connection.sslmode, options.sslmode},
      {"sslrootcert", connection.sslrootcert, options.sslrootcert},
      {"sslcert", connection.sslcert, options.sslcert},
      {"sslkey", connection.sslkey, options.sslkey}};
  for (const auto& [option, has, wanted] : all)
    if (auto same = differs(option, has, wanted); !same) return same;
  return {};
}

}  // namespace aeromq::supervisor
