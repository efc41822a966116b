// Somebody with write access to the files changes history, as skilfully as they can: each way is
// found, if need be against the checkpoint that an auditor kept.
#include "audit/verify.h"
#include "tests/audit/log_fixture.h"
#include "tests/audit/records.h"

namespace aeromq::audit {
namespace {

class ForgerTest : public LogFixture {
 protected:
  // Three runs, four segments: records 1 to 90, each of its own batch.
  void SetUp() override {
    std::uint64_t seq = 0;
    for (int run = 0; run < 3; ++run) {
      auto writer = open_writer();
      for (int i = 0; i < 4; ++i) {
        auto record = make_record(++seq, Stage::control_plane);
        record.reason = "word " + std::to_string(seq);
        put(*writer, {row(record)});
        if (seq == 6) early_ = writer->head();
      }
      head_ = writer->head();
      ASSERT_TRUE(writer->close(kNow));
    }
  }
  Verification verify(std::optional<TreeHead> remembered = {}) const {
    return verify_log(dir(), {{}, remembered});
  }

  /// Rewrites a segment as a perfect forger would: frames, CRCs, hashes and roots recomputed from
  /// `edit`ed batches. Returns the new hash of the last COMMIT.
  using Edit = std::function<void(std::vector<std::vector<std::string>>&)>;
  void rewrite(std::size_t index, const Edit& edit) {
    const auto file = segments()[index];
    auto bytes = load(file.path);
    const auto header = *decode_header(bytes);
    std::vector<std::vector<std::string>> batches;
    std::vector<Bytes> controls;
    std::vector<Commit> commits;
    ChainState state;
    state.next_seq = header.first_seq;
    state.tree = header.tree;
    walk_segment(bytes, header, state, Roots::check, [&](const Batch& batch) {
      batches.emplace_back();
      controls.emplace_back();
      commits.push_back(batch.commit);
      for (const auto& frame : batch.frames) {
        if (frame.type == FrameType::record)
          batches.back().emplace_back(as_text(frame.payload));
        else
          append_frame(controls.back(), frame.type, 0, frame.seq, frame.payload);
      }
    });
    edit(batches);
    auto head = header;
    head.version = version_.value_or(head.version);
    auto forged = encode_header(head);
    auto tree = header.tree;
    auto previous = sha256(forged);
    auto seq = header.first_seq;
    for (std::size_t i = 0; i < batches.size(); ++i) {
      Bytes batch = controls[i];
      if (!batch.empty()) seal_frame(batch, 0, header.salt);
      auto commit = commits[i];
      commit.first_seq = seq;
      commit.count = static_cast<std::uint32_t>(batches[i].size());
      for (const auto& payload : batches[i]) {
        const auto at = batch.size();
        append_frame(batch, FrameType::record, 0, seq++, as_bytes(payload));
        seal_frame(batch, at, header.salt);
        tree.append(leaf_hash(as_bytes(payload)));
      }
      commit.tree_size = tree.size();
      commit.root = tree.root();
      commit.previous = previous;
      commit.batch_bytes = batch.size();
      commit.batch_hash = sha256(batch);
      if (bend_) bend_(i, commit);
      const auto at = batch.size();
      append_frame(batch, FrameType::commit, 0, seq, encode_commit(commit));
      seal_frame(batch, at, header.salt);
      previous = sha256(ByteView(batch).subspan(at));
      batch.resize(align_up(batch.size(), kCommitAlign));
      forged.insert(forged.end(), batch.begin(), batch.end());
    }
    forged.resize(bytes.size());
    store(file.path, forged);
  }

