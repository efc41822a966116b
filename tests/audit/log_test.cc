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

TEST_F(LogTest, WhatIsWrittenAndNotYetSyncedIsShownToNobody) {
  std::vector<std::vector<std::string>> shown;
  auto watched = options();
  watched.at_step = [&](const char* step) {
    if (std::string_view(step) != "before_sync" || segments().empty()) return;
    shown.push_back(read_all({mark()}).payloads);
    shown.push_back(read_all().payloads);  // finds the living writer by its lock
  };
  auto writer = LogWriter::open(dir(), watched, kNow);
  ASSERT_TRUE(writer);
  put(**writer, {"one"});
  put(**writer, {"two"});
  EXPECT_THAT(shown, ElementsAre(testing::IsEmpty(), testing::IsEmpty(), ElementsAre("one"),
                                 ElementsAre("one")));
  EXPECT_THAT(read_all().payloads, ElementsAre("one", "two"));
}

TEST_F(LogTest, StepsComeInTheOrderOfDurability) {
  std::vector<std::string> steps;
  auto watched = options();
  watched.at_step = [&](const char* step) { steps.emplace_back(step); };
  auto writer = LogWriter::open(dir(), watched, kNow);
  ASSERT_TRUE(writer);
  steps.clear();
  put(**writer, {"one"});
  EXPECT_THAT(steps, ElementsAre("before_write", "after_write", "before_sync", "after_sync"));
  for (steps.clear(); std::ranges::find(steps, "rotate") == steps.end();) {
    steps.clear();
    put(**writer, {std::string(9000, 'x')});
  }
  EXPECT_EQ(steps.size(), 9U);  // rotate, the SEAL, then the first batch of the next segment
  EXPECT_EQ(steps.front(), "rotate");
}

TEST_F(LogTest, AReaderOfAnotherLogsWatermarkIsRefused) {
  { auto writer = open_writer(); }
  auto mark = *read_watermark(this->mark()).value();
  mark.log.octets[0] ^= 1;
  store(this->mark(), encode_watermark(mark));
  auto reader = LogReader::open(dir(), {this->mark()});
  ASSERT_TRUE(reader);
  EXPECT_FALSE(reader->next());
}

TEST_F(LogTest, DamageUnderTheWatermarkIsANoticeAndNotTheEnd) {
  auto writer = open_writer();
  for (int i = 0; i < 30; ++i) put(*writer, {std::string(3000, 'q') + std::to_string(i)});
  ASSERT_GT(segments().size(), 2U);
  const auto path = segments().front().path;
  auto bytes = load(path);
  bytes[kSegmentHeader + 3 * kCommitAlign + 100] ^= 1;
  store(path, bytes);
  const auto all = read_all({mark()});
  EXPECT_EQ(all.seqs.back(), 30U);
  EXPECT_LT(all.seqs.size(), 30U);
  EXPECT_THAT(all.notices, testing::Contains(testing::Field(&Notice::kind, NoticeKind::damage)));
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
