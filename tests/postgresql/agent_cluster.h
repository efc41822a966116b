// A real cluster with its agents, and a test in the place of the kernel: it keeps the term and
// speaks to the agents with the kernel's key.
#pragma once
#include <sys/types.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kernel/postgresql/agent_link.h"
#include "tests/support/scratch_folder.h"

namespace aeromq::postgresql {

/// How long the agents of a test wait: shorter where a test waits for the end of it.
struct Deadlines {
  std::uint64_t promote_ms = 20'000;
  std::uint64_t receive_ms = 10'000;
  std::uint64_t stop_ms = 60'000;
};

class AgentCluster {
 public:
  explicit AgentCluster(const Deadlines& deadlines = {});
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
  void arm(const std::string& point, const std::string& action = "kill") const;
  bool armed() const { return std::filesystem::exists(directory() + "/kill"); }
  bool wait_agent_dead(const std::string& node) const;

  pid_t postmaster(const std::string& node) const;
  pid_t agent(const std::string& node) const;
  /// A server process of that kind, as pg_stat_activity calls it.
  pid_t backend(const std::string& node, const std::string& type) const;
  /// Stops a process where it stands, until thaw() or the end of the test.
  void freeze(pid_t pid);
  void thaw();

  const std::vector<std::string> names{"n1", "n2", "n3"};

 private:
  void write_agent_files(const std::string& nodes, const Deadlines& deadlines);
  test::ScratchFolder folder_;
  ClusterSettings settings_;
  transport::KeyPair kernel_;
  HistoryId history_;
  std::uint64_t term_ = 0;
  std::uint32_t counter_ = 0;
  // What a kernel would remember of the last demotion.
  std::string last_primary_;
  std::uint64_t checkpoint_ = 0;
  std::uint64_t checkpoint_end_ = 0;
  std::uint64_t checkpoint_timeline_ = 0;
  std::vector<pid_t> frozen_;
};

/// Looks until `done`, for at most a minute: servers start and stop in between.
bool within_a_minute(const std::function<bool()>& done);

}  // namespace aeromq::postgresql
