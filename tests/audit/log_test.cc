// Writer and reader together: what was acknowledged is read back, in order, by number.
#include "tests/audit/log_fixture.h"

namespace aeromq::audit {
namespace {

using testing::ElementsAre;
using LogTest = LogFixture;

TEST_F(LogTest, WhatIsCommittedIsReadBackInOrder) {
  auto writer = open_writer();
  EXPECT_TRUE(writer->report().fresh);
  EXPECT_EQ(writer->next_seq(), 1U);
  put(*writer, {"one", "two"});
  put(*writer, {"three"});
  EXPECT_EQ(writer->durable_seq(), 3U);
  ASSERT_TRUE(writer->close(kNow));
  const auto all = read_all();
  EXPECT_THAT(all.payloads, ElementsAre("one", "two", "three"));
  EXPECT_THAT(all.seqs, ElementsAre(1, 2, 3));
}

TEST_F(LogTest, AQueuedRecordIsNotInTheLogBeforeItsCommit) {
  auto writer = open_writer();
  put(*writer, {"one"});
  ASSERT_TRUE(writer->append(as_bytes("two")));
  EXPECT_THAT(read_all().payloads, ElementsAre("one"));
  EXPECT_EQ(writer->durable_seq(), 1U);
}

TEST_F(LogTest, ANewRunGoesOnInASegmentOfItsOwn) {
  {
    auto writer = open_writer();
    put(*writer, {"one"});
    ASSERT_TRUE(writer->close(kNow));
  }
  auto writer = open_writer();
  EXPECT_FALSE(writer->report().unclean);
  EXPECT_EQ(writer->report().epoch, 2U);
  EXPECT_EQ(writer->next_seq(), 2U);
  put(*writer, {"two"});
  EXPECT_EQ(segments().size(), 2U);
  EXPECT_THAT(read_all().payloads, ElementsAre("one", "two"));
}

TEST_F(LogTest, AFullSegmentIsSealedAndTheNextOneGoesOn) {
  auto writer = open_writer();
  std::vector<std::string> wanted;
  for (int i = 0; i < 100; ++i) {
    wanted.push_back(std::string(3000, static_cast<char>('a' + i % 26)) + std::to_string(i));
    put(*writer, {wanted.back()});
  }
  EXPECT_GT(segments().size(), 5U);
  EXPECT_EQ(read_all().payloads, wanted);
  const auto status = fs::status(segments().front().path).permissions();
  EXPECT_EQ(status & fs::perms::owner_write, fs::perms::none);
}

TEST_F(LogTest, ABatchLargerThanASegmentGetsALargerOne) {
  auto writer = open_writer();
  const std::vector<std::string> wanted(4, std::string(kMaxPayload, 'x'));
  put(*writer, wanted);
  EXPECT_EQ(read_all().payloads, wanted);
  EXPECT_FALSE(writer->append(Bytes(kMaxPayload + 1)));
}

TEST_F(LogTest, AReaderFollowsAGrowingLogAcrossSegments) {
  auto writer = open_writer();
  auto reader = LogReader::open(dir(), {mark()});
  ASSERT_TRUE(reader);
  for (int i = 0; i < 60; ++i) {
    const auto wanted = std::string(3000, 'y') + std::to_string(i);
    put(*writer, {wanted});
    ASSERT_TRUE(reader->refresh());
    EXPECT_EQ(reader->durable_seq(), writer->durable_seq());
    auto entry = reader->next();
    ASSERT_TRUE(entry && *entry) << i;
    EXPECT_EQ(as_text((*entry)->payload), wanted);
    EXPECT_EQ((*entry)->leaf(), leaf_hash(as_bytes(wanted)));
    auto end = reader->next();
    ASSERT_TRUE(end);
    EXPECT_FALSE(*end);
  }
}

TEST_F(LogTest, SeekFindsAnyNumber) {
  auto writer = open_writer();
  for (int i = 1; i <= 200; ++i) put(*writer, {std::string(1000, 'z') + std::to_string(i)});
  auto reader = LogReader::open(dir(), {mark()});
  ASSERT_TRUE(reader);
  for (std::uint64_t seq : {200U, 1U, 57U, 58U, 199U, 3U}) {
    ASSERT_TRUE(reader->seek(seq));
    auto entry = reader->next();
    ASSERT_TRUE(entry && *entry);
    EXPECT_EQ((*entry)->seq, seq);
    EXPECT_EQ(as_text((*entry)->payload).substr(1000), std::to_string(seq));
  }
}

TEST_F(LogTest, OnlyOneWriterAtATime) {
  auto writer = open_writer();
  EXPECT_THAT(refusal(), testing::HasSubstr("another writer holds"));
}

}  // namespace
}  // namespace aeromq::audit
