// Whether a server has places for everybody: its standbys, its clients, and us for a moment. Pure.
#pragma once
#include "kernel/postgresql/sample.h"

namespace aeromq::postgresql {

/// What is short of max_wal_senders on a node that answered; empty: nothing.
std::string senders_short(const ClusterSample& sample, const NodeSample& node);
/// What is short of max_connections on a node that answered; empty: nothing.
std::string connections_short(const ClusterSample& sample, const NodeSample& node);

}  // namespace aeromq::postgresql
