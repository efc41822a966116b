// Frames: exactly three, within limits, or refused.
#include "transport/frames.h"

#include <gtest/gtest.h>

#include "messages/catalogue.h"

namespace aeromq::transport {
namespace {

std::vector<Bytes> good() {
  return to_frames({MessageType::ping, {}, 3, {}, "alice"}, encode(Ping{9}));
}

TEST(Frames, ThereAndBack) {
  const auto message = from_frames(good());
  ASSERT_TRUE(message);
  EXPECT_EQ(message->header.type, MessageType::ping);
  EXPECT_EQ(message->header.seq, 3U);
  EXPECT_EQ(message->header.principal, "alice");
  EXPECT_EQ(decode<Ping>(message->body)->nonce, 9U);
}

TEST(Frames, EveryOtherCountIsMalformed) {
  for (std::size_t count : {0U, 1U, 2U, 4U, 5U}) {
    auto frames = good();
    frames.resize(count);
    const auto message = from_frames(frames);
    ASSERT_FALSE(message) << count;
    EXPECT_EQ(message.error().code, "MALFORMED");
  }
}

TEST(Frames, WrongMagicHeaderOrSizeIsRefused) {
  auto frames = good();
  frames[0][0] = 'B';
  EXPECT_EQ(from_frames(frames).error().code, "MALFORMED");
  frames = good();
  frames[0][4] = kMajor + 1;
  EXPECT_EQ(from_frames(frames).error().code, "VERSION_NOT_SUPPORTED");
  frames = good();
  frames[1].push_back(0);
  EXPECT_EQ(from_frames(frames).error().code, "MALFORMED");
  frames = good();
  frames[2].resize(kMaxBody + 1);
  EXPECT_EQ(from_frames(frames).error().code, "MALFORMED");
}

}  // namespace
}  // namespace aeromq::transport
