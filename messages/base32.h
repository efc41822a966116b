// Crockford base32 as request ids are written for people: upper case, no I, L, O, U.
#pragma once
#include <optional>
#include <string>

#include "messages/bytes.h"

namespace aeromq {

/// 8 characters for every 5 octets; `bytes.size()` must be a multiple of 5.
std::string to_base32(ByteView bytes);

/// The octets that `text` spells (length a multiple of 8; either case), or nothing. Characters
/// outside the alphabet are refused, never corrected (requirement F8.1).
std::optional<Bytes> from_base32(std::string_view text);

}  // namespace aeromq
