#include "door/handshake.h"

#include <algorithm>

namespace aeromq::door {
namespace {

constexpr std::size_t kMajor = 10;
constexpr std::size_t kMechanism = 12;
constexpr std::size_t kMechanismSize = 20;
constexpr std::uint8_t kCommand = 4;
constexpr std::uint8_t kLong = 2;
constexpr std::size_t kName = 6;  // "\5READY", "\5ERROR": a command's name with its length

constexpr std::array<std::uint8_t, kMechanismSize> kCurve{'C', 'U', 'R', 'V', 'E'};
constexpr std::array<std::uint8_t, 8> kHelloHead{kCommand, 200, 5, 'H', 'E', 'L', 'L', 'O'};

/// False only if `octet` cannot be at this place of an opening.
bool fits(std::size_t at, std::uint8_t octet) {
  if (at == 0) return octet == 0xff;
  if (at == kMajor - 1) return (octet & 1) != 0;
  if (at == kMajor) return octet >= 3;
  if (at >= kMechanism && at < kMechanism + kMechanismSize) return octet == kCurve[at - kMechanism];
  if (at >= kGreeting && at < kGreeting + kHelloHead.size())
    return octet == kHelloHead[at - kGreeting];
  return true;
}

}  // namespace

const std::array<std::uint8_t, kGreeting>& greeting() {
  static const auto made = [] {
    std::array<std::uint8_t, kGreeting> octets{};
    octets[0] = 0xff;
    octets[8] = 1;
    octets[9] = 0x7f;
    octets[kMajor] = 3;
    octets[kMajor + 1] = 1;
    std::ranges::copy(kCurve, octets.begin() + kMechanism);
    octets[kMechanism + kMechanismSize] = 1;  // as the server
    return octets;
  }();
  return made;
}

Opening judge_opening(ByteView octets) {
  for (std::size_t i = 0; i < std::min(octets.size(), kOpening); ++i)
    if (!fits(i, octets[i])) return Opening::bad;
  return octets.size() >= kOpening ? Opening::good : Opening::more;
}

ServerWatch::Word ServerWatch::see(ByteView octets) {
  for (const auto octet : octets) {
    if (word_ != Word::none) break;
    if (left_ > 0) {
      --left_;
      continue;
    }
    head_.push_back(octet);
    end_of_name();
  }
  return word_;
}

void ServerWatch::end_of_name() {
  const bool is_long = (head_[0] & kLong) != 0;
  const std::size_t size_at = is_long ? 9 : 2;
  if (head_.size() < size_at) return;
  std::uint64_t size = 0;
  for (std::size_t i = 1; i < size_at; ++i) size = size << 8 | head_[i];
  const auto name = std::min<std::uint64_t>(size, kName);
  if (head_.size() < size_at + name) return;
  const auto text = as_text(ByteView(head_).subspan(size_at));
  if (text == "\5READY") word_ = Word::ready;
  if (text == "\5ERROR") word_ = Word::error;
  left_ = size - name;
  head_.clear();
}

}  // namespace aeromq::door
