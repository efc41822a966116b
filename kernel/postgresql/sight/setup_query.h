// What a node is asked about its setup, and how the answers are read.
#pragma once
#include "kernel/postgresql/sight/cells.h"

namespace aeromq::postgresql {

/// Two statements more for the round trip of facts_query().
const char* setup_query();
/// Their answers. Precondition: role and positions of `sample` are read.
void read_setup(const Cells& settings, const Cells& state, NodeSample& sample);

/// Whom a connection string names, and nothing else of it. Not `known` if it cannot be read.
Upstream upstream_of_conninfo(const std::string& conninfo);

}  // namespace aeromq::postgresql
