#include "broker/refusal_counts.h"

namespace aeromq::broker {

RefusalCounts::Key RefusalCounts::key_of(const std::string& principal, const SessionId& session,
                                         const Error& error) const {
  Key key{principal, session == SessionId{} ? "" : to_hex(session.octets()), error.code};
  if (counts_.contains(key)) return key;
  std::size_t of_principal = 0;
  for (auto at = counts_.lower_bound({principal, "", ""});
       at != counts_.end() && std::get<0>(at->first) == principal; ++at)
    ++of_principal;
  if (of_principal >= kMostOfPrincipal) std::get<1>(key).clear();
  return key;
}

void RefusalCounts::add(const std::string& principal, const SessionId& session,
                        const RequestId& request, const Error& error, const Moment& now) {
  const auto key = key_of(principal, request.empty() ? session : request.session, error);
  const auto [at, is_new] = counts_.try_emplace(key);
  auto& count = at->second;
  auto& counted = count.refusals.counted;
  if (is_new) {
    count.refusals.principal = principal;
    count.refusals.error = error;
    count.since_boot_ns = now.boot_ns;
    counted.session = std::get<1>(key);
    counted.kind = error.code;
    counted.first_wall_ns = now.wall_ns;
  }
  ++counted.number;
  counted.last_wall_ns = now.wall_ns;
  if (request.empty()) return;
  if (count.lowest.empty() || request < count.lowest) count.lowest = request;
  if (count.highest < request) count.highest = request;
}

std::vector<PrincipalsRefusals> RefusalCounts::due(const Moment& now) {
  std::vector<PrincipalsRefusals> all;
  for (auto at = counts_.begin(); at != counts_.end();) {
    auto& count = at->second;
    if (now.boot_ns < count.since_boot_ns + kCountMs * kNanosPerMs) {
      ++at;
      continue;
    }
    if (!count.lowest.empty()) {
      count.refusals.counted.first_request = count.lowest.text();
      count.refusals.counted.last_request = count.highest.text();
    }
    all.push_back(std::move(count.refusals));
    at = counts_.erase(at);
  }
  return all;
}

}  // namespace aeromq::broker
