// Each recovery class, from the octets that lead to it to what the next start does with them.
#include "audit/clock_witness.h"
#include "audit/verify.h"
#include "tests/audit/log_fixture.h"
#include "tests/audit/records.h"

namespace aeromq::audit {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

// Two records acknowledged, and a third batch of two that reached the file as far as a test says.
class RecoveryTest : public LogFixture {
 protected:
  void SetUp() override {
    auto writer = open_writer();
    put(*writer, {record(1), record(2)});
    good_end_ = position();
    mark_ = load(mark());
    put(*writer, {record(3), record(4)});
    end_ = position();
    path_ = segments().front().path;
    bytes_ = load(path_);
    // The crash: the second commit never returned, so its watermark was never published.
    store(mark(), mark_);
  }
  static std::string record(std::uint64_t seq) {
    return row(make_record(seq, Stage::control_plane));
  }
  std::uint64_t position() const { return read_watermark(mark()).value()->position; }
  void zero(std::uint64_t from, std::uint64_t to) {
    std::fill(bytes_.begin() + static_cast<std::ptrdiff_t>(from),
              bytes_.begin() + static_cast<std::ptrdiff_t>(to), std::uint8_t{0});
    store(path_, bytes_);
  }
  std::size_t commit_offset() const { return good_end_ + 2 * (kFrameHeader + record(3).size()); }
  std::vector<std::uint64_t> seqs() const { return read_all().seqs; }
  Verification verify() const { return verify_log(dir(), {}); }
  std::string old_segment() const { return to_hex(sha256(load(path_)).view()); }

