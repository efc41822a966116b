// The servers and agents of one throw-away cluster, as scripts/pg_cluster makes them, and what the
// harness does to them: ends processes, freezes them, starts them as a person would. Gone with its
// destructor.
#pragma once
#include <sys/types.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "chaos/stack/child.h"
#include "chaos/stack/stack.h"

namespace aeromq::chaos::postgresql {

struct Server {
  std::string name;
  std::string host;
  unsigned port = 0;
  std::filesystem::path data;
  std::filesystem::path agent;  ///< the folder of its agent
};

class Cluster {
 public:
  /// Three servers a, b and c; a is primary. `synchronous`: synchronous_standby_names, may be
  /// empty.
  Cluster(const std::filesystem::path& bin_dir, std::filesystem::path dir,
          const std::string& synchronous);
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;
  ~Cluster();

  const std::filesystem::path& dir() const { return dir_; }
  const std::vector<Server>& servers() const { return servers_; }
  const Server& server(const std::string& name) const;
  /// "a=127.0.0.1:5432,...": what `aeromq up --postgresql` is told.
  std::string endpoints() const;
  /// For a writer: whoever is writable.
  std::string writable_url() const;
  /// One server, as superuser.
  std::string url_of(const Server& server) const;

  /// Places the agents of the control plane at `folder` and starts them. `settings` replace lines
  /// of every agent.toml.
  void place_agents(const std::filesystem::path& folder,
                    const std::map<std::string, std::string>& settings);
  /// Ends the agents and takes their journals away, as if they had never served anybody.
  void drop_journals();
  bool agent_runs(const std::string& name) const;
  pid_t agent_pid(const std::string& name) const;
  Ended start_agent(const std::string& name);
  /// A person starts the server beside the agent: `aeromq-pg-agent start --reason`.
  Ended start_by_person(const std::string& name);
  Ended agent_verb(const std::string& name, std::vector<std::string> words) const;

  /// -1: it does not run.
  pid_t postmaster(const std::string& name) const;
  /// The child of the postmaster that replays, or that promotes; -1: none.
  pid_t startup_process(const std::string& name) const;
  /// SIGKILL, and waits until it and its children are gone, as a dead host's would be.
  bool kill_postmaster(const std::string& name);
  /// Its data are made anew from `source`, as a standby, by the steps of docs/postgresql.md.
  bool rejoin(const std::string& name, const std::string& source);
  /// A test's own settings of one server; in force after `pg_reload_conf` or a start.
  void set_extra(const std::string& name, const std::string& text);

  /// The kill points of the agents, apart from those of the control plane.
  void arm(const std::string& point, const std::string& action);
  bool armed() const;
  void disarm();
  /// Agents' passes since the last call.
  std::vector<Pass> passes();

  /// The directory outlives this object.
  void keep() { kept_ = true; }

  /// A verb of scripts/pg_cluster.
  Ended tool(std::vector<std::string> words, int timeout_ms = 60000) const;
  /// As the user whom the servers belong to.
  Ended as_server_user(std::vector<std::string> words, int timeout_ms) const;
  /// PostgreSQL's own programs.
  const std::filesystem::path& pg_bin() const { return pg_bin_; }
  const std::string& server_user() const { return server_user_; }

 private:
  std::filesystem::path bin_;
  std::filesystem::path dir_;
  std::string server_user_;
  std::filesystem::path pg_bin_;
  std::string url_;
  std::unique_ptr<Child> guardian_;  ///< ends the servers if we cannot
  std::vector<Server> servers_;
  std::uintmax_t traced_ = 0;
  bool kept_ = false;
};

}  // namespace aeromq::chaos::postgresql
