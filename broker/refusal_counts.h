// Refusals beyond those that are recorded one by one: counted by principal, session and kind, until
// one record stands for all of them. Pure; bounded, whatever is refused.
#pragma once
#include <map>
#include <tuple>

#include "broker/effects.h"
#include "messages/time.h"

namespace aeromq::broker {

struct PrincipalsRefusals {
  std::string principal;
  Error error;  ///< as the first was told
  CountedRefusals counted;
};

class RefusalCounts {
 public:
  /// How long refusals are counted before their record is made.
  static constexpr std::uint64_t kCountMs = 5000;
  /// Counts of one principal; further sessions of it are counted together.
  static constexpr std::size_t kMostOfPrincipal = 32;

  /// `session`: of the connection that was refused, empty before it has one. `request`: empty if
  /// the refusal is about none; else it is counted in the session that it names.
  void add(const std::string& principal, const SessionId& session, const RequestId& request,
           const Error& error, const Moment& now);
  /// Those that began kCountMs ago, removed.
  std::vector<PrincipalsRefusals> due(const Moment& now);
  bool empty() const { return counts_.empty(); }

 private:
  using Key = std::tuple<std::string, std::string, std::string>;  // principal, session, kind
  struct Count {
    PrincipalsRefusals refusals;
    RequestId lowest;
    RequestId highest;
    std::uint64_t since_boot_ns = 0;
  };
  Key key_of(const std::string& principal, const SessionId& session, const Error& error) const;

  std::map<Key, Count> counts_;
};

}  // namespace aeromq::broker
