// A real cluster with its agents, and a test in the place of the kernel: it keeps the term and
// speaks to the agents with the kernel's key.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kernel/postgresql/agent_link.h"
#include "tests/support/scratch_folder.h"

namespace aeromq::postgresql {

class AgentCluster {
 public:
  AgentCluster();
  ~AgentCluster();
  AgentCluster(const AgentCluster&) = delete;
  AgentCluster& operator=(const AgentCluster&) = delete;

  /// scripts/pg_cluster VERB DIR WORDS; its output. A failure is a test failure.
  std::string tool(const std::string& verb, const std::string& words = {}) const;
  struct Ran {
    int code = -1;
    std::string out;
  };
  /// A verb of aeromq-pg-agent on this node, as the user of this test.
  Ran verb(const std::string& node, const std::string& words) const;
  /// One value from this node; empty if it does not answer.
  std::string sql(const std::string& node, const std::string& query) const;
  std::string data(const std::string& node) const { return directory() + "/" + node + "/data"; }
  std::string directory() const { return folder_ / "pg"; }
  bool is_primary(const std::string& node) const;
  bool is_standby(const std::string& node) const;
  /// Until the only primary is `node` and everybody else streams from it.
  bool wait_whole(const std::string& node) const;

  Result<AgentLink> link(const std::string& node) const;
  RequestId next_request();
  std::uint64_t next_term() { return ++term_; }
  HistoryId history() const { return history_; }
  AgentAct act_of(const RequestId& request, Action action, const std::string& node);
  /// Opens the next term and acts; error: the connection broke before the answer.
  Result<AgentClaim> act(const RequestId& request, Action action, const std::string& node);
  /// What the agent says once its claim is decided, within a minute.
  AgentClaim decided(const std::string& node, const RequestId& request) const;
  std::optional<AgentStatus> status(const std::string& node) const;

  /// The next agent that comes to this point dies there.
  void arm(const std::string& point) const;
  bool wait_agent_dead(const std::string& node) const;

  const std::vector<std::string> names{"n1", "n2", "n3"};

 private:
  void write_agent_files(const std::string& nodes);
  test::ScratchFolder folder_;
  ClusterSettings settings_;
  transport::KeyPair kernel_;
  HistoryId history_;
  std::uint64_t term_ = 0;
  std::uint32_t counter_ = 0;
  // What a kernel would remember of the last demotion.
  std::string last_primary_;
  std::uint64_t checkpoint_ = 0;
  std::uint64_t checkpoint_timeline_ = 0;
};

/// Looks until `done`, for at most a minute: servers start and stop in between.
bool within_a_minute(const std::function<bool()>& done);

}  // namespace aeromq::postgresql
