// A fuzz input as a stream of small choices and blocks of octets. Reading beyond the end gives
// zeros, so that every input is a valid one.
#pragma once
#include <cstddef>
#include <cstdint>

#include "messages/bytes.h"

namespace aeromq::fuzz {

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : rest_(data, size) {}

  bool empty() const { return rest_.empty(); }
  std::uint8_t octet() {
    if (rest_.empty()) return 0;
    const auto taken = rest_.front();
    rest_ = rest_.subspan(1);
    return taken;
  }
  /// One of `count` choices.
  std::size_t choice(std::size_t count) { return octet() % count; }
  /// The counter of a request id: 1 to `count`.
  std::uint32_t counter(std::uint32_t count) { return 1 + octet() % count; }
  bool flag() { return (octet() & 1U) != 0; }
  std::uint16_t two() {
    const auto low = octet();
    return static_cast<std::uint16_t>(low | octet() << 8);
  }
  std::uint64_t eight() {
    std::uint64_t made = 0;
    for (unsigned i = 0; i < 8; ++i) made |= std::uint64_t{octet()} << 8 * i;
    return made;
  }
  /// Two octets of length, then as many octets, as far as they are there.
  Bytes block() {
    const std::size_t wanted = two();  // read before the rest is measured
    return take(std::min(wanted, rest_.size()));
  }
  Bytes rest() { return take(rest_.size()); }

  /// `bytes` with up to seven octets changed: near to what an honest part sends.
  Bytes patched(Bytes bytes) {
    const auto count = choice(8);
    for (std::size_t i = 0; i < count && !bytes.empty(); ++i) {
      const auto at = two() % bytes.size();
      bytes[at] = octet();
    }
    return bytes;
  }

 private:
  Bytes take(std::size_t size) {
    Bytes taken(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(size));
    rest_ = rest_.subspan(size);
    return taken;
  }
  ByteView rest_;
};

}  // namespace aeromq::fuzz
