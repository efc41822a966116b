// What each principal may still have: one bucket for each limit (messages/limits.h), and who has
// met which. Pure. One principal's never touches another's.
#pragma once
#include <map>
#include <optional>

#include "messages/catalogue.h"
#include "messages/limits.h"
#include "messages/time.h"

namespace aeromq::broker {

/// Holds `at_once`, and is filled up by `per_second` at the end of every second.
class Bucket {
 public:
  /// Takes one. 0: taken; else the milliseconds until one is there.
  std::uint64_t take(const Rate& rate, const Moment& now);

 private:
  bool begun_ = false;
  std::uint64_t left_ = 0;
  std::uint64_t second_ns_ = 0;  ///< when the current second began
};

enum class Limit : std::uint8_t {
  looks,
  changes,
  refusals,
  status,
  sessions,
  renewals,
  connections,
  open_requests,
  audit_queries,
  pending,
  refused,
};

/// As `status` and the refusal name it.
std::string_view name_of(Limit limit);

class Allowances {
 public:
  explicit Allowances(const Limits& limits) : limits_(limits) {}

  /// Takes one of what `principal` may have, or notes that it has met the limit. Error BUSY, which
  /// names the limit and tells when the next one is taken.
  std::optional<Error> take(Limit limit, const std::string& principal, const Moment& now);
  /// A limit that no bucket stands for was met.
  void note(Limit limit, const std::string& principal, const Moment& now);
  /// Who has met what since the start, the newest first.
  std::vector<LimitMet> met(const Moment& now) const;

 private:
  struct State {
    Bucket bucket;
    std::uint64_t refused = 0;
    std::uint64_t last_boot_ns = 0;
  };
  const Rate& rate_of(Limit limit) const;

  Limits limits_;
  std::map<std::pair<std::string, Limit>, State> states_;  ///< principals are a known list
};

}  // namespace aeromq::broker
