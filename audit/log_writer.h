// The only thing that writes the audit log. Serial: one batch is one write and one fdatasync, and
// the next begins after it. It must never write after an error, retry a sync, or change an octet
// that was written before; whoever holds it must acknowledge nothing before commit() returned.
#pragma once
#include <functional>

#include "audit/recovery.h"
#include "messages/time.h"

namespace aeromq::audit {

struct LogWriterOptions {
  std::uint64_t segment_bytes = 64ULL << 20;       ///< at least kMinSegmentBytes
  std::uint64_t first_segment_bytes = 1ULL << 20;  ///< of a run; each next one is four times larger
  BootId boot;                                     ///< of the run, as far as known
  std::string version;                             ///< of the program
  std::string origin = "aeromq/audit";             ///< of a new log
  std::filesystem::path watermark;                 ///< empty: DIR/watermark
  /// Called at "before_write", "after_write", "before_sync", "after_sync", "rotate".
  std::function<void(const char*)> at_step;
};
constexpr std::uint64_t kMinSegmentBytes = 64 * 1024;
constexpr std::size_t kMaxBatchBytes = 8U << 20;  ///< queued and uncommitted
constexpr std::uint64_t kPrepareBytes = 1U << 20;

/// What open() found and did.
struct OpenReport {
  RecoveryClass found = RecoveryClass::clean;
  bool fresh = true;               ///< the log is new
  bool unclean = false;            ///< the run before did not stop in order
  bool watermark_damaged = false;  ///< unreadable, so it could not show a loss
  std::uint64_t epoch = 0;         ///< of this run
  std::uint64_t next_seq = 1;      ///< of the first record of this run
  std::uint64_t adopted = 0;       ///< records copied from the uncommitted tail
  std::optional<Recovery> recovery;
  std::uint64_t wall_ns = 0;  ///< wall clock of the last COMMIT that was found
  std::uint64_t size = 0;     ///< of the tree that was found
  Digest root;
};

/// Room for records, in octets.
struct Space {
  std::uint64_t left = 0;     ///< in the segment that is written
  std::uint64_t segment = 0;  ///< its size
  std::uint64_t next = 0;     ///< size of the next one
  bool next_is_made = true;   ///< it lies ready, or can be made
  std::uint64_t free = 0;     ///< on the disk, beside it
  friend bool operator==(const Space&, const Space&) = default;
};

/// Single-threaded. All errors are AUDIT_UNAVAILABLE (requirements G1, G5, G9).
class LogWriter {
 public:
  /// Takes the lock, judges the log, begins a new segment with START (and RECOVERY and adopted
  /// records), durable when this returns. Refuses INTERIOR_CORRUPTION, PADDING_CORRUPT, LOSS,
  /// MISSING_SEGMENT and a covered AMBIGUOUS with the class in the text. Ignores SIGXFSZ for the
  /// process: a file-size limit must be an error, not a death.
  static Result<std::unique_ptr<LogWriter>> open(const std::filesystem::path& dir,
                                                 LogWriterOptions options, Moment now);
  ~LogWriter();

  const OpenReport& report() const { return report_; }
  /// The number that the next append() takes.
  std::uint64_t next_seq() const { return next_seq_; }
  /// The last record that is durable.
  std::uint64_t durable_seq() const { return durable_; }
  TreeHead head() const { return {state_.tree.size(), state_.tree.root()}; }
  bool poisoned() const { return poison_.has_value(); }
  /// Octets queued and not yet committed.
  std::size_t waiting() const { return batch_.size(); }

  /// Queues one record; returns its number. Nothing is durable yet. Errors: poisoned, payload
  /// longer than kMaxPayload, kMaxBatchBytes waiting (commit first).
  Result<std::uint64_t> append(ByteView payload);
  /// Makes everything queued durable: one write, one fdatasync, then the watermark. On any error
  /// the writer is poisoned, and of what was queued nobody knows whether it is durable.
  Result<void> commit(Moment now);
  /// A COMMIT without records, so that the batch before it is no longer the last one (only the
  /// last can be ambiguous). Does nothing if the last COMMIT is already one.
  Result<void> idle_commit(Moment now);
  /// At most once a second: are directory, lock and segment still the ones that were opened, with
  /// their size and name? Poisons if not.
  Result<void> check_files(Moment now);
  /// Makes a piece of the next segment ahead of its time, at most kPrepareBytes: its room is taken
  /// before it is needed, and is the reserve of a full disk. Without room it leaves nothing behind
  /// and tries again later; space() tells. Call when idle.
  void prepare(Moment now);
  Space space() const;
  /// STOP, and no more. Call commit() first.
  Result<void> close(Moment now);

 private:
  LogWriter(std::filesystem::path dir, LogWriterOptions options);
  Result<void> begin(Moment now);
  Result<void> take_log_lock();
  Result<void> open_watermark();
  void queue_start(const Found& found, Moment now);
  void queue(FrameType type, std::uint8_t flags, std::uint64_t seq, ByteView payload);
  Bytes finish_batch(Moment now);
  Result<void> write_batch(Moment now);
  Result<void> rotate(Moment now);
  Result<void> seal(Moment now);
  Result<void> make_segment(Moment now);
  Result<void> take_next(std::uint64_t file_bytes);
  Result<void> finish_next();
  void drop_next();
  std::uint64_t next_file_bytes() const;
  Result<void> publish();
  Result<void> look_at_files();
  Result<void> poisoning(Result<void> done);
  void step(const char* name) const;

  std::filesystem::path dir_;
  LogWriterOptions options_;
  OpenReport report_;
  std::optional<Error> poison_;
  bool closed_ = false;

  Fd lock_;
  Fd watermark_;
  Fd segment_;
  std::filesystem::path segment_path_;
  SegmentHeader header_;
  std::uint64_t position_ = 0;  ///< where the next batch goes
  std::uint64_t segments_of_run_ = 0;

  /// What will be the next segment: next.tmp, zeros so far.
  struct Next {
    Fd fd;
    std::uint64_t bytes = 0;   ///< its size, all of it taken from the disk
    std::uint64_t filled = 0;  ///< zeros really written
    bool synced = false;
  };
  Next next_;
  bool no_room_ = false;  ///< the last attempt to make it found none
  std::uint64_t try_again_ns_ = 0;

  ChainState state_;  ///< behind the last durable COMMIT
  std::uint64_t next_seq_ = 1;
  std::uint64_t durable_ = 0;
  Bytes batch_;                      ///< frames that wait, without CRCs
  std::vector<std::size_t> frames_;  ///< where each begins
  std::uint32_t records_ = 0;        ///< RECORD frames among them
  bool idle_ = false;                ///< the last COMMIT holds no record
  std::uint64_t looked_ns_ = 0;
};

}  // namespace aeromq::audit
