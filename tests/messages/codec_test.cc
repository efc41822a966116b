// The decoder is strict: missing, duplicate, unknown, trailing, oversized and mistyped input is
// each refused, and the refusal names the field.
#include "messages/codec.h"

#include <gtest/gtest.h>

#include "messages/catalogue.h"
#include "messages/record.h"

namespace aeromq {
namespace {

/// A body written value by value, as a hostile peer could.
class Body {
 public:
  Body& map(std::size_t size) { return encoder_.map(size), *this; }
  Body& array(std::size_t size) { return encoder_.array(size), *this; }
  Body& text(std::string_view value) { return encoder_.text(value), *this; }
  Body& bin(std::size_t octets) { return encoder_.bin(Bytes(octets, 7)), *this; }
  Body& number(std::uint64_t value) { return encoder_.number(value), *this; }
  Body& boolean(bool value) { return encoder_.boolean(value), *this; }
  Body& raw(std::initializer_list<std::uint8_t> octets) {
    return bytes_.insert(bytes_.end(), octets), *this;
  }
  const Bytes& bytes() const { return bytes_; }

 private:
  Bytes bytes_;
  Encoder encoder_{bytes_};
};

template <class T>
void expect_refused(const Body& body, std::string_view field, std::string_view words) {
  const auto read = decode<T>(body.bytes());
  ASSERT_FALSE(read) << "accepted; wanted a refusal of " << field;
  EXPECT_EQ(read.error().code, "INVALID_INPUT");
  EXPECT_EQ(read.error().domain, Domain::operator_input);
  EXPECT_EQ(read.error().field, field);
  EXPECT_NE(read.error().message.find(words), std::string::npos) << read.error().message;
}

Body submit_up_to_about() {
  Body body;
  body.map(4).text("command").text("inspect_node").text("node").text("n1").text("reason").text("");
  return body;
}

TEST(Codec, ReadsWhatItWrote) {
  const Submit submit{"inspect_node", "n1", "", "", {}};
  const auto read = decode<Submit>(encode(submit));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, submit);
}

TEST(Codec, EqualValuesAreEqualOctets) {
  const Submit submit{"inspect_wal", "", "", "", {}};
  EXPECT_EQ(encode(submit), encode(Submit(submit)));
}

TEST(Codec, FieldsMayComeInAnyOrder) {
  Body body;
  body.map(4).text("about").text("").text("reason").text("").text("node").text("n1");
  body.text("command").text("inspect_node");
  EXPECT_TRUE(decode<Submit>(body.bytes()));
}

TEST(Codec, RefusesAMissingField) {
  Body body;
  body.map(3).text("command").text("x").text("node").text("").text("reason").text("");
  expect_refused<Submit>(body, "about", "missing");
}

TEST(Codec, RefusesADuplicateField) {
  Body body;
  body.map(5).text("command").text("x").text("node").text("a").text("reason").text("");
  body.text("about").text("").text("node").text("b");
  expect_refused<Submit>(body, "node", "twice");
}

TEST(Codec, RefusesAnUnknownField) {
  Body body;
  body.map(5).text("command").text("x").text("node").text("").text("reason").text("");
  body.text("about").text("").text("authority").text("operator");
  expect_refused<Submit>(body, "authority", "not known");
}

TEST(Codec, DoesNotRepeatAHostileFieldName) {
  auto body = submit_up_to_about();
  body.text("\x1B[2J").text("");
  expect_refused<Submit>(body, "?", "not known");
  // 63 letters and a two-octet letter: a cut at 64 octets would not be UTF-8 any more.
  auto cut = submit_up_to_about();
  cut.text(std::string(63, 'a') + "\xC3\xA9").text("");
  expect_refused<Submit>(cut, "?", "not known");
}

TEST(Codec, RefusesAKeyThatIsNotText) {
  auto body = submit_up_to_about();
  body.number(3).text("");
  expect_refused<Submit>(body, "body", "must be text");
}

TEST(Codec, WhatIsNoFieldsFaultIsTheBodys) {
  expect_refused<Submit>(Body(), "body", "not one MessagePack value");
  expect_refused<Submit>(Body().array(0), "body", "must be a map");
}

TEST(Codec, NestingCountsTheOuterMap) {
  const auto nested = [](std::size_t arrays) {
    auto body = submit_up_to_about();
    body.text("about");
    for (std::size_t i = 1; i < arrays; ++i) body.array(1);
    return body.array(0);
  };
  expect_refused<Submit>(nested(kMaxDepth - 1), "about", "must be UTF-8 text");
  expect_refused<Submit>(nested(kMaxDepth), "body", "not one MessagePack value");
}

TEST(Codec, RefusesTrailingOctets) {
  auto body = submit_up_to_about();
  body.text("about").text("").raw({0xC0});
  expect_refused<Submit>(body, "body", "follow");
}

TEST(Codec, RefusesEveryTruncation) {
  const auto whole = encode(Submit{"inspect_node", "n1", "", "", {}});
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(decode<Submit>(ByteView(whole).first(size))) << size;
}

TEST(Codec, RefusesAnOversizedBodyBeforeParsing) {
  Body body;
  body.raw({}).bin(kMaxBody);
  expect_refused<Submit>(body, "body", "too long");
}

TEST(Codec, RefusesAnOversizedText) {
  Body fits, over;
  for (auto* body : {&fits, &over})
    body->map(4).text("command").text("x").text("reason").text("").text("about").text("").text(
        "node");
  fits.text(std::string(64, 'n'));
  over.text(std::string(65, 'n'));
  EXPECT_TRUE(decode<Submit>(fits.bytes()));
  expect_refused<Submit>(over, "node", "too long");
}

TEST(Codec, RefusesTextThatIsNotUtf8) {
  for (const std::string bad : {"\xFF", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "a\xC3"}) {
    auto body = submit_up_to_about();
    body.text("about").text(bad);
    expect_refused<Submit>(body, "about", "UTF-8");
  }
}

TEST(Codec, RefusesWrongTypes) {
  auto text = submit_up_to_about();
  text.text("about").number(1);
  expect_refused<Submit>(text, "about", "UTF-8 text");
  auto binary = submit_up_to_about();
  binary.text("about").bin(2);
  expect_refused<Submit>(binary, "about", "UTF-8 text");
  Body list;
  list.array(0);
  expect_refused<Submit>(list, "body", "must be a map");
  Body negative;
  negative.map(1).text("nonce").raw({0xFF});
  expect_refused<Ping>(negative, "nonce", "unsigned");
  Body real;
  real.map(1).text("nonce").raw({0xCA, 0x3F, 0x80, 0, 0});
  expect_refused<Ping>(real, "nonce", "unsigned");
  Body nil;
  nil.map(1).text("token").raw({0xC0});
  expect_refused<Abandon>(nil, "token", "16 octets");
  Body extension;
  extension.map(1).text("token").raw({0xD4, 1, 1});
  EXPECT_FALSE(decode<Abandon>(extension.bytes()));
}

TEST(Codec, RefusesAnIdOfTheWrongLength) {
  for (const std::size_t size : {0U, 15U, 17U}) {
    Body body;
    body.map(1).text("token").bin(size);
    expect_refused<Abandon>(body, "token", "16 octets");
  }
}

TEST(Codec, RefusesAnEnumWordThatIsNotKnown) {
  Body body;
  body.map(1).text("why").text("Expired");
  expect_refused<VoidConfirmation>(body, "why", "known words");
}

TEST(Codec, RefusesTooManyElements) {
  Body body;
  body.map(4).text("token").bin(16).text("explanation_digest").bin(32);
  body.text("accept_responsibility").text("").text("acknowledge").array(33);
  for (int i = 0; i < 33; ++i) body.text("A");
  expect_refused<Confirm>(body, "acknowledge", "too long");
}

TEST(Codec, NamesTheElementAtFault) {
  Body body;
  body.map(4).text("token").bin(16).text("explanation_digest").bin(32);
  body.text("accept_responsibility").text("").text("acknowledge").array(2).text("A").number(1);
  expect_refused<Confirm>(body, "acknowledge[1]", "UTF-8 text");
}

TEST(Codec, NamesANestedField) {
  Body body;
  body.map(2).text("record").number(1).text("error").map(1).text("code").text("X");
  expect_refused<ErrorAnswer>(body, "error.domain", "missing");
}

TEST(Codec, RefusesDeepNesting) {
  Body body;
  body.map(1).text("nonce");
  for (int i = 0; i < 1000; ++i) body.array(1);
  body.number(1);
  EXPECT_FALSE(decode<Ping>(body.bytes()));
}

TEST(Codec, RefusesALengthThatIsNotThere) {
  Body body;
  body.map(1).text("nonce").raw({0xDD, 0xFF, 0xFF, 0xFF, 0xFF});
  EXPECT_FALSE(decode<Ping>(body.bytes()));
}

TEST(Codec, DefaultsFailClosed) {
  EXPECT_EQ(Observe{}.authority, Authority::none);
  EXPECT_EQ(Confirmed{}.confirmation, ConfirmationKind::never);
  EXPECT_EQ(ActAnswer{}.status, ActStatus::refused);
  EXPECT_EQ(Error{}.outcome, Outcome::unknown);
  EXPECT_TRUE(NodeFacts{}.stale);
  EXPECT_FALSE(Check{}.passes);
  EXPECT_EQ(OutcomeAnswer{}.verdict, Verdict::unknown);
}

TEST(CodecRow, AcceptsOnlyTheCanonicalForm) {
  Record record;
  record.seq = 5;
  record.effects = {{"holder", "n1", "n2"}};
  const auto octets = encode_row(record);
  const auto read = decode_row<Record>(octets);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, record);
  // seq 5 in a longer form: another spelling of the same record, so another hash.
  auto longer = octets;
  const auto at = std::find(longer.begin(), longer.end(), 5);
  longer.insert(at, 0xCC);
  EXPECT_FALSE(decode_row<Record>(longer));
}

}  // namespace
}  // namespace aeromq
