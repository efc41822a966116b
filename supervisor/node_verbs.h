// `aeromq node ...`: who belongs to a PostgreSQL cluster, and the changes of that. They write files
// and the register, never a server or an agent: what lies on the database hosts a person copies.
#pragma once
#include <string>

namespace aeromq::supervisor {

struct NodeOptions {
  std::string dir;      ///< the control plane's directory
  std::string node;     ///< NAME, or NAME=HOST:PORT[/AGENT_PORT] for add
  std::string reason;   ///< for the register
  std::string gone;     ///< remove: the sentence that a person types about a node that is silent
  bool kernel = false;  ///< rekey: the kernel's key
  // The new host's agent.toml; empty: as Debian has it.
  std::string data;
  std::string bin;
  std::string options;
  std::string log;
  std::string journal;
};

// Each returns the exit code: 0, 1 if something could not be written, 2 with field and reason.
int list_nodes(const NodeOptions& options);
int add_node(const NodeOptions& options);
int remove_node(const NodeOptions& options);
int rekey_node(const NodeOptions& options);

/// What remove_node wants typed, word for word, when it cannot see that `node` is down.
std::string gone_sentence(const std::string& node);

}  // namespace aeromq::supervisor
