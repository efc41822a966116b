#include "broker/sessions.h"

#include <algorithm>

namespace aeromq::broker {
namespace {
constexpr std::uint64_t kMsPerSecond = 1000;
}  // namespace

ClientLink* Sessions::seen(const std::string& connection, const std::string& principal) {
  if (auto* known = find(connection)) return known->principal == principal ? known : nullptr;
  const auto of_principal = static_cast<std::uint64_t>(std::ranges::count_if(
      clients_, [&](const auto& entry) { return entry.second.principal == principal; }));
  const bool full = clients_.size() >= limits_.all_connections && of_principal >= limits_.share;
  if (full || of_principal >= limits_.connections) return nullptr;
  ClientLink link;
  link.connection = connection;
  link.principal = principal;
  return &clients_.emplace(connection, std::move(link)).first->second;
}

ClientLink* Sessions::find(const std::string& connection) {
  const auto at = clients_.find(connection);
  return at == clients_.end() ? nullptr : &at->second;
}

void Sessions::forget(const std::string& connection) { clients_.erase(connection); }

bool Sessions::grant(ClientLink& client, const std::optional<OpenKernel>& kernel,
                     std::uint64_t lease_ms, const Moment& now) {
  if (last_number_ == kMostSessions) return false;
  SessionId session;
  session.number = ++last_number_;
  if (kernel) {
    const auto& opened = kernel->opened;
    session.history = opened.history;
    session.dispatcher = static_cast<std::uint8_t>(opened.dispatcher);
    session.epoch = static_cast<std::uint32_t>(opened.epoch);
    const auto lease = std::min(lease_ms, opened.max_lease_ms);
    session.lease_end_s =
        static_cast<std::uint32_t>((kernel->kernel_ms(now) + lease) / kMsPerSecond);
  }
  client.session = session;
  client.last_counter = 0;
  client.granted_lease_ms = lease_left_ms(client, kernel, now);
  return true;
}

std::uint64_t Sessions::good_for_ms(const ClientLink& client,
                                    const std::optional<OpenKernel>& kernel,
                                    const Moment& now) const {
  const auto& session = client.session;
  if (limits_.renew_after_percent == 0) return 0;
  if (session.epoch != (kernel ? kernel->opened.epoch : 0)) return 0;
  if (client.last_counter >= RequestId::kMaxCounter / 2) return 0;
  if (!kernel) return kMsPerSecond;  // another session would reach no kernel either
  constexpr std::uint64_t kWhole = 100;
  // A client's clock of the lease began later than ours, so whoever finds it due finds it due here.
  const auto due = client.granted_lease_ms * (kWhole - limits_.renew_after_percent) / kWhole;
  const auto left = lease_left_ms(client, kernel, now);
  return left > due ? left - due : 0;
}

std::uint64_t Sessions::lease_left_ms(const ClientLink& client,
                                      const std::optional<OpenKernel>& kernel, const Moment& now) {
  if (!kernel || client.session.epoch == 0) return 0;
  const auto end = client.session.lease_end_s * kMsPerSecond;
  const auto clock = kernel->kernel_ms(now);
  return end > clock ? end - clock : 0;
}

std::optional<Error> Sessions::admit(ClientLink& client, const RequestId& request) {
  if (request.session != client.session) return make_error(ErrorCode::unknown_session);
  if (request.counter <= client.last_counter) return make_error(ErrorCode::duplicate_request);
  client.last_counter = request.counter;
  return std::nullopt;
}

}  // namespace aeromq::broker
