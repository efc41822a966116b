// The header frame: exactly five elements within the limits, or MALFORMED.
#include "messages/envelope.h"

#include <gtest/gtest.h>

namespace aeromq {
namespace {

Header some_header() {
  Header header{MessageType::submit, {}, 3, {}, "alice"};
  header.boot.octets.fill(9);
  header.request.counter = 1;
  return header;
}

void expect_malformed(const Bytes& octets) {
  const auto read = decode_header(octets);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, "MALFORMED");
}

TEST(Header, RoundTrips) {
  const auto header = some_header();
  EXPECT_EQ(*decode_header(encode_header(header)), header);
  auto link = header;
  link.type = MessageType::ping;
  link.request = {};
  EXPECT_EQ(*decode_header(encode_header(link)), link);
}

TEST(Header, RoundTripsEverySizeOfNumberAndText) {
  for (const std::uint64_t seq :
       {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128}, std::uint64_t{255},
        std::uint64_t{256}, std::uint64_t{65535}, std::uint64_t{65536}, std::uint64_t{0xFFFFFFFF},
        std::uint64_t{0x100000000}, ~std::uint64_t{0}})
    for (const std::size_t size : {0U, 1U, 31U, 32U, 64U}) {
      auto header = some_header();
      header.seq = seq;
      header.principal = std::string(size, 'p');
      EXPECT_EQ(*decode_header(encode_header(header)), header) << seq << " " << size;
    }
}

TEST(Header, ReadsANumberInALongerForm) {
  const auto header = some_header();
  auto octets = encode_header(header);
  const auto at = octets.begin() + 4 + BootId::kSize;
  ASSERT_EQ(*at, 3);
  for (const Bytes& form : {Bytes{0xCC, 3}, Bytes{0xCD, 0, 3}, Bytes{0xCE, 0, 0, 0, 3}}) {
    auto longer = octets;
    longer.erase(longer.begin() + 4 + BootId::kSize);
    longer.insert(longer.begin() + 4 + BootId::kSize, form.begin(), form.end());
    EXPECT_EQ(*decode_header(longer), header);
    for (std::size_t size = 0; size < longer.size(); ++size)
      EXPECT_FALSE(decode_header(ByteView(longer).first(size))) << size;
  }
  octets[1] = 0x80;  // neither a type nor a number
  expect_malformed(octets);
}

TEST(Header, RefusesEveryTruncationAndTrailingOctets) {
  auto octets = encode_header(some_header());
  for (std::size_t size = 0; size < octets.size(); ++size)
    EXPECT_FALSE(decode_header(ByteView(octets).first(size))) << size;
  octets.push_back(0);
  expect_malformed(octets);
}

TEST(Header, RefusesWhatIsOutOfBounds) {
  auto none = some_header();
  none.type = MessageType::none;
  expect_malformed(encode_header(none));
  auto high = some_header();
  high.type = static_cast<MessageType>(128);
  expect_malformed(encode_header(high));
  auto name = some_header();
  name.principal = std::string(65, 'a');
  expect_malformed(encode_header(name));
  auto binary = some_header();
  binary.principal = "\xFF";
  expect_malformed(encode_header(binary));
  auto late = some_header();
  late.principal = std::string(600, 'a');
  expect_malformed(encode_header(late));
}

TEST(Header, RefusesARequestIdWhoseCheckFails) {
  const auto header = some_header();
  auto octets = encode_header(header);
  const auto id = header.request.octets();
  auto at = std::search(octets.begin(), octets.end(), id.begin(), id.end());
  ASSERT_NE(at, octets.end());
  *at ^= 1;
  expect_malformed(octets);
}

TEST(Magic, IsOursAndOurMajorVersion) {
  EXPECT_TRUE(check_magic(kMagic));
  auto other = kMagic;
  other[0] = 'B';
  EXPECT_EQ(check_magic(other).error().code, "MALFORMED");
  auto major = kMagic;
  major[4] = kMajor + 1;
  EXPECT_EQ(check_magic(major).error().code, "VERSION_NOT_SUPPORTED");
  EXPECT_EQ(check_magic(ByteView(kMagic).first(5)).error().code, "MALFORMED");
  auto minor = kMagic;
  minor[5] = kMinor + 1;
  EXPECT_TRUE(check_magic(minor));
}

}  // namespace
}  // namespace aeromq
