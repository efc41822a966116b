// Who could be written to, and when: one thread a server asks it all the time, past everything that
// is under test. A server that has left recovery stays out of it until its postmaster ends, so two
// answers of one postmaster prove the time between them.
#pragma once
#include <cstdint>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "chaos/postgresql/cluster.h"

namespace aeromq::chaos::postgresql {

/// One postmaster was out of recovery at least from `from_ns` to `to_ns` (boot clock).
struct WritableSpan {
  std::string node;
  std::string started;  ///< pg_postmaster_start_time(): which postmaster
  std::uint64_t timeline = 0;
  std::uint64_t from_ns = 0;  ///< the first answer had come
  std::uint64_t to_ns = 0;    ///< the last question had not left yet
};

/// Two servers that could be written to at one moment, or one timeline that two servers wrote: one
/// sentence each. Pure.
std::vector<std::string> double_primaries(const std::vector<WritableSpan>& spans);

class Observer {
 public:
  explicit Observer(const Cluster& cluster);
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;
  ~Observer();

  std::vector<WritableSpan> spans() const;
  std::uint64_t samples() const;  ///< answers, of all servers

 private:
  void watch(const std::stop_token& stop, const Server& server, const std::string& url);
  void take(const WritableSpan& seen);
  mutable std::mutex mutex_;
  std::vector<WritableSpan> spans_;
  std::uint64_t samples_ = 0;
  std::vector<std::jthread> threads_;  // last: they end first
};

}  // namespace aeromq::chaos::postgresql
