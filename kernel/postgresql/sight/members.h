// Who belongs to the cluster, and who takes part in it without being named: whether agents judge by
// the same members, whether the last primary is among them, and the strangers that standbys stream
// from or that take a server's WAL. Pure.
#pragma once
#include "kernel/postgresql/sight/checks.h"
#include "messages/finding.h"

namespace aeromq::postgresql {

/// A standby of the settings streams from a server that is none of them.
struct UnlistedSender {
  std::string standby;
  std::string address;  ///< HOST:PORT, as the standby connects to it
  std::uint64_t quiet_ms = 0;
  bool fresh = false;  ///< heard so lately that it lives
  friend bool operator==(const UnlistedSender&, const UnlistedSender&) = default;
};
std::vector<UnlistedSender> unlisted_senders(const ClusterSample& sample);

/// A server that takes WAL from a server of the settings, and is none of them.
struct UnlistedReceiver {
  std::string sender;
  std::string application_name;
  std::string address;  ///< empty: over a unix socket
  friend bool operator==(const UnlistedReceiver&, const UnlistedReceiver&) = default;
};
/// Without our own connections, programs that copy WAL into files, and logical subscribers. A
/// standby that calls itself by another name is known by its address, once.
std::vector<UnlistedReceiver> unlisted_receivers(const ClusterSample& sample);

/// The nodes whose agent answered with another member list than `rules`', or with none.
std::vector<std::string> differing_members(const ClusterSample& sample, const ClusterRules& rules);

// The same facts in words, for checks and findings alike. unlisted_*: empty if there are none.
std::string members_text(const ClusterSample& sample, const ClusterRules& rules);
std::string last_primary_text(const ClusterSample& sample, const std::string& last_primary);
std::string unlisted_senders_text(const ClusterSample& sample);
std::string unlisted_receivers_text(const ClusterSample& sample);

/// What every look shows of all this: MEMBERS_DIFFER, HOLDER_NOT_IN_SETTINGS, UNLISTED_SERVER.
/// `last_primary` empty: not known.
std::vector<Finding> member_findings(const ClusterSample& sample, const ClusterRules& rules,
                                     const std::string& last_primary);

}  // namespace aeromq::postgresql
