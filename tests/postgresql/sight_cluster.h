// A real cluster for one test, from scripts/pg_cluster: three servers on loopback, ended and
// removed with the test, also when it fails.
#pragma once
#include <libpq-fe.h>
#include <sys/stat.h>

#include <fstream>
#include <memory>
#include <sstream>

#include "kernel/postgresql/sight/sampler.h"
#include "tests/support/child.h"
#include "tests/support/scratch_folder.h"

namespace aeromq::postgresql {

/// Runs a program to its end; its output. For a cluster's beginning there is much patience.
inline std::string run(std::vector<std::string> arguments) {
  test::Child child(std::move(arguments), test::Child::Errors::with_output);
  std::string all;
  while (const auto line = child.line(90'000)) all += *line + "\n";
  return all;
}

class TestCluster {
 public:
  explicit TestCluster(std::vector<std::string> options = {}) {
    // Run as root, the servers are another user, who must reach his folder.
    ::chmod(folder_.path().c_str(), 0755);
    std::vector<std::string> up{"--template", PG_TEMPLATE};
    up.insert(up.end(), options.begin(), options.end());
    std::istringstream lines(script("up", up));
    NodeSettings node;
    std::string data;
    while (lines >> node.name >> node.host >> node.port >> data) {
      node.agent = "tcp://127.0.0.1:" + std::to_string(node.port + 2000);
      node.agent_key = transport::make_key_pair().public_key;
      settings_.nodes.push_back(node);
      data_.push_back(data);
    }
    settings_.connection.sslmode = "disable";
  }
  TestCluster(const TestCluster&) = delete;
  TestCluster& operator=(const TestCluster&) = delete;
  ~TestCluster() {
    for (const auto pid : stopped_) ::kill(pid, SIGCONT);
    script("down", {});
  }

  bool is_up() const { return settings_.nodes.size() == 3; }
  ClusterSettings& settings() { return settings_; }
  Sampler sampler() const { return {settings_, transport::make_key_pair()}; }
  const std::string& data(std::size_t node) const { return data_[node]; }
  std::string folder() const { return folder_ / "c"; }
  using Connection = std::unique_ptr<PGconn, void (*)(PGconn*)>;
  /// So many replication connections of somebody else.
  std::vector<Connection> take_senders(std::size_t node, int count) const {
    const auto where = "host=127.0.0.1 user=repl dbname=postgres replication=database port=" +
                       std::to_string(settings_.nodes[node].port);
    std::vector<Connection> all;
    while (count-- > 0) all.emplace_back(PQconnectdb(where.c_str()), PQfinish);
    return all;
  }

  std::string script(const std::string& verb, const std::vector<std::string>& more) const {
    std::vector<std::string> all{"/usr/bin/python3", PG_CLUSTER, verb, folder_ / "c"};
    all.insert(all.end(), more.begin(), more.end());
    return run(std::move(all));
  }

  pid_t postmaster(std::size_t node) const {
    pid_t pid = 0;
    std::ifstream(data_[node] + "/postmaster.pid") >> pid;
    return pid;
  }

  /// Stops every process of a server as they stand: nobody there answers or ends.
  void freeze(std::size_t node) {
    const auto root = postmaster(node);
    ASSERT_GT(root, 1);
    stop(root);
    const auto path = "/proc/" + std::to_string(root) + "/task/" + std::to_string(root);
    std::ifstream children(path + "/children");
    for (pid_t child = 0; children >> child;) stop(child);
  }
  void thaw() {
    for (const auto pid : std::exchange(stopped_, {})) ::kill(pid, SIGCONT);
  }

  /// One statement as the superuser; its first cell, or the error.
  std::string sql(std::size_t node, const std::string& statement) const {
    const auto where = "host=127.0.0.1 user=postgres dbname=postgres application_name=test port=" +
                       std::to_string(settings_.nodes[node].port);
    const std::unique_ptr<PGconn, void (*)(PGconn*)> connection(PQconnectdb(where.c_str()),
                                                                PQfinish);
    const std::unique_ptr<PGresult, void (*)(PGresult*)> result(
        PQexec(connection.get(), statement.c_str()), PQclear);
    if (PQresultStatus(result.get()) == PGRES_TUPLES_OK && PQntuples(result.get()) > 0)
      return PQgetvalue(result.get(), 0, 0);
    return PQerrorMessage(connection.get());
  }

 private:
  void stop(pid_t pid) {
    ::kill(pid, SIGSTOP);
    stopped_.push_back(pid);
  }

  test::ScratchFolder folder_;
  ClusterSettings settings_;
  std::vector<std::string> data_;
  std::vector<pid_t> stopped_;
};

}  // namespace aeromq::postgresql
