// What can be seen of a handshake from outside.
#include "door/handshake.h"

#include <gtest/gtest.h>

namespace aeromq::door {
namespace {

Bytes opening() {
  Bytes octets(greeting().begin(), greeting().end());
  octets[32] = 0;  // as a client
  const std::string_view hello("\4\310\5HELLO\1\0", 10);
  octets.insert(octets.end(), hello.begin(), hello.end());
  octets.resize(kOpening, 7);
  return octets;
}

TEST(Handshake, AnOpeningIsGoodOnceItIsWhole) {
  const auto octets = opening();
  for (std::size_t size = 0; size < kOpening; ++size)
    ASSERT_EQ(judge_opening(ByteView(octets).first(size)), Opening::more) << size;
  EXPECT_EQ(judge_opening(octets), Opening::good);
}

TEST(Handshake, WhatNoClientWouldSayIsBadAtOnce) {
  for (const std::size_t at : {0U, 9U, 10U, 12U, 16U, 17U, 64U, 65U, 66U, 71U}) {
    auto octets = opening();
    octets[at] = at == 10 ? 2 : octets[at] ^ 1;
    EXPECT_EQ(judge_opening(ByteView(octets).first(at + 1)), Opening::bad) << at;
  }
}

TEST(Handshake, TheServersWordIsFoundHoweverItIsCut) {
  for (const auto& [name, word] :
       {std::pair{"\5READY", ServerWatch::Word::ready}, {"\5ERROR", ServerWatch::Word::error}}) {
    Bytes octets{4, 168};
    const std::string welcome = "\7WELCOME";
    octets.insert(octets.end(), welcome.begin(), welcome.end());
    octets.resize(2 + 168, 0xff);
    const std::string last = name;
    octets.push_back(4);
    octets.push_back(static_cast<std::uint8_t>(last.size() + 20));
    octets.insert(octets.end(), last.begin(), last.end());
    octets.resize(octets.size() + 20, 3);
    for (std::size_t cut = 1; cut <= octets.size(); ++cut) {
      ServerWatch watch;
      for (std::size_t at = 0; at < octets.size(); at += cut)
        watch.see(ByteView(octets).subspan(at, std::min(cut, octets.size() - at)));
      ASSERT_EQ(watch.see({}), word) << cut;
    }
  }
}

}  // namespace
}  // namespace aeromq::door
