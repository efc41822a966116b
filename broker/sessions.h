// Client connections and their sessions. A session lives on (connection, authenticated identity);
// one number per session tells every repeat, so memory stays bounded (E1).
#pragma once
#include <map>
#include <optional>

#include "broker/allowances.h"
#include "broker/effects.h"
#include "broker/registry.h"

namespace aeromq::broker {

/// Largest body that a client may send: with the broker's words around it, it fits into a report.
constexpr std::size_t kMaxClientBody = 16 * 1024;

/// A connection's own part of the limits, and who its requests are.
struct ClientLink {
  std::string connection;
  std::string principal;
  std::string address;  ///< where it comes from, for people; may be empty
  bool welcomed = false;
  std::uint64_t minor = 0;  ///< spoken with it, as WELCOME says
  bool barred = false;      ///< broke the framing once: everything more it sends is dropped
  std::uint64_t seq_in = 0;
  std::uint64_t seq_out = 0;
  std::uint64_t open_requests = 0;
  std::uint64_t open_changes = 0;  ///< those of class 1
  Bucket refused;                  ///< refusals that it is told
  std::uint64_t granted_lease_ms = 0;
  SessionId session;
  std::uint32_t last_counter = 0;
};

class Sessions {
 public:
  explicit Sessions(const Limits& limits) : limits_(limits) {}

  /// The link of a connection, made on first sight; nullptr when there are too many, or when the
  /// connection is another principal's.
  ClientLink* seen(const std::string& connection, const std::string& principal);
  ClientLink* find(const std::string& connection);
  void forget(const std::string& connection);

  /// A session id never given before in this run. `kernel` none = epoch 0, which reaches no
  /// kernel. False when the numbers are used up.
  bool grant(ClientLink& client, const std::optional<OpenKernel>& kernel, std::uint64_t lease_ms,
             const Moment& now);
  /// Session numbers given so far.
  std::uint64_t used() const { return last_number_; }
  /// How long the client's session is good as it is; 0 = it may be renewed. A session is renewed
  /// for its lease, for the epoch that is open now, or for its request ids.
  std::uint64_t good_for_ms(const ClientLink& client, const std::optional<OpenKernel>& kernel,
                            const Moment& now) const;
  /// Milliseconds left of the client's lease; 0 = over, or no kernel.
  static std::uint64_t lease_left_ms(const ClientLink& client,
                                     const std::optional<OpenKernel>& kernel, const Moment& now);

  /// Judges the id of a new request and, if it is new, remembers its counter.
  std::optional<Error> admit(ClientLink& client, const RequestId& request);

  const std::map<std::string, ClientLink>& all() const { return clients_; }

 private:
  Limits limits_;
  std::map<std::string, ClientLink> clients_;
  std::uint32_t last_number_ = 0;
};

}  // namespace aeromq::broker
