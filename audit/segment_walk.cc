#include "audit/segment_walk.h"

#include <cstring>

#include "audit/little_endian.h"

namespace aeromq::audit {
namespace {

Batch& refuse(Batch& batch, std::size_t at, std::string what) {
  batch.status = BatchStatus::invalid;
  batch.end = at;
  batch.what = std::move(what);
  return batch;
}

// The COMMIT must say exactly what the frames before it are.
void check_commit(Batch& batch, ByteView bytes, const Frame& frame, std::uint64_t first_seq,
                  std::uint64_t next_seq) {
  const auto commit = decode_commit(frame.payload);
  if (!commit) return static_cast<void>(refuse(batch, frame.offset, "COMMIT body is malformed"));
  batch.commit = *commit;
  const auto frames = bytes.subspan(batch.begin, frame.offset - batch.begin);
  if (commit->count != next_seq - first_seq || commit->first_seq != first_seq ||
      commit->batch_bytes != frames.size() || frame.seq != next_seq)
    return static_cast<void>(
        refuse(batch, frame.offset, "COMMIT does not describe the frames before it"));
  if (commit->batch_hash != sha256(frames))
    return static_cast<void>(refuse(batch, frame.offset, "COMMIT has another hash of its batch"));
  const auto frame_end = frame.offset + kCommitFrame;
  const auto end = align_up(frame_end, kCommitAlign);
  batch.commit_frame = bytes.subspan(frame.offset, kCommitFrame);
  batch.end = end;
  if (end > bytes.size()) {
    batch.status = BatchStatus::cut;
  } else if (!all_zero(bytes.subspan(frame_end, end - frame_end))) {
    batch.status = BatchStatus::padding;
    batch.what = "padding behind a COMMIT is not zero";
  } else {
    batch.status = BatchStatus::whole;
  }
}

// Offsets of all valid COMMIT frames from `from` on, wherever they begin.
std::vector<Frame> find_commits(ByteView bytes, std::size_t from, const Salt& salt) {
  std::array<std::uint8_t, 4> magic{};
  put_le(magic.data(), kFrameMagic);
  std::vector<Frame> found;
  while (from + kCommitFrame <= bytes.size()) {
    const auto* hit = static_cast<const std::uint8_t*>(
        memmem(bytes.data() + from, bytes.size() - from, magic.data(), magic.size()));
    if (hit == nullptr) break;
    const auto at = static_cast<std::size_t>(hit - bytes.data());
    Frame frame;
    if (parse_frame(bytes, at, salt, frame) == FrameStatus::valid &&
        frame.type == FrameType::commit)
      found.push_back(frame);
    from = at + 1;
  }
  return found;
}

std::size_t last_nonzero_end(ByteView bytes, std::size_t from) {
  auto end = bytes.size();
  constexpr std::size_t kPiece = 4096;
  while (end > from) {
    const auto begin = end - from > kPiece ? end - kPiece : from;
    if (!all_zero(bytes.subspan(begin, end - begin))) break;
    end = begin;
  }
  while (end > from && bytes[end - 1] == 0) --end;
  return end;
}

}  // namespace

Batch parse_batch(ByteView bytes, std::size_t offset, const Salt& salt, std::uint64_t next_seq) {
  Batch batch;
  batch.begin = batch.end = offset;
  const auto first_seq = next_seq;
  auto at = offset;
  for (;;) {
    if (at == offset && at < bytes.size() && bytes[at] == 0) {
      batch.status = BatchStatus::blank;
      return batch;
    }
    Frame frame;
    const auto status = parse_frame(bytes, at, salt, frame);
    batch.end = at;
    if (status == FrameStatus::cut) {
      batch.status = BatchStatus::cut;
      batch.what = "the segment ends within a frame";
      return batch;
    }
    if (status == FrameStatus::invalid) return refuse(batch, at, "no valid frame");
    if (frame.type == FrameType::commit) {
      check_commit(batch, bytes, frame, first_seq, next_seq);
      return batch;
    }
    if (frame.seq != next_seq) return refuse(batch, at, "sequence number out of order");
    if (frame.type == FrameType::record) ++next_seq;
    at += kFrameHeader + frame.payload.size();
    batch.frames.push_back(frame);
  }
}

Tail judge_tail(ByteView bytes, const Batch& batch, const Salt& salt) {
  Tail tail;
  tail.offset = batch.begin;
  const auto used_end = last_nonzero_end(bytes, batch.begin);
  tail.length = used_end - batch.begin;
  tail.torn_offset = std::min(batch.end, used_end);
  tail.what = batch.what;
  if (tail.length == 0) return tail;
  if (batch.status == BatchStatus::blank) tail.torn_offset = batch.begin;
  for (const auto& frame : batch.frames)
    if (frame.type == FrameType::record) tail.records.push_back(frame);

  const auto commits = find_commits(bytes, batch.begin, salt);
  if (!commits.empty()) {
    // Commits are serial: only the last batch can have been under way when the power went.
    const auto& first = commits.front();
    const auto commit = decode_commit(first.payload);
    const auto end = align_up(first.offset + kCommitFrame, kCommitAlign);
    const bool last_batch = commits.size() == 1 && commit &&
                            first.offset - batch.begin == commit->batch_bytes && used_end <= end &&
                            batch.end < first.offset;
    tail.kind = last_batch ? RecoveryClass::ambiguous : RecoveryClass::interior_corruption;
  } else if (tail.torn_offset == used_end) {
    tail.kind = RecoveryClass::uncommitted_valid_tail;
  } else {
    tail.kind = RecoveryClass::torn_tail;
  }
  return tail;
}

Recovery describe(const Tail& tail, ByteView bytes, std::uint64_t number) {
  Recovery recovery;
  recovery.found = tail.kind;
  recovery.segment = number;
  recovery.offset = tail.offset;
  recovery.length = tail.length;
  recovery.torn_offset = tail.torn_offset;
  recovery.digest = sha256(bytes.subspan(tail.offset, tail.length));
  recovery.adopted_first = tail.records.empty() ? 0 : tail.records.front().seq;
  recovery.adopted_count = tail.records.size();
  return recovery;
}

namespace {

// What chain and tree say against a batch that is whole in itself; nullptr = nothing.
const char* against_chain(const Batch& batch, const SegmentHeader& header, ChainState& state,
                          Roots roots) {
  if (batch.commit.previous != state.previous) return "COMMIT does not chain to the one before";
  state.next_seq += batch.commit.count;
  state.previous = sha256(batch.commit_frame);
  if (batch.commit.tree_size != state.next_seq - 1) return "COMMIT has another tree size";
  if (roots == Roots::skip) return nullptr;
  for (const auto& frame : batch.frames)
    if (frame.type == FrameType::record) state.tree.append(leaf_hash(frame.payload));
  if ((batch.commit.flags & kRootPresent) != 0 && batch.commit.root != state.tree.root())
    return "COMMIT has another root";
  if (batch.commit.boot != header.boot) return "COMMIT is of another run";
  return nullptr;
}

}  // namespace

Walk walk_segment(ByteView bytes, const SegmentHeader& header, ChainState& state, Roots roots,
                  const std::function<void(const Batch&)>& visit) {
  Walk walk;
  const auto fault = [&walk](RecoveryClass kind, std::size_t at, std::string what) {
    walk.fault = kind;
    walk.fault_offset = at;
    walk.what = std::move(what);
    return walk;
  };
  // A segment's first COMMIT chains to its header, and the header to the segment before.
  state.previous = sha256(bytes.first(kSegmentHeader));
  std::size_t at = kSegmentHeader;
  walk.good_end = at;
  while (at < bytes.size()) {
    const auto batch = parse_batch(bytes, at, header.salt, state.next_seq);
    if (batch.status == BatchStatus::padding)
      return fault(RecoveryClass::padding_corrupt, at, batch.what);
    if (batch.status != BatchStatus::whole) {
      walk.tail = judge_tail(bytes, batch, header.salt);
      if (walk.batches == 0)  // a segment gets its name only after its first batch is durable
        return fault(RecoveryClass::interior_corruption, at, "the first batch is damaged");
      if (walk.tail.kind == RecoveryClass::interior_corruption)
        return fault(RecoveryClass::interior_corruption, batch.end,
                     batch.what.empty() ? "octets are missing before a later COMMIT" : batch.what);
      return walk;
    }
    auto moved = state;
    if (const auto* what = against_chain(batch, header, moved, roots); what != nullptr)
      return fault(RecoveryClass::interior_corruption, at, what);
    state = std::move(moved);
    walk.good_end = at = batch.end;
    ++walk.batches;
    if (visit) visit(batch);
  }
  if (walk.batches == 0)
    return fault(RecoveryClass::interior_corruption, at, "the segment holds no batch");
  walk.tail.offset = at;
  walk.tail.torn_offset = at;
  return walk;
}

}  // namespace aeromq::audit
