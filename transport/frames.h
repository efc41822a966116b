// The three frames of a message (magic, header, body) and back: the one place that knows their
// order. Peer and broker share it.
#pragma once
#include <vector>

#include "messages/envelope.h"

namespace aeromq::transport {

/// One received message, header decoded, body as received.
struct Received {
  Header header;
  Bytes body;
};

/// The frames of one message, in the order that they are sent.
std::vector<Bytes> to_frames(const Header& header, ByteView body);

/// Error MALFORMED or VERSION_NOT_SUPPORTED unless `frames` are exactly one message within the
/// limits. Boot id, seq and type are the caller's to judge.
Result<Received> from_frames(std::vector<Bytes> frames);

}  // namespace aeromq::transport
