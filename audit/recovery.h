// What a starting writer finds: the state that its new segment continues, or the class for which
// it must refuse. Reads only; changes no octet of what is there.
#pragma once
#include "audit/segment_walk.h"
#include "audit/watermark.h"

namespace aeromq::audit {

struct SegmentFile {
  SegmentName name;
  std::filesystem::path path;
};

/// The segment files under `dir`/log in number order. Error: the directory cannot be read, or two
/// files have one number.
Result<std::vector<SegmentFile>> list_segments(const std::filesystem::path& dir);

/// Why `header` cannot follow a segment `before` (nullptr: the first of the log) whose walk ended
/// at `state`; nullopt if it follows. `file_bytes` is the real size of the file.
struct ChainBreak {
  RecoveryClass kind = RecoveryClass::missing_segment;
  std::string what;
};
std::optional<ChainBreak> check_follows(const SegmentHeader* before, const ChainState& state,
                                        const SegmentHeader& header, const SegmentName& name);

/// A log as found, fit to be continued.
struct Found {
  bool fresh = true;  ///< no segment at all
  SegmentHeader last_header;
  ChainState state;  ///< behind the last good COMMIT, with its tree
  bool unclean = false;
  std::uint64_t wall_ns = 0;  ///< of the last good COMMIT
  RecoveryClass kind = RecoveryClass::clean;
  std::optional<Recovery> recovery;  ///< what the RECOVERY frame has to say
  std::vector<Bytes> adopted;        ///< payloads to be copied, in order
};

/// Scans the whole log and judges it against `mark`, the newest watermark known. Error
/// AUDIT_UNAVAILABLE whose text begins with the class: INTERIOR_CORRUPTION, PADDING_CORRUPT, LOSS,
/// MISSING_SEGMENT, AMBIGUOUS (only if `mark` covers the batch); or refuse_newer(); or an I/O
/// error.
Result<Found> recover(const std::filesystem::path& dir, const std::optional<Watermark>& mark);

}  // namespace aeromq::audit
