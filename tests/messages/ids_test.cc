// Request ids: what is written is read; what is mistyped is refused, never another request.
#include "messages/ids.h"

#include <gtest/gtest.h>

namespace aeromq {
namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

RequestId some_id(std::uint32_t counter = 7) {
  RequestId id;
  id.session.history.octets = {0xA1, 0xB2, 0xC3, 0xD4};
  id.session.dispatcher = 1;
  id.session.epoch = 0x00F00D;
  id.session.lease_end_s = 123456;
  id.session.number = 42;
  id.counter = counter;
  id.kernel_action = true;
  return id;
}

TEST(RequestIdText, RoundTrips) {
  for (const std::uint32_t counter : {1U, 7U, 300U, RequestId::kMaxCounter}) {
    for (const bool action : {false, true}) {
      auto id = some_id(counter);
      id.kernel_action = action;
      const auto read = RequestId::parse(id.text());
      ASSERT_TRUE(read) << read.error().message;
      EXPECT_EQ(*read, id);
      EXPECT_EQ(*RequestId::from(id.octets()), id);
    }
  }
}

TEST(RequestIdText, IsEightGroupsOfFour) {
  const auto text = some_id().text();
  ASSERT_EQ(text.size(), 39U);
  for (std::size_t i = 4; i < text.size(); i += 5) EXPECT_EQ(text[i], '-');
}

TEST(RequestIdText, TakesEitherCaseAndNoDashes) {
  auto text = some_id().text();
  std::erase(text, '-');
  for (auto& c : text) c = static_cast<char>(std::tolower(c));
  EXPECT_EQ(*RequestId::parse(text), some_id());
}

TEST(RequestIdText, RefusesEveryOneCharacterTypo) {
  auto text = some_id().text();
  std::erase(text, '-');
  int tried = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (const char c : kAlphabet) {
      if (c == text[at]) continue;
      auto typo = text;
      typo[at] = c;
      EXPECT_FALSE(RequestId::parse(typo)) << typo;
      ++tried;
    }
  }
  EXPECT_EQ(tried, 32 * 31);
}

TEST(RequestIdText, RefusesEveryAdjacentTransposition) {
  for (const std::uint32_t counter : {1U, 7U, 9999U}) {
    auto text = some_id(counter).text();
    std::erase(text, '-');
    for (std::size_t at = 0; at + 1 < text.size(); ++at) {
      if (text[at] == text[at + 1]) continue;
      auto typo = text;
      std::swap(typo[at], typo[at + 1]);
      EXPECT_FALSE(RequestId::parse(typo)) << typo;
    }
  }
}

TEST(RequestIdText, RefusesWhatIsNotAnId) {
  const auto text = some_id().text();
  for (const auto& bad : {std::string{}, text.substr(1), text + "0", std::string(32, '0'),
                          std::string(32, 'I'), "x" + text, std::string(39, '-')}) {
    const auto read = RequestId::parse(bad);
    ASSERT_FALSE(read) << bad;
    EXPECT_EQ(read.error().code, "INVALID_INPUT");
    EXPECT_EQ(read.error().field, "request_id");
  }
}

TEST(RequestIdOctets, RefusesCounterZeroAndWrongLength) {
  EXPECT_FALSE(RequestId::from(some_id(0).octets()));
  const auto octets = some_id().octets();
  EXPECT_FALSE(RequestId::from(ByteView(octets).first(19)));
  EXPECT_TRUE(RequestId{}.empty());
}

TEST(SessionId, RoundTrips) {
  const auto session = some_id().session;
  EXPECT_EQ(SessionId::from(session.octets()), session);
}

}  // namespace
}  // namespace aeromq
