// The octets of the audit log: segment header, frame, the bodies of control frames, padding. Pure:
// octets in, values out. docs/audit-log.md has the same tables for somebody without this code.
#pragma once
#include <optional>

#include "audit/merkle_tree.h"

namespace aeromq::audit {

using LogId = FixedBytes<16, struct LogIdTag>;  ///< random, for the life of one log
using Salt = FixedBytes<8, struct SaltTag>;     ///< random per segment: foreign octets never check

constexpr std::uint32_t kFrameMagic = 0x4651'4D41;  ///< "AMQF"
constexpr std::size_t kFrameHeader = 24;
constexpr std::size_t kMaxPayload = 65'535;
constexpr std::size_t kSegmentHeader = 4096;
constexpr std::uint32_t kCommitAlign = 4096;  ///< no later write touches a sector of this batch
/// The record schema of all that is in a segment: what a writer of this program begins. Segments of
/// older versions are read for ever, none is written on.
constexpr std::uint16_t kFormatVersion = 3;
constexpr std::size_t kMaxOrigin = 126;
constexpr std::size_t kMaxPeaks = 64;

/// Which hash and tree a segment uses. A later one gets a number of its own.
enum class Algorithm : std::uint8_t { sha256_rfc6962 = 1 };
/// Flag of COMMIT and segment header: the root is computed (else it is zeros and not checked).
constexpr std::uint8_t kRootPresent = 0x01;

enum class FrameType : std::uint8_t {
  record = 1,      ///< payload: one audit record; the only frame that takes a sequence number
  commit = 2,      ///< ends a batch
  start = 3,       ///< a run of the writer begins (first frame of its first segment)
  stop = 4,        ///< it ended in order
  recovery = 5,    ///< what was found behind the last good COMMIT of the run before
  seal = 6,        ///< nothing follows in this segment
  prune = 7,       ///< reserved: segments were taken away by an authority
  checkpoint = 8,  ///< reserved: a signed tree head
};
/// Flag of a RECORD frame: copied from the uncommitted tail of the run before.
constexpr std::uint8_t kAdopted = 0x01;

/// What stands behind the last good COMMIT, or what is wrong with the log as a whole.
enum class RecoveryClass : std::uint8_t {
  clean,
  uncommitted_valid_tail,
  torn_tail,
  ambiguous,
  interior_corruption,
  padding_corrupt,
  loss,
  missing_segment,
};

/// "CLEAN", "TORN_TAIL" ...
std::string_view name_of(RecoveryClass kind);
/// "record", "commit" ...
std::string_view name_of(FrameType type);

struct SegmentHeader {
  std::uint16_t version = kFormatVersion;
  std::uint32_t commit_align = kCommitAlign;
  LogId log;
  std::uint64_t number = 0;  ///< 1, 2, 3 ... without a gap
  std::uint64_t first_seq = 0;
  Salt salt;
  std::uint64_t epoch = 0;  ///< runs of the writer, counted
  std::uint64_t wall_ns = 0;
  BootId boot;
  Digest previous;  ///< hash of the last COMMIT frame of the segment before; zeros in the first
  Digest root;      ///< of the tree before this segment's first record
  MerkleTree tree;  ///< the same as peaks, so that any segment can be checked by itself
  std::uint64_t file_bytes = 0;
  std::string origin;  ///< the log's name for signed checkpoints
};

/// Exactly kSegmentHeader octets. Precondition: origin <= kMaxOrigin.
Bytes encode_header(const SegmentHeader& header);
/// nullopt: not a whole, valid header of a version up to this one (CRC, zeros in unused octets,
/// root of peaks).
std::optional<SegmentHeader> decode_header(ByteView bytes);
/// The sentence that refuses a segment whose header is whole and of a newer version: nothing in it
/// is damaged, and nothing in it can be judged. nullopt: it is not that.
std::optional<std::string> refuse_newer(ByteView bytes, std::uint64_t segment);

struct Frame {
  FrameType type = FrameType::record;
  std::uint8_t flags = 0;
  std::uint64_t seq = 0;   ///< RECORD: its number; every other type: the next record's number
  ByteView payload;        ///< into the octets that were parsed
  std::size_t offset = 0;  ///< of the frame in those octets
};

/// Appends a frame without its CRC (the salt is known only when the segment is): see seal_frame.
void append_frame(Bytes& out, FrameType type, std::uint8_t flags, std::uint64_t seq,
                  ByteView payload);
/// Writes the CRC of the whole frame that begins at `offset`.
void seal_frame(Bytes& out, std::size_t offset, const Salt& salt);
/// How many octets the frame at `offset` takes, as its header says.
std::size_t frame_bytes(ByteView bytes, std::size_t offset);

enum class FrameStatus : std::uint8_t { valid, cut, invalid };
/// The frame at `offset`. cut: its octets run past `bytes`. invalid: magic, type, flags, reserved
/// octets, length or CRC are wrong.
FrameStatus parse_frame(ByteView bytes, std::size_t offset, const Salt& salt, Frame& frame);

struct Commit {
  std::uint8_t flags = kRootPresent;
  Algorithm algorithm = Algorithm::sha256_rfc6962;
  std::uint32_t count = 0;        ///< RECORD frames in the batch
  std::uint64_t first_seq = 0;    ///< of the batch; the next record's number if it has none
  std::uint64_t batch_bytes = 0;  ///< octets of the frames before this COMMIT
  std::uint64_t tree_size = 0;    ///< with this batch
  Digest root;
  Digest previous;    ///< hash of the COMMIT frame before; in a segment's first: of its header
  Digest batch_hash;  ///< SHA-256 of those batch_bytes octets
  BootId boot;
  std::uint64_t wall_ns = 0;
  std::uint64_t boot_ns = 0;
};
constexpr std::size_t kCommitBody = 160;
constexpr std::size_t kCommitFrame = kFrameHeader + kCommitBody;
Bytes encode_commit(const Commit& commit);
std::optional<Commit> decode_commit(ByteView body);

struct Start {
  std::uint64_t epoch = 0;
  BootId boot;
  RecoveryClass found = RecoveryClass::clean;
  bool unclean = false;  ///< the run before has no STOP
  std::uint64_t tree_size = 0;
  Digest root;
  std::uint64_t wall_ns = 0;
  std::uint64_t boot_ns = 0;
  std::string version;  ///< of the program, <= 64 octets
};
Bytes encode_start(const Start& start);
std::optional<Start> decode_start(ByteView body);

/// The octets behind the last good COMMIT of a segment, named so that nobody can change them.
struct Recovery {
  RecoveryClass found = RecoveryClass::clean;
  std::uint64_t segment = 0;      ///< where they stand
  std::uint64_t offset = 0;       ///< first octet behind the last good batch
  std::uint64_t length = 0;       ///< up to the last octet that is not zero
  std::uint64_t torn_offset = 0;  ///< first octet that is no valid frame; offset + length = none
  Digest digest;                  ///< SHA-256 of the `length` octets
  std::uint64_t adopted_first = 0;
  std::uint64_t adopted_count = 0;  ///< RECORD frames that were copied, flagged kAdopted
  friend bool operator==(const Recovery&, const Recovery&) = default;
};
Bytes encode_recovery(const Recovery& recovery);
std::optional<Recovery> decode_recovery(ByteView body);

struct Seal {
  std::uint64_t tree_size = 0;
  std::uint64_t first_seq = 0;
  std::uint64_t records = 0;
  std::uint64_t used_bytes = 0;  ///< where this SEAL frame begins
  Digest root;
};
Bytes encode_seal(const Seal& seal);
std::optional<Seal> decode_seal(ByteView body);

struct Stop {
  std::uint64_t tree_size = 0;
  std::uint64_t wall_ns = 0;
  std::uint64_t boot_ns = 0;
};
Bytes encode_stop(const Stop& stop);
std::optional<Stop> decode_stop(ByteView body);

/// "00000001-00000000000000000001.seg": number, first sequence number.
std::string segment_name(std::uint64_t number, std::uint64_t first_seq);
struct SegmentName {
  std::uint64_t number = 0;
  std::uint64_t first_seq = 0;
};
std::optional<SegmentName> parse_segment_name(std::string_view name);

constexpr std::uint64_t align_up(std::uint64_t value, std::uint64_t to) {
  return (value + to - 1) / to * to;
}
/// True if every octet is zero.
bool all_zero(ByteView bytes);

}  // namespace aeromq::audit
