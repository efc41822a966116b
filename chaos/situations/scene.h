// One throw-away cluster under one control plane, with the hands that faults lay on it: settings,
// rights, processes, disks, copies. Whatever was changed here is undone or gone with it.
#pragma once
#include <memory>

#include "chaos/postgresql/cluster.h"
#include "chaos/postgresql/sql.h"
#include "chaos/situations/witness.h"
#include "chaos/stack/stack.h"

namespace aeromq::chaos::situations {

class Scene {
 public:
  /// Three servers a, b, c, their agents and `aeromq up`, whole. Throws std::runtime_error.
  Scene(const std::filesystem::path& bin_dir, const std::string& name, bool synchronous);
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;
  ~Scene();

  postgresql::Cluster& cluster() { return *cluster_; }
  const postgresql::Cluster& cluster() const { return *cluster_; }
  Stack& stack() { return *stack_; }
  Witness& witness() { return *witness_; }
  bool synchronous() const { return synchronous_; }
  void keep();

  std::vector<std::string> names() const;
  const postgresql::Server& server(const std::string& node) const { return cluster_->server(node); }
  /// The others, in name order.
  std::vector<std::string> others(const std::string& node) const;
  /// The writable server of the newest timeline, or the last that there was.
  std::string primary();

  // Servers, as their superuser and their user.
  postgresql::SqlEnd sql(const std::string& node, const std::string& text,
                         const std::string& database = "postgres");
  Ended pg_ctl(const std::string& node, std::vector<std::string> words, int timeout_ms = 40000);
  Ended run_as_server(std::vector<std::string> words, int timeout_ms = 60000) const;
  void reload(const std::string& node);
  bool restart(const std::string& node);
  bool start_server(const std::string& node);
  void stop_server(const std::string& node, const char* mode = "fast");
  /// A settings line of that node under a key of its own; empty text takes it back. Not in force
  /// yet.
  void set(const std::string& node, const std::string& key, const std::string& text);
  /// A first line of its pg_hba.conf, in the same way; reloaded.
  void hba(const std::string& node, const std::string& key, const std::string& line);
  /// What the product has open at that server is ended, so that it has to come in again.
  void show_out(const std::string& node);
  /// primary_conninfo as every node has it, for an own name and a list of ports.
  std::string conninfo(const std::string& application_name,
                       const std::vector<unsigned>& ports) const;
  std::vector<unsigned> ports() const;

  // Processes.
  std::vector<pid_t> processes_of(const std::string& node) const;  ///< postmaster and children
  std::vector<pid_t> children_named(const std::string& node, const std::string& word) const;
  void freeze(const std::vector<pid_t>& processes);
  void thaw_all();
  void kill_agent(const std::string& node);
  bool start_agent(const std::string& node);
  bool agent_runs(const std::string& node) const { return cluster_->agent_runs(node); }
  /// A helper in Python that lives as long as its key.
  void helper(const std::string& key, const std::string& program, std::vector<std::string> words);
  void end_helper(const std::string& key);
  pid_t helper_pid(const std::string& key) const;
  static std::vector<pid_t> children_of_process(pid_t parent);
  /// The file belongs to the servers' user then.
  bool own(const std::filesystem::path& file) const;
  /// Connections of a client that are held under a key.
  std::vector<postgresql::Session>& held(const std::string& key) { return held_[key]; }

  // The product's own files.
  std::filesystem::path settings_file() const { return stack_->dir() / "postgresql.toml"; }
  std::filesystem::path agents_copy(const std::string& node) const;
  /// Every settings file of the cluster, changed by `edit`; then all are started again.
  void edit_settings(const std::function<std::string(std::string)>& edit, bool agents_too = true);
  /// The agents of these nodes alone.
  void edit_agents(const std::vector<std::string>& nodes,
                   const std::function<std::string(std::string)>& edit);
  bool restart_plane();
  std::optional<unsigned> address_of(const std::string& node) const;

  // Disks.
  /// `folder` becomes a file system of `kilobytes`, with what lay in it. False: not possible here.
  bool mount_small(const std::filesystem::path& folder, unsigned kilobytes);
  static void fill(const std::filesystem::path& folder);
  static void make_room(const std::filesystem::path& folder);
  /// A folder for copies that faults take.
  std::filesystem::path copies() const { return cluster_->dir() / "copies"; }

  /// For the story: what was done past the product.
  void foreign(const std::string& fault, const std::string& node, bool may_write = false,
               bool may_lose = false);
  std::vector<ForeignAct> foreign_acts;
  std::set<std::string> unlisted;
  std::vector<Window> unlisted_at;

 private:
  void write_settings(const std::string& node);
  std::unique_ptr<postgresql::Cluster> cluster_;
  std::unique_ptr<Stack> stack_;
  std::unique_ptr<Witness> witness_;
  bool synchronous_;
  std::string primary_ = "a";
  std::map<std::string, std::map<std::string, std::string>> settings_;
  std::map<std::string, std::map<std::string, std::string>> hba_;
  std::map<std::string, std::string> hba_base_;
  std::map<std::string, std::unique_ptr<Child>> helpers_;
  std::map<std::string, std::vector<postgresql::Session>> held_;
  std::vector<pid_t> frozen_;
  std::vector<std::filesystem::path> mounts_;
};

std::string read_text(const std::filesystem::path& path);
/// In place: owner and mode stay.
void write_text(const std::filesystem::path& path, const std::string& text);

}  // namespace aeromq::chaos::situations
