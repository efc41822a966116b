// The broker's own words on their way through the audit writer, and those that wait for one.
#pragma once
#include <deque>
#include <map>
#include <utility>

#include "broker/effects.h"
#include "messages/time.h"

namespace aeromq::broker {

/// A report about one request (or none), and the client that is told once it is durable.
struct PendingReport {
  RequestId request;
  std::string principal;
  Report report;
  std::string client;                  ///< connection to tell; empty = nobody waits
  std::uint64_t deadline_boot_ns = 0;  ///< by when the audit writer must have answered
};

class Reports {
 public:
  /// Reports kept while no audit writer lives; more are counted and said.
  static constexpr std::size_t kMaxUnrecorded = 256;

  /// Takes the next nonce and remembers the report until its record is durable.
  const PendingReport& sent(PendingReport pending);
  /// The report that `nonce` answers, removed; nothing if it is not known.
  std::optional<PendingReport> take(std::uint64_t nonce);
  /// All that were sent and not answered, removed: their audit writer is lost.
  std::vector<PendingReport> take_all();

  void keep(PendingReport pending);
  /// All that were kept, removed: an audit writer has come.
  std::vector<PendingReport> take_kept();
  /// How many were not even kept since the last call.
  std::uint64_t take_dropped() { return std::exchange(dropped_, 0); }

  std::size_t outstanding() const { return sent_.size(); }
  std::size_t unrecorded() const { return kept_.size() + dropped_; }
  /// Has the oldest that was sent waited beyond its deadline?
  bool overdue(const Moment& now) const {
    return !sent_.empty() && now.boot_ns > sent_.begin()->second.deadline_boot_ns;
  }

 private:
  std::uint64_t last_nonce_ = 0;
  std::map<std::uint64_t, PendingReport> sent_;
  std::deque<PendingReport> kept_;
  std::uint64_t dropped_ = 0;
};

}  // namespace aeromq::broker
