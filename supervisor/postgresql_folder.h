// What a control plane's directory has when PostgreSQL is its kernel: postgresql.toml, and a folder
// for each host's agent, to be copied there.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "kernel/postgresql/settings.h"
#include "messages/result.h"
#include "transport/keys.h"

namespace aeromq::supervisor {

/// `aeromq up --postgresql ...`; empty: as it is, or the default.
struct PostgresqlOptions {
  std::vector<std::string> nodes;  ///< NAME=HOST:PORT[/AGENT_PORT]
  std::string synchronous;         ///< synchronous_standby_names, as every node has it
  std::string user;
  std::string database;
  std::string passfile;
  std::string sslmode;
  std::string sslrootcert;
  std::string sslcert;
  std::string sslkey;
  bool none() const {
    return nodes.empty() && synchronous.empty() && user.empty() && database.empty() &&
           passfile.empty() && sslmode.empty() && sslrootcert.empty() && sslcert.empty() &&
           sslkey.empty();
  }
};

/// The nodes of the options, in name order, without keys. The agent's port is PostgreSQL's + 2000
/// unless it is named. Error INVALID_INPUT, field `postgresql`.
Result<std::vector<postgresql::NodeSettings>> parse_nodes(const PostgresqlOptions& options);

/// Error INVALID_INPUT, the option's name as its field: a file that cannot be read, or TLS options
/// that do not go together.
Result<void> check_connection(const PostgresqlOptions& options);

/// A file of the directory: its path in it, its text.
using NamedText = std::pair<std::string, std::string>;

/// postgresql.toml and agents/NODE/{agent.toml,keys.toml,postgresql.toml}, with fresh keys.
/// Precondition: parse_nodes() had nothing against the options.
std::vector<NamedText> postgresql_files(const PostgresqlOptions& options,
                                        const transport::KeyPair& kernel);

/// What a later start may not change. Error INVALID_INPUT, the option's name as its field.
Result<void> check_same(const PostgresqlOptions& options, const std::string& dir,
                        const postgresql::ClusterSettings& cluster);

}  // namespace aeromq::supervisor
