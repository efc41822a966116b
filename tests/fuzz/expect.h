// What must hold of every input, whatever it is. A broken promise aborts, so that libFuzzer and the
// replay both see it.
#pragma once
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "messages/codec.h"
#include "messages/text.h"

namespace aeromq::fuzz {

inline void expect(bool holds, std::string_view promise) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %.*s\n", static_cast<int>(promise.size()), promise.data());
  std::abort();
}

/// An error that our own decoder or check made: safe for a terminal, and fit to be sent.
void expect_tellable(const Error& error);

/// Decodes `body` strictly. What is accepted encodes to octets that decode to the same value, and
/// from then on to the same octets; what is refused is refused with an error that can be told.
template <class T>
std::optional<T> round_trip(ByteView body) {
  auto first = decode<T>(body);
  if (!first) {
    expect_tellable(first.error());
    return std::nullopt;
  }
  const auto again = encode(*first);
  const auto second = decode<T>(again);
  expect(second.has_value(), "what was decoded encodes to something that decodes");
  expect(*second == *first, "decode(encode(x)) == x");
  expect(encode(*second) == again, "equal values are equal octets");
  return std::move(*first);
}

}  // namespace aeromq::fuzz