  fs::path path_;
  Bytes bytes_;
  Bytes mark_;
  std::uint64_t good_end_ = 0;
  std::uint64_t end_ = 0;
};

TEST_F(RecoveryTest, Clean) {
  zero(good_end_, end_);
  const auto writer = open_writer();
  EXPECT_EQ(writer->report().found, RecoveryClass::clean);
  EXPECT_TRUE(writer->report().unclean);  // START without STOP
  EXPECT_EQ(writer->next_seq(), 3U);
  EXPECT_THAT(seqs(), ElementsAre(1, 2));
  EXPECT_EQ(verify().code, VerifyCode::ok);
}

TEST_F(RecoveryTest, ACommitThatWasWrittenAndNeverAcknowledgedIsKept) {
  const auto writer = open_writer();
  EXPECT_EQ(writer->report().found, RecoveryClass::clean);
  EXPECT_EQ(writer->next_seq(), 5U);
  EXPECT_THAT(seqs(), ElementsAre(1, 2, 3, 4));
}

TEST_F(RecoveryTest, UncommittedValidTailIsAdoptedUnderItsNumbers) {
  zero(commit_offset(), end_);
  EXPECT_EQ(verify().code, VerifyCode::ok);
  EXPECT_THAT(verify().findings, ElementsAre(HasSubstr("UNCOMMITTED_VALID_TAIL")));
  const auto before = old_segment();
  const auto writer = open_writer();
  EXPECT_EQ(writer->report().found, RecoveryClass::uncommitted_valid_tail);
  EXPECT_EQ(writer->report().adopted, 2U);
  EXPECT_EQ(writer->next_seq(), 5U);
  EXPECT_EQ(old_segment(), before);
  const auto all = read_all();
  EXPECT_THAT(all.payloads, ElementsAre(record(1), record(2), record(3), record(4)));
  EXPECT_EQ(verify().code, VerifyCode::ok);
}

TEST_F(RecoveryTest, TornTailIsKeptReportedAndItsWholeRecordsAdopted) {
  zero(good_end_ + kFrameHeader + record(3).size() + 40, end_);  // within record 4
  EXPECT_EQ(verify().code, VerifyCode::torn_tail);
  const auto before = old_segment();
  const auto writer = open_writer();
  EXPECT_EQ(writer->report().found, RecoveryClass::torn_tail);
  ASSERT_TRUE(writer->report().recovery);
  const auto& recovery = *writer->report().recovery;
  EXPECT_EQ(recovery.segment, 1U);
  EXPECT_EQ(recovery.offset, good_end_);
  EXPECT_EQ(recovery.torn_offset, good_end_ + kFrameHeader + record(3).size());
  EXPECT_EQ(recovery.digest,
            sha256(ByteView(bytes_).subspan(good_end_, static_cast<std::size_t>(recovery.length))));
  EXPECT_EQ(old_segment(), before) << "recovery changed what it found";
  const auto all = read_all();
  EXPECT_THAT(all.seqs, ElementsAre(1, 2, 3));
  EXPECT_THAT(all.notices,
              testing::Contains(testing::Field(&Notice::text, HasSubstr("TORN_TAIL"))));
  EXPECT_EQ(verify().code, VerifyCode::ok);
  EXPECT_THAT(verify().findings, testing::Contains(HasSubstr("TORN_TAIL recorded")));
}

TEST_F(RecoveryTest, ARecordedTailThatIsChangedLaterIsCorrupt) {
  zero(good_end_ + 40, end_);
  { const auto writer = open_writer(); }
  ASSERT_EQ(verify().code, VerifyCode::ok);
  bytes_[good_end_ + 30] ^= 1;
  store(path_, bytes_);
  EXPECT_EQ(verify().code, VerifyCode::corrupt);
  zero(good_end_, end_);  // wiped altogether
  EXPECT_EQ(verify().code, VerifyCode::corrupt);
}

TEST_F(RecoveryTest, AmbiguousStartsOnlyIfNoWatermarkCoversTheBatch) {
  zero(good_end_ + 40, good_end_ + 60);  // record 3 damaged, the COMMIT behind it is whole
  EXPECT_EQ(verify().code, VerifyCode::ambiguous);
  const auto writer = open_writer();
  EXPECT_EQ(writer->report().found, RecoveryClass::ambiguous);
  EXPECT_EQ(writer->next_seq(), 3U);
  EXPECT_EQ(verify().code, VerifyCode::ambiguous);  // stays undecidable, whatever follows
}

TEST_F(RecoveryTest, AmbiguousThatWasAcknowledgedIsRefused) {
  { const auto writer = open_writer(); }  // publishes a mark behind the batch...
  fs::remove(segments().back().path);     // ...and its own segment is not the question here
  auto mark = *read_watermark(this->mark()).value();
  mark.segment = 1;
  mark.position = end_;
  store(this->mark(), encode_watermark(mark));
  EXPECT_EQ(refusal(), "");
  fs::remove(segments().back().path);
  store(this->mark(), encode_watermark(mark));
  zero(good_end_ + 40, good_end_ + 60);
  EXPECT_THAT(refusal(), HasSubstr("AMBIGUOUS: "));
}

TEST_F(RecoveryTest, InteriorCorruptionIsRefused) {
  bytes_[good_end_ - kCommitAlign + 30] ^= 1;  // the second batch; a third follows
  store(path_, bytes_);
  EXPECT_THAT(refusal(), HasSubstr("INTERIOR_CORRUPTION: "));
  EXPECT_EQ(verify().code, VerifyCode::corrupt);
}

TEST_F(RecoveryTest, AZeroedMiddleIsNoEnd) {
  zero(good_end_ - kCommitAlign, good_end_);
  EXPECT_THAT(refusal(), HasSubstr("INTERIOR_CORRUPTION: "));
  EXPECT_EQ(verify().code, VerifyCode::corrupt);
}

TEST_F(RecoveryTest, PaddingCorruptIsRefused) {
  bytes_[end_ - 1] = 1;
  store(path_, bytes_);
  EXPECT_THAT(refusal(), HasSubstr("PADDING_CORRUPT: "));
}

TEST_F(RecoveryTest, LossBelowTheWatermarkIsRefused) {
  auto mark = *decode_watermark(mark_);
  mark.position = end_;
  mark.seq = 4;
  store(this->mark(), encode_watermark(mark));
  EXPECT_EQ(refusal(), "");
  fs::remove(segments().back().path);
  store(this->mark(), encode_watermark(mark));
  zero(commit_offset(), end_);  // whole records, but their COMMIT was acknowledged
  EXPECT_THAT(refusal(), HasSubstr("LOSS: "));
}

TEST_F(RecoveryTest, AGarbledWatermarkIsReportedAndProvesNothing) {
  store(mark(), Bytes(kWatermarkBytes, 0x5A));
  const auto writer = open_writer();
  EXPECT_TRUE(writer->report().watermark_damaged);
}

TEST_F(RecoveryTest, MissingSegmentIsRefused) {
  { const auto writer = open_writer(); }
  { const auto writer = open_writer(); }
  fs::remove(segments()[1].path);
  EXPECT_THAT(refusal(), HasSubstr("MISSING_SEGMENT: "));
}

TEST_F(RecoveryTest, ACrashDuringRecoveryTwiceChangesNothing) {
  zero(good_end_ + kFrameHeader + record(3).size() + 40, end_);
  const auto before = old_segment();
  // The crash: everything up to the n-th step happened, then the process was gone. next.tmp stays.
  for (const auto* last_step : {"before_write", "after_write", "before_sync"}) {
    auto crashing = options();
    struct Crash {};
    crashing.at_step = [&](const char* step) {
      if (std::string_view(step) == last_step) throw Crash{};
    };
    EXPECT_THROW((void)LogWriter::open(dir(), crashing, kNow), Crash);
    EXPECT_EQ(segments().size(), 1U);
    EXPECT_EQ(old_segment(), before);
    EXPECT_EQ(verify().code, VerifyCode::torn_tail);
  }
  // After "after_sync" the new segment stands; the crash loses only the acknowledgement.
  auto crashing = options();
  crashing.at_step = [&](const char* step) {
    if (std::string_view(step) == "after_sync") throw std::runtime_error("crash");
  };
  EXPECT_THROW((void)LogWriter::open(dir(), crashing, kNow), std::runtime_error);
  EXPECT_EQ(segments().size(), 2U);
  const auto writer = open_writer();
  EXPECT_EQ(writer->report().found, RecoveryClass::clean);
  EXPECT_TRUE(writer->report().unclean);
  EXPECT_EQ(writer->report().epoch, 3U);
  EXPECT_THAT(seqs(), ElementsAre(1, 2, 3));
  EXPECT_EQ(old_segment(), before);
  EXPECT_EQ(verify().code, VerifyCode::ok);
}

TEST_F(RecoveryTest, AcknowledgementsAfterATearSurviveTheNextCrash) {
  zero(good_end_ + 40, end_);
  {
    auto writer = open_writer();
    put(*writer, {record(3), record(4)});
  }
  auto writer = open_writer();
  EXPECT_THAT(seqs(), ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(verify().code, VerifyCode::ok);
  ASSERT_TRUE(writer->close(kNow));
}

// Times order nothing; that they went back is a remark, and the log stays sound.
TEST_F(RecoveryTest, AClockThatWentBackIsRemarked) {
  constexpr std::uint64_t kSecondNs = 1'000'000'000;
  constexpr std::uint64_t kDayNs = 86'400 * kSecondNs;
  { const auto writer = open_writer(); }
  const auto open_at = [&](Moment now) {
    auto writer = LogWriter::open(dir(), options(), now);
    EXPECT_TRUE(writer);
    EXPECT_EQ((*writer)->report().wall_ns, kNow.wall_ns);
    EXPECT_TRUE((*writer)->close(now));
  };
  const auto remark = [&] {
    for (const auto& finding : verify().findings)
      if (finding.find("clock") != std::string::npos) return finding;
    return std::string{};
  };
  { const auto writer = open_writer(); }
  EXPECT_EQ(remark(), "");
  open_at({kNow.boot_ns, kNow.wall_ns - 3 * kDayNs});
  EXPECT_THAT(remark(), HasSubstr("the wall clock went back by 3 d 0 h 0 min 0 s before record "));
  ASSERT_FALSE(wall_clock_behind(kNow.wall_ns, kNow.wall_ns - kSecondNs + 1)) << "is corrected";
  ClockWitness clocks;
  EXPECT_FALSE(clocks.see({5, 5}));
  EXPECT_EQ(clocks.see({4, 6}).value_or(""), "the boot clock went back by 0 s");
  clocks.run_begins();
  EXPECT_FALSE(clocks.see({1, 7})) << "the machine was started again";
}

TEST_F(RecoveryTest, AnIdleSealTakesTheLastBatchOutOfDoubt) {
  { const auto writer = open_writer(); }
  {
    auto writer = open_writer();
    put(*writer, {record(5)});
    ASSERT_TRUE(writer->idle_commit(kNow));
    const auto sealed = position();
    ASSERT_TRUE(writer->idle_commit(kNow));
    EXPECT_EQ(position(), sealed) << "an idle log must not grow";
  }
  const auto path = segments().back().path;
  auto bytes = load(path);
  bytes[kSegmentHeader + kCommitAlign + 30] ^= 1;  // record 5
  store(path, bytes);
  EXPECT_THAT(refusal(), HasSubstr("INTERIOR_CORRUPTION: "));
}

}  // namespace
}  // namespace aeromq::audit
