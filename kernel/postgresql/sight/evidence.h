// Whether a node's server lives: every sign that one look holds for or against it, judged in one
// place. Weak evidence is never proof, and no proof stands against a sign of life. Pure.
//
// alive            it answered, or at least one octet came from its address, or a standby received
//                  from it a moment ago, or its agent sees a process or its shared memory in use
// proven stopped   its agent, which can read its files, sees nothing of it, and there is no sign of
//                  life, not even an accepted connection
// unknown          everything else: silence proves nothing
#pragma once
#include "kernel/postgresql/sample.h"

namespace aeromq::postgresql {

/// For so long after a standby's last message its sender counts as alive. An idle sender is asked
/// for a message after half of wal_receiver_timeout, which is 30 s where nobody has set it.
constexpr std::uint64_t kReceiverFreshMs = 40'000;
/// How far the start times of one server may lie apart, as it says itself and as its lock file
/// says.
constexpr std::uint64_t kStartToleranceMs = 5'000;

/// How far a connection to a node's address came. `spoke`: any octet came back, be it a refusal, be
/// it that we broke off ourselves (no password, a certificate).
enum class Reached : std::uint8_t { nothing, accepted, spoke, answered };

/// Whether a standby receives from the node. `old`: the receiver is there, its last message is not
/// fresh.
enum class Received : std::uint8_t { no, old, fresh };

/// What the node's agent sees of its server. `cannot_tell`: it cannot read the server's files, or
/// is of a version that goes by a process's name. `remains`: no postmaster, but something of the
/// server lives. `listener`: nothing of it, but somebody listens at its port.
enum class AgentSees : std::uint8_t { silent, cannot_tell, process, remains, listener, nothing };

/// All that is known of one node, without its words.
struct Evidence {
  Reached reached = Reached::nothing;
  Received received = Received::no;
  AgentSees agent = AgentSees::silent;
  friend bool operator==(const Evidence&, const Evidence&) = default;
};

enum class Life : std::uint8_t { unknown, alive, proven_stopped };

/// The one rule.
Life life_of(const Evidence& evidence);
/// The agent says that nothing runs, or only remains do, and something else says the contrary.
bool contradicts(const Evidence& evidence);

Evidence evidence_of(const ClusterSample& sample, const NodeSample& node);
Life life_of(const ClusterSample& sample, const NodeSample& node);

/// The nodes whose fresh receiver (`fresh`), or any receiver, takes from `node`.
std::vector<std::string> receivers_of(const ClusterSample& sample, const NodeSample& node,
                                      bool fresh);

/// Both sides of a contradiction, and what ends it; empty: there is none.
std::string contradiction_text(const ClusterSample& sample, const NodeSample& node);

/// It did not answer, but it cannot be a primary: its agent sees it run in recovery, with
/// standby.signal, and no promotion waits. One look's word, like all of them.
bool is_known_standby(const NodeSample& node);

/// It did not answer, but its agent sees it run, or about to, without standby.signal.
bool runs_as_primary(const NodeSample& node);

/// What shows that the server at the node's address is not the one beside its agent; empty:
/// nothing. Only of a node that answered and whose agent did.
std::string identity_fault(const NodeSample& node);
/// It answered, and nobody shows that it is the server of its node: no agent, or an old one.
bool is_unidentified(const NodeSample& node);

}  // namespace aeromq::postgresql
