// Walks the octets of one segment batch by batch, checks everything that they say about each other,
// and judges what stands behind the last good COMMIT. Pure; shared by recovery, reader and verify,
// so that the three can never disagree.
#pragma once
#include <functional>

#include "audit/format.h"

namespace aeromq::audit {

enum class BatchStatus : std::uint8_t {
  whole,    ///< frames, COMMIT and padding are in order
  blank,    ///< no frame begins here: a zero
  cut,      ///< goes on behind the octets that were given
  invalid,  ///< not a batch, see `what`
  padding,  ///< whole, but its padding is not zero
};

/// The batch that begins at one offset of a segment.
struct Batch {
  BatchStatus status = BatchStatus::invalid;
  std::vector<Frame> frames;  ///< valid ones in order, without the COMMIT; also if not whole
  Commit commit;
  ByteView commit_frame;  ///< its hash is the next COMMIT's `previous`
  std::size_t begin = 0;
  std::size_t end = 0;  ///< whole: behind the padding; else: the first octet not understood
  std::string what;     ///< invalid: why
};

/// Parses the batch at `offset` (frames, COMMIT, padding, sequence numbers, batch hash). `next_seq`
/// is the number that its first record must have. Offsets in the result count from the start of
/// `bytes`, which must begin on a commit_align boundary of the segment.
Batch parse_batch(ByteView bytes, std::size_t offset, const Salt& salt, std::uint64_t next_seq);

/// What stands behind the last good batch of a segment.
struct Tail {
  RecoveryClass kind = RecoveryClass::clean;
  std::size_t offset = 0;       ///< behind the last good batch
  std::size_t length = 0;       ///< up to the last octet that is not zero; 0 = nothing
  std::size_t torn_offset = 0;  ///< the first octet that is no valid frame; offset + length = none
  std::vector<Frame> records;   ///< valid RECORD frames before it: received, never acknowledged
  std::string what;
};

/// Judges `bytes` from `offset` on, where parse_batch found `batch` not whole.
Tail judge_tail(ByteView bytes, const Batch& batch, const Salt& salt);

/// The words of a RECOVERY frame for `tail` of segment `number`.
Recovery describe(const Tail& tail, ByteView bytes, std::uint64_t number);

/// Where the chain stands between two batches.
struct ChainState {
  std::uint64_t next_seq = 1;
  Digest previous;  ///< hash of the last COMMIT frame; zeros before the first
  MerkleTree tree;  ///< kept only if the walk computes roots
};

/// The outcome of a whole segment: its good part, its tail, or a fault that no tear explains.
struct Walk {
  std::size_t good_end = 0;
  std::uint64_t batches = 0;
  Tail tail;
  std::optional<RecoveryClass> fault;  ///< interior_corruption, padding_corrupt
  std::string what;
  std::size_t fault_offset = 0;
};

enum class Roots : std::uint8_t { skip, check };

/// Walks `bytes` (a segment with its header, already decoded and chained by the caller) and moves
/// `state` past every good batch. `visit` sees each good batch after `state` has moved.
Walk walk_segment(ByteView bytes, const SegmentHeader& header, ChainState& state, Roots roots,
                  const std::function<void(const Batch&)>& visit);

}  // namespace aeromq::audit
