// The frames of a message: magic, header, body. docs/protocol.md has the grammar.
#pragma once
#include "messages/codec.h"
#include "messages/routes.h"

namespace aeromq {

constexpr std::uint8_t kMajor = 0;
constexpr std::uint8_t kMinor = 3;
constexpr std::size_t kMaxHeader = 512;  ///< octets
constexpr std::size_t kFrames = 3;       ///< magic, header, body; a fourth is reserved for seals

/// The first frame: "AMCP" and the version.
constexpr std::array<std::uint8_t, 6> kMagic{'A', 'M', 'C', 'P', kMajor, kMinor};

/// A fixed array of five: type, boot id, seq, request id, principal.
struct Header {
  MessageType type = MessageType::none;
  BootId boot;            ///< of the broker's run; zeros in HELLO
  std::uint64_t seq = 0;  ///< from 1, +1 per message and direction of a connection
  RequestId request;      ///< empty for link messages
  std::string principal;  ///< stamped by the broker, empty on everything that a client sends
  friend bool operator==(const Header&, const Header&) = default;
};

Bytes encode_header(const Header& header);

/// Error MALFORMED unless it is exactly one header within the limits. The type may be unknown.
Result<Header> decode_header(ByteView bytes);

/// Error MALFORMED or VERSION_NOT_SUPPORTED unless it is our magic and major version.
Result<void> check_magic(ByteView bytes);

/// One message about one request, as cores see it. The principal is the broker's word (B2).
struct Envelope {
  MessageType type = MessageType::none;
  RequestId request;
  std::string principal;
  Bytes body;
  friend bool operator==(const Envelope&, const Envelope&) = default;
};

/// A message of `body`'s own type about `request`.
template <class T>
Envelope message(const RequestId& request, const T& body) {
  return {T::kType, request, {}, encode(body)};
}

/// A message whose type is not the body's own: refused_by_*, broker_error.
template <class T>
Envelope message(MessageType type, const RequestId& request, const T& body) {
  return {type, request, {}, encode(body)};
}

}  // namespace aeromq