  std::optional<std::uint16_t> version_;            // of the forged segment
  std::function<void(std::size_t, Commit&)> bend_;  // a last touch by the forger
  TreeHead early_;                                  // after record 6
  TreeHead head_;                                   // after record 12
};

TEST_F(ForgerTest, AnUntouchedLogIsSound) {
  const auto verified = verify(head_);
  EXPECT_EQ(verified.code, VerifyCode::ok);
  EXPECT_THAT(verified.findings, testing::IsEmpty());
  EXPECT_EQ(verified.head, head_);
  EXPECT_EQ(verified.head.size, 12U);
  EXPECT_EQ(verified.epochs, 3U);
  EXPECT_EQ(verify(early_).code, VerifyCode::ok);
  rewrite(2, [](auto&) {});  // the forger's own tool changes nothing by itself
  EXPECT_EQ(verify(head_).code, VerifyCode::ok);
}

// What an older program would call damaged must not stand in a segment that it would read.
TEST_F(ForgerTest, ALaterFieldInASegmentOfTheFirstVersion) {
  const auto add = [](auto& batches) {
    auto record = make_record(12, Stage::control_plane);
    record.successor = "n3";
    batches[batches.size() - 2].front() = row(record);  // the last is the STOP's
  };
  rewrite(2, add);
  EXPECT_EQ(verify().code, VerifyCode::ok);
  version_ = 1;
  rewrite(2, [](auto&) {});
  const auto found = verify();
  EXPECT_EQ(found.code, VerifyCode::corrupt);
  EXPECT_THAT(found.findings, testing::Contains("record 12 has fields that came after format 1"));
}

TEST_F(ForgerTest, ASegmentOfANewerVersionIsRefusedInWordsAndNotCalledDamage) {
  const auto file = segments().back();
  auto bytes = load(file.path);
  auto header = *decode_header(bytes);
  header.version = kFormatVersion + 1;
  const auto head = encode_header(header);
  std::ranges::copy(head, bytes.begin());
  store(file.path, bytes);
  const auto words = "segment 3 has format 4, this program reads up to 3";
  const auto found = verify();
  EXPECT_EQ(found.code, VerifyCode::io);
  EXPECT_THAT(found.findings, testing::Contains(testing::HasSubstr(words)));
  EXPECT_THAT(refusal(), testing::HasSubstr(words));
  EXPECT_THAT(refusal(), testing::Not(testing::HasSubstr("CORRUPTION")));
  const auto reader = LogReader::open(dir(), {});
  ASSERT_FALSE(reader) << "queries and exports read through it";
  EXPECT_THAT(reader.error().message, testing::HasSubstr(words));
  // Beside a living writer of the newer version its end is not looked for before it is read.
  auto bounded = LogReader::open(dir(), {mark()});
  ASSERT_TRUE(bounded);
  auto entry = bounded->next();
  while (entry && *entry) entry = bounded->next();
  ASSERT_FALSE(entry);
  EXPECT_THAT(entry.error().message, testing::HasSubstr(words));
  EXPECT_EQ(load(file.path), bytes);
}

TEST_F(ForgerTest, AnEditedRecordWithItsCrcRecomputed) {
  const auto file = segments()[0];
  auto bytes = load(file.path);
  const auto text = as_bytes("word 2");
  const auto hit = std::search(bytes.begin(), bytes.end(), text.begin(), text.end());
  ASSERT_NE(hit, bytes.end());
  hit[5] = '9';
  const auto salt = decode_header(bytes)->salt;
  for (std::size_t at = kSegmentHeader; at + kFrameHeader < bytes.size(); at += kCommitAlign)
    if (bytes[at] != 0) seal_frame(bytes, at, salt);
  store(file.path, bytes);
  const auto verified = verify();
  EXPECT_EQ(verified.code, VerifyCode::corrupt);
  EXPECT_THAT(verified.findings, testing::Contains(testing::HasSubstr("another hash")));
  EXPECT_THAT(refusal(), testing::HasSubstr("INTERIOR_CORRUPTION"));
}

TEST_F(ForgerTest, AnEditedRecordWithEverythingOfItsSegmentRecomputed) {
  rewrite(0, [](auto& batches) {
    auto record = *decode_row<Record>(as_bytes(batches[2][0]));
    record.principal = "mallory";
    batches[2][0] = row(record);
  });
  EXPECT_EQ(verify().code, VerifyCode::missing_segment);  // the next segment does not chain to it
  EXPECT_THAT(refusal(), testing::HasSubstr("MISSING_SEGMENT"));
}

TEST_F(ForgerTest, AnEditInTheLastSegmentWithEverythingRecomputedNeedsTheAuditorsCheckpoint) {
  rewrite(2, [](auto& batches) {
    auto record = *decode_row<Record>(as_bytes(batches[1][0]));
    record.principal = "mallory";
    batches[1][0] = row(record);
  });
  EXPECT_EQ(verify().code, VerifyCode::ok);  // nothing local can tell: that is what it is kept for
  EXPECT_EQ(verify(head_).code, VerifyCode::loss);
  EXPECT_EQ(verify(early_).code, VerifyCode::ok);
}

TEST_F(ForgerTest, ADeletedRecordLeavesAHoleInTheNumbers) {
  rewrite(2, [](auto& batches) { batches[2].clear(); });
  const auto verified = verify();
  EXPECT_EQ(verified.code, VerifyCode::corrupt);
  EXPECT_THAT(verified.findings, testing::Contains(testing::HasSubstr("names itself")));
}

TEST_F(ForgerTest, SwappedRecordsNameTheirOldNumbers) {
  rewrite(2, [](auto& batches) { std::swap(batches[1], batches[2]); });
  EXPECT_EQ(verify().code, VerifyCode::corrupt);
}

TEST_F(ForgerTest, SwappedBatchesDoNotChain) {
  const auto file = segments()[0];
  auto bytes = load(file.path);
  const auto at = [&](std::size_t batch) {
    return bytes.begin() + static_cast<std::ptrdiff_t>(kSegmentHeader + batch * kCommitAlign);
  };
  std::swap_ranges(at(1), at(2), at(2));
  store(file.path, bytes);
  EXPECT_EQ(verify().code, VerifyCode::corrupt);
}

TEST_F(ForgerTest, ACommitWithAnotherRootOrPreviousIsFoundWhateverElseFits) {
  const auto sound = load(segments()[2].path);
  bend_ = [](std::size_t i, Commit& commit) {
    if (i == 3) commit.root.octets[0] ^= 1;
  };
  rewrite(2, [](auto&) {});
  EXPECT_EQ(verify().code, VerifyCode::corrupt);
  store(segments()[2].path, sound);
  bend_ = [](std::size_t i, Commit& commit) {
    if (i == 3) commit.previous.octets[0] ^= 1;
  };
  rewrite(2, [](auto&) {});
  EXPECT_EQ(verify().code, VerifyCode::corrupt);
}

TEST_F(ForgerTest, ADroppedSegmentIsMissing) {
  fs::remove(segments()[1].path);
  EXPECT_EQ(verify().code, VerifyCode::missing_segment);
  EXPECT_THAT(refusal(), testing::HasSubstr("MISSING_SEGMENT: "));
}

TEST_F(ForgerTest, ADroppedFirstSegmentIsMissing) {
  fs::remove(segments()[0].path);
  EXPECT_EQ(verify().code, VerifyCode::missing_segment);
}

TEST_F(ForgerTest, ADroppedLastSegmentIsALossAgainstCheckpointOrWatermark) {
  fs::remove(segments()[2].path);
  EXPECT_EQ(verify().code, VerifyCode::ok);
  EXPECT_EQ(verify(head_).code, VerifyCode::loss);
  EXPECT_THAT(refusal(), testing::HasSubstr("LOSS: "));
}

TEST_F(ForgerTest, ALogCutBackToAnEarlierCommitIsALoss) {
  const auto file = segments()[2];
  auto bytes = load(file.path);
  std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(kSegmentHeader + 2 * kCommitAlign),
            bytes.end(), 0);
  store(file.path, bytes);
  EXPECT_EQ(verify().code, VerifyCode::ok);
  EXPECT_EQ(verify(head_).code, VerifyCode::loss);
  EXPECT_THAT(refusal(), testing::HasSubstr("LOSS: "));
}

TEST_F(ForgerTest, ALogCutBackAndContinuedIsALoss) {
  fs::remove(segments()[2].path);
  fs::remove(mark());
  auto writer = open_writer();
  for (std::uint64_t seq = 9; seq <= 14; ++seq)
    put(*writer, {row(make_record(seq, Stage::control_plane))});
  ASSERT_TRUE(writer->close(kNow));
  EXPECT_EQ(verify().code, VerifyCode::ok);
  EXPECT_EQ(verify(head_).code, VerifyCode::loss);
}

TEST_F(ForgerTest, ATruncatedFileIsCorrupt) {
  fs::permissions(segments()[1].path, fs::perms::owner_write, fs::perm_options::add);
  fs::resize_file(segments()[1].path, 3 * kCommitAlign);
  EXPECT_EQ(verify().code, VerifyCode::corrupt);
}

TEST_F(ForgerTest, AWholeLogOfSomebodyElseIsNotTheOneThatIsRemembered) {
  fs::remove_all(dir());
  EXPECT_THAT(refusal(), testing::HasSubstr("LOSS: "));
  EXPECT_EQ(verify(head_).code, VerifyCode::io);
  fs::remove(mark());
  { auto writer = open_writer(); }
  EXPECT_EQ(verify(head_).code, VerifyCode::loss);
}

}  // namespace
}  // namespace aeromq::audit
