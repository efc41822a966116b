// What a sample says of a node, as questions and in words: the same ones in every check, view and
// finding. Statements of fact; equal samples give equal words. Pure.
#pragma once
#include "kernel/postgresql/sample.h"

namespace aeromq::postgresql {

/// It answered, and is out of recovery: it takes writes.
bool is_writer(const NodeSample& node);
/// It did not answer, and all that was seen proves it stopped (sight/evidence.h).
bool is_proven_stopped(const ClusterSample& sample, const NodeSample& node);
/// Neither answered nor proven stopped: anything may be so.
bool is_unknown(const ClusterSample& sample, const NodeSample& node);
/// `standby`'s receiver streams from `upstream`, as far as its address or name tells.
bool streams_from(const NodeSample& standby, const NodeSample& upstream);
/// server_version_num of a major version that aeromq acts on. 0 is no server's: of a sample only.
bool is_known_version(std::uint64_t version);
/// One on which every test runs.
bool is_tested_version(std::uint64_t version);
/// "PostgreSQL 15.18"
std::string version_text(std::uint64_t version);
/// The node of the sample that `standby` streams from, or nullptr: from none, or from a stranger.
const NodeSample* upstream_of(const ClusterSample& sample, const NodeSample& standby);

/// "timeline 3 at 0/4057FA8"
std::string place(const NodeSample& node);
/// "n1 did not answer: <its words> (57P03)"
std::string silence(const NodeSample& node);
/// Why its timeline, or that timeline's history, is not known. Precondition: it answered.
std::string timeline_silence(const NodeSample& node);
/// "the agent of n1 did not answer: <words>"
std::string agent_silence(const NodeSample& node);
/// How a node is, for a list: "running", "streaming from n1", "stopped" ... At most 64 octets.
std::string state_text(const ClusterSample& sample, const NodeSample& node);
/// "n1, n2 and n3"
std::string names(const std::vector<std::string>& all);
/// The parts, with "; " between them.
std::string joined(const std::vector<std::string>& parts);

}  // namespace aeromq::postgresql
