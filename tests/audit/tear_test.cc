// Tears and rot in a small log, exhaustively: what was acknowledged before the last batch is never
// lost, and no changed bit is accepted in silence.
#include "audit/segment_walk.h"
#include "audit/verify.h"
#include "tests/audit/log_fixture.h"
#include "tests/audit/records.h"

namespace aeromq::audit {
namespace {

// Three acknowledged batches in one segment, held in memory: START, one record, two records.
class TearTest : public LogFixture {
 protected:
  void SetUp() override {
    {
      auto writer = open_writer();
      put(*writer, {row(make_record(1, Stage::requested, request_text(1)))});
      before_last_ = read_watermark(mark()).value()->position;
      put(*writer, {row(make_record(2, Stage::refused, request_text(1))),
                    row(make_record(3, Stage::requested, request_text(2)))});
      end_ = read_watermark(mark()).value()->position;
    }
    path_ = segments().front().path;
    sound_ = load(path_);
  }

  struct Judged {
    bool header = false;
    std::vector<std::uint64_t> seqs;
    Walk walk;
  };
  Judged judge(const Bytes& bytes) const {
    Judged judged;
    const auto header = decode_header(bytes);
    judged.header = header.has_value();
    if (!header) return judged;
    ChainState state;
    judged.walk = walk_segment(bytes, *header, state, Roots::check, [&](const Batch& batch) {
      for (const auto& frame : batch.frames)
        if (frame.type == FrameType::record) judged.seqs.push_back(frame.seq);
    });
    return judged;
  }

  fs::path path_;
  Bytes sound_;
  std::uint64_t before_last_ = 0;
  std::uint64_t end_ = 0;
};

TEST_F(TearTest, TheLastBatchTornAtEveryOctetKeepsWhatWasAcknowledgedBefore) {
  std::map<RecoveryClass, int> seen;
  for (auto cut = before_last_; cut < end_; ++cut) {
    auto torn = sound_;
    std::fill(torn.begin() + static_cast<std::ptrdiff_t>(cut), torn.end(), 0);
    const auto judged = judge(torn);
    ASSERT_FALSE(judged.walk.fault) << cut << judged.walk.what;
    ASSERT_FALSE(judged.seqs.empty());
    EXPECT_EQ(judged.seqs.front(), 1U);
    ++seen[judged.walk.tail.kind];
    // A cut inside trailing zeros changes nothing, so the batch is whole.
    if (torn == sound_)
      EXPECT_EQ(judged.seqs.size(), 3U);
    else
      EXPECT_EQ(judged.seqs.size(), 1U);
  }
  EXPECT_GT(seen[RecoveryClass::torn_tail], 100);
  EXPECT_GE(seen[RecoveryClass::uncommitted_valid_tail], 2);  // behind record 2, and behind 3
  EXPECT_EQ(seen[RecoveryClass::interior_corruption], 0);
}

TEST_F(TearTest, EveryZeroedPieceOfTheLastBatchIsATearOrAmbiguous) {
  const auto used = end_;
  constexpr std::uint64_t kPiece = 64;  // finer than a sector: the batch has less than one
  for (auto at = before_last_; at < used; at += kPiece) {
    auto torn = sound_;
    std::fill_n(torn.begin() + static_cast<std::ptrdiff_t>(at), kPiece, 0);
    if (torn == sound_) continue;
    const auto judged = judge(torn);
    ASSERT_FALSE(judged.walk.fault) << at << judged.walk.what;
    EXPECT_EQ(judged.seqs.size(), 1U);
    const auto kind = judged.walk.tail.kind;
    EXPECT_TRUE(kind == RecoveryClass::torn_tail || kind == RecoveryClass::ambiguous) << at;
  }
}

TEST_F(TearTest, EveryFlippedBitIsFoundOrLandsInTheTail) {
  int faults = 0;
  int tails = 0;
  for (std::size_t bit = 0; bit < sound_.size() * 8; ++bit) {
    // Behind the batches all is zero and all bits are alike: a few are enough.
    if (bit / 8 > end_ + 16 && bit % 4099 != 0) continue;
    auto flipped = sound_;
    flipped[bit / 8] = static_cast<std::uint8_t>(flipped[bit / 8] ^ 1U << bit % 8);
    const auto judged = judge(flipped);
    if (!judged.header || judged.walk.fault) {
      ++faults;
      EXPECT_LT(bit / 8, end_);
      continue;
    }
    ++tails;
    ASSERT_NE(judged.walk.tail.kind, RecoveryClass::clean) << "bit " << bit << " passed";
    EXPECT_GE(bit / 8, before_last_) << "an acknowledged batch was taken for a tear";
    ASSERT_FALSE(judged.seqs.empty());
    EXPECT_EQ(judged.seqs.front(), 1U);
  }
  EXPECT_GT(faults, 8 * 12000);
  EXPECT_GT(tails, 100);
}

TEST_F(TearTest, VerifyNamesEachKindOfDamage) {
  const auto code_after = [&](std::uint64_t at, std::uint8_t with) {
    auto changed = sound_;
    changed[at] = static_cast<std::uint8_t>(changed[at] ^ with);
    store(path_, changed);
    return verify_log(dir(), {});
  };
  EXPECT_EQ(code_after(0, 0).code, VerifyCode::ok);
  EXPECT_EQ(code_after(100, 1).code, VerifyCode::corrupt);                  // header
  EXPECT_EQ(code_after(kSegmentHeader + 30, 1).code, VerifyCode::corrupt);  // first batch
  EXPECT_EQ(code_after(before_last_ - 1, 1).code, VerifyCode::corrupt);     // padding inside
  EXPECT_EQ(code_after(end_ - 1, 1).code, VerifyCode::corrupt);             // padding at the end
  EXPECT_EQ(code_after(before_last_ + 30, 1).code, VerifyCode::ambiguous);  // last batch's record
  EXPECT_EQ(code_after(end_ + 5, 1).code, VerifyCode::torn_tail);           // behind the log
}

}  // namespace
}  // namespace aeromq::audit
