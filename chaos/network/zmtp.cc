#include "chaos/network/zmtp.h"

#include <utility>

namespace aeromq::chaos::network {
namespace {

constexpr std::uint8_t kMore = 1;
constexpr std::uint8_t kLong = 2;
constexpr std::uint8_t kCommand = 4;
constexpr std::uint64_t kLongestFrame = 1 << 20;
constexpr std::size_t kLongestShort = 255;

}  // namespace

void ZmtpReader::feed(ByteView octets) {
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(at_));
  at_ = 0;
  waiting_.insert(waiting_.end(), octets.begin(), octets.end());
}

std::optional<Bytes> ZmtpReader::take(std::size_t count) {
  if (waiting_.size() - at_ < count) return std::nullopt;
  const auto from = waiting_.begin() + static_cast<std::ptrdiff_t>(at_);
  at_ += count;
  return Bytes(from, from + static_cast<std::ptrdiff_t>(count));
}

std::optional<ZmtpUnit> ZmtpReader::next() {
  for (;;) {
    const auto left = waiting_.size() - at_;
    if (broken_ || left == 0) return std::nullopt;
    if (greeting_left_ > 0) {
      const auto count = std::min(left, greeting_left_);
      greeting_left_ -= count;
      return take(count);
    }
    const auto flags = waiting_[at_];
    const bool is_long = (flags & kLong) != 0;
    const std::size_t head = is_long ? 9 : 2;
    if (left < head) return std::nullopt;
    std::uint64_t size = 0;
    for (std::size_t i = 1; i < head; ++i) size = size << 8 | waiting_[at_ + i];
    if (size > kLongestFrame) {
      broken_ = true;
      return std::nullopt;
    }
    auto frame = take(head + static_cast<std::size_t>(size));
    if (!frame) return std::nullopt;
    if ((flags & kCommand) != 0) return *frame;
    frame->erase(frame->begin(), frame->begin() + static_cast<std::ptrdiff_t>(head));
    frames_.push_back(std::move(*frame));
    if ((flags & kMore) == 0) return std::exchange(frames_, {});
  }
}

Bytes zmtp_message(const Frames& frames) {
  Bytes octets;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const auto size = frames[i].size();
    const bool is_long = size > kLongestShort;
    octets.push_back(
        static_cast<std::uint8_t>((i + 1 < frames.size() ? kMore : 0) | (is_long ? kLong : 0)));
    for (int shift = is_long ? 56 : 0; shift >= 0; shift -= 8)
      octets.push_back(static_cast<std::uint8_t>(size >> shift));
    octets.insert(octets.end(), frames[i].begin(), frames[i].end());
  }
  return octets;
}

}  // namespace aeromq::chaos::network
