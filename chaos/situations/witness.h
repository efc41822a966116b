// The witness: asks every server itself, as superuser, all the time, and looks at its processes,
// its files and the address that the settings name. Nothing of the product answers here.
#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "chaos/postgresql/cluster.h"
#include "chaos/situations/client.h"
#include "chaos/situations/story.h"

namespace aeromq::chaos::situations {

class Witness {
 public:
  using Address = std::function<std::optional<unsigned>(const std::string& node)>;

  /// `address`: the port on loopback where the settings look for a node, now.
  Witness(const postgresql::Cluster& cluster, Address address);
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;
  ~Witness();

  /// What it saw until now.
  std::map<std::string, Server> servers() const;
  std::vector<Acknowledged> acknowledged() const;
  std::set<std::uint64_t> cancelled() const;

 private:
  void ask(const std::stop_token& stop, const postgresql::Server& server);
  void look(const std::stop_token& stop, const postgresql::Server& server);
  const postgresql::Cluster& cluster_;
  Address address_;
  mutable std::mutex mutex_;
  std::map<std::string, Server> servers_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<std::jthread> threads_;  // last: they end first
};

/// The files of every server: roles, newest history, control file.
Cluster read_files(const postgresql::Cluster& cluster);
/// A byte of PostgreSQL's protocol comes from that port of loopback.
bool speaks(unsigned port, int timeout_ms);
/// Whoever is out of recovery now, by timeline, the newest first.
std::vector<std::string> writable_now(const postgresql::Cluster& cluster);

}  // namespace aeromq::chaos::situations
