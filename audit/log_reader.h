// Reads records from the files of a log: up to the writer's durable watermark while one lives, all
// that is committed when none does. Follows a log that grows. Never writes, never takes a lock.
#pragma once
#include <deque>
#include <map>

#include "audit/recovery.h"

namespace aeromq::audit {

struct LogReaderOptions {
  /// Never read past the mark in this file. Empty: past the mark that a living writer names in
  /// LOCK, or past nothing when no writer lives.
  std::filesystem::path watermark;
};

/// One record as stored. `payload` stays valid until the next call of the reader.
struct Entry {
  std::uint64_t seq = 0;
  bool adopted = false;  ///< copied from an uncommitted tail by a later run
  std::uint64_t segment = 0;
  ByteView payload;
  Digest leaf() const { return leaf_hash(payload); }
};

enum class NoticeKind : std::uint8_t {
  run_begins,  ///< START
  run_ends,    ///< STOP
  recovered,   ///< RECOVERY: a tail that an earlier run left, and what became of it
  tail,        ///< octets behind the last COMMIT of the whole log, not yet judged by a writer
  damage,      ///< records may be missing here; verify says more
};

/// Something beside the records that a reader met.
struct Notice {
  NoticeKind kind = NoticeKind::damage;
  RecoveryClass found = RecoveryClass::clean;
  bool unclean = false;  ///< run_begins: the run before did not stop in order
  std::uint64_t segment = 0;
  std::uint64_t seq = 0;  ///< the next record's number
  std::string text;       ///< one line for people
};

class LogReader {
 public:
  /// Error AUDIT_UNAVAILABLE: the directory cannot be read, or the watermark is of another log.
  static Result<LogReader> open(const std::filesystem::path& dir, LogReaderOptions options);
  LogReader(LogReader&&) = default;
  LogReader& operator=(LogReader&&) = default;

  /// Looks for new segments and a higher watermark; the position stays. Cheap.
  Result<void> refresh();
  const std::filesystem::path& directory() const { return dir_; }
  const LogReaderOptions& options() const { return options_; }
  /// First and last record that can be read now; last < first: none.
  std::uint64_t first_seq() const;
  std::uint64_t durable_seq() const { return durable_; }
  /// The bound of this moment; nullopt: no writer lives, everything is read.
  const std::optional<Watermark>& bound() const { return bound_; }

  /// The next entry is the first with this number or a higher one. Reads at most one segment.
  Result<void> seek(std::uint64_t seq);
  /// The next record; nullopt at the end (for now). Errors: I/O and a segment of a newer version;
  /// damage is a notice.
  Result<std::optional<Entry>> next();
  /// What was met since the last call, in order.
  std::vector<Notice> take_notices();

 private:
  struct IndexPoint {
    std::uint64_t seq = 0;
    std::uint64_t offset = 0;
  };
  struct Segment {
    SegmentFile file;
    std::optional<SegmentHeader> header;  ///< read when first needed
    std::vector<IndexPoint> index;        ///< sparse, grows as the segment is walked
  };

  LogReader(std::filesystem::path dir, LogReaderOptions options);
  Result<void> find_bound();
  Result<void> find_end();
  Result<bool> load_batch();
  Result<Batch> read_batch();
  Result<bool> leave_segment(const Batch& batch);
  Result<bool> enter_segment(std::size_t index);
  Result<void> judge_end(const Batch& batch);
  std::uint64_t limit() const;
  Result<void> fill_window(std::uint64_t from, std::size_t bytes);
  void note(NoticeKind kind, std::string text, RecoveryClass found = RecoveryClass::clean);
  void note_control(const Frame& frame);
  void damage(std::string text);
  void remember(std::uint64_t seq, std::uint64_t offset);

  std::filesystem::path dir_;
  LogReaderOptions options_;
  std::optional<Watermark> bound_;
  std::vector<Segment> segments_;
  std::uint64_t durable_ = 0;
  std::vector<Notice> notices_;

  Fd file_;
  std::size_t current_ = 0;  ///< index into segments_
  bool entered_ = false;     ///< file_ is segments_[current_]
  std::uint64_t file_bytes_ = 0;
  std::uint64_t offset_ = 0;           ///< of the next batch in it
  std::uint64_t next_seq_ = 1;         ///< of the next batch
  std::uint64_t wanted_ = 1;           ///< entries below are passed over
  std::optional<Digest> last_commit_;  ///< hash, if a batch of this segment was walked
  bool end_judged_ = false;            ///< the log's tail was noted already

  Bytes window_;
  std::uint64_t window_at_ = 0;
  std::deque<Frame> frames_;  ///< of the current batch, still to be returned
};

}  // namespace aeromq::audit
