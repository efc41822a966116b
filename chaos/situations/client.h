// A client of one server that writes row after row and waits for each answer as long as it takes,
// as clients do. A row that comes with a warning was committed here alone: cancelled, not
// acknowledged.
#pragma once
#include <memory>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "chaos/situations/story.h"

struct pg_conn;

namespace aeromq::chaos::situations {

class Client {
 public:
  /// `number` keeps the ids of several clients apart.
  Client(std::string node, std::string conninfo, std::uint64_t number);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  std::vector<Acknowledged> acknowledged() const;
  std::set<std::uint64_t> cancelled() const;

 private:
  void work(const std::stop_token& stop);
  bool connect(const std::stop_token& stop, std::string& postmaster);
  bool write(const std::stop_token& stop, const std::string& postmaster);
  struct Close {
    void operator()(pg_conn* connection) const;
  };
  std::string node_;
  std::string conninfo_;
  std::uint64_t next_;
  std::unique_ptr<pg_conn, Close> connection_;
  std::unique_ptr<bool> warned_;
  mutable std::mutex mutex_;
  std::vector<Acknowledged> acknowledged_;
  std::set<std::uint64_t> cancelled_;
  std::jthread thread_;  // last: it ends first
};

}  // namespace aeromq::chaos::situations
