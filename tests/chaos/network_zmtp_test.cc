// A ZMTP stream taken apart, however its octets arrive, and put together again.
#include <gmock/gmock.h>

#include "chaos/network/zmtp.h"

namespace aeromq::chaos::network {
namespace {

Bytes octets(std::string_view text) {
  const auto view = as_bytes(text);
  return {view.begin(), view.end()};
}

const Bytes kGreeting(64, 0x7f);
const Bytes kReady{4, 5, 'R', 'E', 'A', 'D', 'Y'};

std::vector<ZmtpUnit> read(const Bytes& stream, std::size_t step) {
  ZmtpReader reader;
  std::vector<ZmtpUnit> units;
  for (std::size_t at = 0; at < stream.size(); at += step) {
    reader.feed(ByteView(stream).subspan(at, std::min(step, stream.size() - at)));
    while (auto unit = reader.next()) units.push_back(std::move(*unit));
  }
  EXPECT_FALSE(reader.broken());
  return units;
}

TEST(Zmtp, MessagesAreWholeHoweverTheyArrive) {
  const Frames first{octets("AMCP"), octets("header"), Bytes(70000, 'b')};
  const Frames second{octets(""), octets("x"), Bytes(255, 'c')};
  Bytes stream = kGreeting;
  for (const auto& part : {kReady, zmtp_message(first), kReady, zmtp_message(second)})
    stream.insert(stream.end(), part.begin(), part.end());
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, stream.size()}) {
    Bytes untouched;
    std::vector<Frames> messages;
    for (auto& unit : read(stream, step)) {
      if (auto* frames = std::get_if<Frames>(&unit))
        messages.push_back(*frames);
      else
        untouched.insert(untouched.end(), std::get<Bytes>(unit).begin(),
                         std::get<Bytes>(unit).end());
    }
    EXPECT_THAT(messages, testing::ElementsAre(first, second)) << step;
    EXPECT_EQ(untouched.size(), kGreeting.size() + 2 * kReady.size());
  }
}

TEST(Zmtp, AnAbsurdLengthBreaksTheStream) {
  ZmtpReader reader;
  reader.feed(kGreeting);
  while (reader.next()) {
  }
  reader.feed(Bytes{2, 0xff, 0, 0, 0, 0, 0, 0, 0});
  EXPECT_FALSE(reader.next());
  EXPECT_TRUE(reader.broken());
}

}  // namespace
}  // namespace aeromq::chaos::network
