// The strong types of every id. A request id names the only place and time where it can execute.
#pragma once
#include <string>

#include "messages/bytes.h"
#include "messages/result.h"

namespace aeromq {

using BootId = FixedBytes<16, struct BootIdTag>;            ///< one run of the broker
using Incarnation = FixedBytes<16, struct IncarnationTag>;  ///< one run of an actor
using HistoryId = FixedBytes<4, struct HistoryIdTag>;       ///< one history of a kernel
using Digest = FixedBytes<32, struct DigestTag>;            ///< SHA-256
using Token = FixedBytes<16, struct TokenTag>;              ///< a single-use confirmation

/// Session: 15 octets, big-endian: history(4) dispatcher(1) epoch(3) lease_end_s(4) number(3).
/// Given in WELCOME and RENEWED, never twice. An epoch of 0 reaches no kernel.
struct SessionId {
  HistoryId history;
  std::uint8_t dispatcher = 0;    ///< which control plane's dispatcher
  std::uint32_t epoch = 0;        ///< that dispatcher's epoch, 24 bits
  std::uint32_t lease_end_s = 0;  ///< in the kernel's clock, seconds, inclusive
  std::uint32_t number = 0;       ///< 24 bits, grows within one run of the broker

  static constexpr std::size_t kSize = 15;
  std::array<std::uint8_t, kSize> octets() const;
  static SessionId from(ByteView octets);  ///< takes exactly kSize octets
  friend auto operator<=>(const SessionId&, const SessionId&) = default;
};

/// Request id: 20 octets: session(15), counter << 1 | kernel_action (3), CRC-16/CCITT-FALSE of
/// those 18 (2). Written as 8 groups of 4 base32 characters. The check keeps a mistyped id from
/// reading as somebody's "not executed, final".
struct RequestId {
  SessionId session;
  std::uint32_t counter = 0;   ///< 23 bits, grows within the session; 0 = no request
  bool kernel_action = false;  ///< the class bit: promotion, demotion, forced promotion

  static constexpr std::size_t kSize = 20;
  static constexpr std::uint32_t kMaxCounter = (1U << 23) - 1;
  bool empty() const { return counter == 0; }
  std::array<std::uint8_t, kSize> octets() const;
  std::string text() const;
  /// From the wire. Error INVALID_INPUT, field `request_id`: wrong length, check or counter 0.
  static Result<RequestId> from(ByteView octets);
  /// From what a person typed: either case, dashes optional. Error INVALID_INPUT, `request_id`.
  static Result<RequestId> parse(std::string_view text);
  friend auto operator<=>(const RequestId&, const RequestId&) = default;
};

}  // namespace aeromq
