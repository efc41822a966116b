// CRC-32C (Castagnoli, as in iSCSI): finds tears and rot. It is no defence against a forger; the
// hash chain and the tree are.
#pragma once
#include "messages/bytes.h"

namespace aeromq::audit {

/// The CRC-32C of the octets before (`crc`, 0 = none) followed by `bytes`.
/// crc32c(b, crc32c(a)) == crc32c(a + b). Uses the processor's instruction where there is one.
std::uint32_t crc32c(ByteView bytes, std::uint32_t crc = 0);

/// The same by table alone, for every processor; the test compares the two.
std::uint32_t crc32c_by_table(ByteView bytes, std::uint32_t crc = 0);

}  // namespace aeromq::audit
