// The settings files of a PostgreSQL cluster as text, with one member more, less, or another key: a
// person's comments and settings stay. Whoever calls reads the result back before it counts, since
// a file can say the same in ways that these do not know. Pure.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "kernel/postgresql/settings.h"

namespace aeromq::supervisor {

// postgresql.toml. Nothing: there is no such table or line.
std::string with_node(const std::string& text, const postgresql::NodeSettings& node);
std::optional<std::string> without_node(const std::string& text, const std::string& name);
std::optional<std::string> with_agent_key(const std::string& text, const std::string& name,
                                          const std::string& key);
std::optional<std::string> with_kernel_key(const std::string& text, const std::string& key);

/// aeromq.toml with cluster.nodes as given, if it has that line.
std::string with_cluster_nodes(const std::string& text, const std::vector<std::string>& names);

}  // namespace aeromq::supervisor
