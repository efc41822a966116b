// How a format grows: a later field is left out while it says nothing, so that whoever says nothing
// new sends the octets of the first version; what is not there is the default; what is not known is
// refused, as ever.
#include <gtest/gtest.h>

#include "messages/as_of.h"
#include "messages/record.h"

namespace aeromq {
namespace {

/// A struct as its first version had it.
struct Old {
  std::uint64_t one = 0;
  std::string two;
  static constexpr auto fields() {
    return std::tuple{Field{"one", &Old::one}, Field{"two", &Old::two}};
  }
  friend bool operator==(const Old&, const Old&) = default;
};

/// The same after it grew twice.
struct Grown {
  std::uint64_t one = 0;
  std::string two;
  std::uint64_t three = 3;  ///< a default that is not zero
  std::vector<Old> four;
  static constexpr auto fields() {
    return std::tuple{Field{"one", &Grown::one}, Field{"two", &Grown::two},
                      Field{"three", &Grown::three, 0, 2}, Field{"four", &Grown::four, 4, 3}};
  }
  friend bool operator==(const Grown&, const Grown&) = default;
};

struct Outer {
  Grown inner;
  std::vector<Grown> all;
  static constexpr auto fields() {
    return std::tuple{Field{"inner", &Outer::inner}, Field{"all", &Outer::all}};
  }
  friend bool operator==(const Outer&, const Outer&) = default;
};

const Old kOld{7, "x"};
const Grown kSilent{7, "x", 3, {}};
const Grown kTells{7, "x", 4, {kOld}};

TEST(Growth, WhoSaysNothingNewSendsTheOldOctets) {
  EXPECT_EQ(encode(kSilent), encode(kOld));
  EXPECT_EQ(encode_row(kSilent), encode_row(kOld));
}

TEST(Growth, WhatIsNotThereIsTheDefault) {
  EXPECT_EQ(decode<Grown>(encode(kOld)).value(), kSilent);
  EXPECT_EQ(decode_row<Grown>(encode_row(kOld)).value(), kSilent);
}

TEST(Growth, EachLaterFieldStandsForItself) {
  const Grown last{7, "x", 3, {kOld}};
  const auto octets = encode(last);
  EXPECT_EQ(octets.front(), 0x83) << "a map of three: only the field that says something";
  for (const auto& value : {kTells, last, Grown{7, "x", 0, {}}}) {
    EXPECT_EQ(decode<Grown>(encode(value)).value(), value);
    EXPECT_EQ(decode_row<Grown>(encode_row(value)).value(), value);
  }
  EXPECT_EQ(encode_row(last).front(), 0x94)
      << "a row has no gaps: up to the last that says something";
}

TEST(Growth, ALaterFieldMayStandAnywhereButOnce) {
  Bytes bytes;
  Encoder out(bytes);
  out.map(3);
  out.text("three");
  out.number(9);
  out.text("two");
  out.text("x");
  out.text("one");
  out.number(7);
  EXPECT_EQ(decode<Grown>(bytes).value(), (Grown{7, "x", 9, {}}));
  bytes.clear();
  out.map(4);
  for (int i = 0; i < 2; ++i) {
    out.text("three");
    out.number(9);
  }
  out.text("two");
  out.text("x");
  out.text("one");
  out.number(7);
  const auto twice = decode<Grown>(bytes);
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().field, "three");
}

TEST(Growth, AFirstFieldIsStillMissedAndAnUnknownOneStillRefused) {
  Bytes bytes;
  Encoder out(bytes);
  out.map(2);
  out.text("one");
  out.number(7);
  out.text("three");
  out.number(9);
  const auto missing = decode<Grown>(bytes);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().field, "two");
  const auto unknown = decode<Old>(encode(kTells));
  ASSERT_FALSE(unknown) << "an older program refuses what it does not know";
  EXPECT_EQ(unknown.error().field, "three");
  EXPECT_FALSE(decode_row<Old>(encode_row(kTells)));
}

// A row that ends with a default has a shorter form: two forms of one record would be two leaves.
TEST(Growth, ARowHasOneFormOnly) {
  Bytes bytes;
  Encoder out(bytes);
  out.array(3);
  out.number(7);
  out.text("x");
  out.number(3);
  EXPECT_FALSE(decode_row<Grown>(bytes));
  for (const std::size_t size : {0U, 1U, 5U}) {
    Bytes other;
    Encoder(other).array(size);
    EXPECT_FALSE(decode_row<Grown>(other)) << size;
  }
}

TEST(Growth, WhatAnOlderPeerIsToldHasNothingThatCameLaterAtAnyDepth) {
  const Outer outer{kTells, {kTells, kSilent}};
  const auto first = as_of(outer, 1);
  EXPECT_EQ(first, (Outer{kSilent, {kSilent, kSilent}}));
  EXPECT_EQ(as_of(outer, 2), (Outer{{7, "x", 4, {}}, {{7, "x", 4, {}}, kSilent}}));
  EXPECT_EQ(as_of(outer, 3), outer);
}

// The layout of the first version, by hand: these octets lie in logs.
TEST(Growth, ARecordOfTheFirstVersionKeepsItsThirtyThreeElements) {
  Record record;
  record.seq = 1;
  record.command = "request_demotion";
  const auto first = encode_row(record);
  EXPECT_EQ(first[0], 0xdc);
  EXPECT_EQ(first[2], 33);
  record.successor = "n2";
  const auto second = encode_row(record);
  EXPECT_EQ(second[2], 34);
  EXPECT_TRUE(std::equal(first.begin() + 3, first.end(), second.begin() + 3));
}

}  // namespace
}  // namespace aeromq
