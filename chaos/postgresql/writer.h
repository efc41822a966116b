// An application at work: one row after the other into whoever is writable, each with a number of
// its own, and the memory of which the server acknowledged. A row that came with a warning ("may
// not have been replicated") counts as not acknowledged.
#pragma once
#include <cstdint>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace aeromq::chaos::postgresql {

struct Acknowledged {
  std::uint64_t id = 0;
  std::uint64_t at_ns = 0;  ///< boot clock, when the answer had come
};

class Writer {
 public:
  /// Makes its table and begins. Throws std::runtime_error if nobody is writable.
  explicit Writer(std::string url);
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer();

  std::vector<Acknowledged> acknowledged() const;
  std::uint64_t attempts() const;
  /// True once a row was acknowledged that was begun after this call; bounded.
  bool writes_on(int timeout_ms) const;
  /// The longest time without an acknowledgement that touches [from_ns, to_ns], in ms.
  double outage_ms(std::uint64_t from_ns, std::uint64_t to_ns) const;

 private:
  void write(const std::stop_token& stop);
  std::string url_;
  mutable std::mutex mutex_;
  std::vector<Acknowledged> acknowledged_;
  std::uint64_t attempts_ = 0;
  std::jthread thread_;  // last: it ends first
};

/// What of the acknowledged rows `present` does not have.
std::set<std::uint64_t> missing_rows(const std::vector<Acknowledged>& acknowledged,
                                     const std::set<std::uint64_t>& present);

/// The rows that are there now, read from whoever is writable. Throws std::runtime_error.
std::set<std::uint64_t> read_rows(const std::string& url);

}  // namespace aeromq::chaos::postgresql
