// SHA-256 (FIPS 180-4), always over octets as received, never over a re-encoding.
#pragma once
#include "messages/ids.h"

namespace aeromq {

/// The SHA-256 of `bytes`. Aborts only if the crypto library cannot be used at all.
Digest sha256(ByteView bytes);

/// True if both are equal; the time taken does not depend on where they differ.
bool equal_in_constant_time(ByteView left, ByteView right);

}  // namespace aeromq
