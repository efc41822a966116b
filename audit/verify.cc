#include "audit/verify.h"

#include "audit/clock_witness.h"
#include "audit/trail.h"
#include "messages/as_of.h"

namespace aeromq::audit {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMaxFindings = 1000;
static_assert(kFormatVersion == kRecordSchema, "a segment's version names its records' schema");

int severity(VerifyCode code) {
  switch (code) {
    case VerifyCode::ok:
      return 0;
    case VerifyCode::torn_tail:
      return 1;
    case VerifyCode::ambiguous:
      return 2;
    case VerifyCode::loss:
      return 3;
    case VerifyCode::missing_segment:
      return 4;
    case VerifyCode::corrupt:
      return 5;
    case VerifyCode::io:
      return 6;
  }
  return 6;
}

}  // namespace

// One pass over the segments in order; everything that must be remembered between them.
class VerifyJob::Verifier {
 public:
  Verifier(const fs::path& dir, VerifyOptions options) : options_(std::move(options)) {
    auto reader = LogReader::open(dir, {options_.watermark});
    auto files = list_segments(dir);
    readable_ = reader && files;
    if (!readable_) find(VerifyCode::io, !reader ? reader.error().message : files.error().message);
    if (!readable_) return;
    files_ = std::move(*files);
    bound_ = reader->bound();
    durable_ = reader->durable_seq();
    if (bound_)
      std::erase_if(files_, [&](const auto& file) { return file.name.number > bound_->segment; });
    if (files_.empty() && !bound_) find(VerifyCode::io, "no segment in " + (dir / "log").string());
  }

  bool step() {
    if (stop_ || at_ == files_.size()) return false;
    const auto& file = files_[at_++];
    check_segment(file, at_ == files_.size(), bound_);
    return true;
  }

  std::uint64_t checked() const { return state_.tree.size(); }
  std::uint64_t durable() const { return durable_; }

  Verification finish() {
    if (!readable_) return std::move(result_);
    check_remembered_end();
    check_open_ends();
    result_.head = {state_.tree.size(), state_.tree.root()};
    return std::move(result_);
  }

 private:
  void find(VerifyCode code, std::string what) {
    if (severity(code) > severity(result_.code)) result_.code = code;
    if (result_.findings.size() < kMaxFindings)
      result_.findings.push_back(std::move(what));
    else
      ++unlisted_;
  }

  static VerifyCode code_of(RecoveryClass kind) {
    switch (kind) {
      case RecoveryClass::clean:
      case RecoveryClass::uncommitted_valid_tail:
        return VerifyCode::ok;
      case RecoveryClass::torn_tail:
        return VerifyCode::torn_tail;
      case RecoveryClass::ambiguous:
        return VerifyCode::ambiguous;
      case RecoveryClass::loss:
        return VerifyCode::loss;
      case RecoveryClass::missing_segment:
        return VerifyCode::missing_segment;
      case RecoveryClass::interior_corruption:
      case RecoveryClass::padding_corrupt:
        break;
    }
    return VerifyCode::corrupt;
  }

  // A log cannot be followed past a break of its chain; the break is the finding.
  void end_here(VerifyCode code, std::string what) {
    find(code, std::move(what));
    stop_ = true;
  }

  void check_segment(const SegmentFile& file, bool last, const std::optional<Watermark>& bound) {
    file_ = file.path.filename().string();
    const bool bounded = bound && bound->segment == file.name.number;
    auto bytes = read_file(file.path);
    if (!bytes) return end_here(VerifyCode::io, bytes.error().message);
    if (const auto newer = refuse_newer(*bytes, file.name.number))
      return end_here(VerifyCode::io, *newer);
    const auto header = decode_header(*bytes);
    if (!header) return end_here(VerifyCode::corrupt, file_ + ": the header is damaged");
    if (const auto broken =
            check_follows(before_ ? &*before_ : nullptr, state_, *header, file.name)) {
      // Damage at the end of a segment hides the COMMIT to which the next one chains.
      const bool damaged = tail_ && header->number == before_->number + 1;
      return end_here(damaged ? VerifyCode::corrupt : code_of(broken->kind),
                      file_ + ": " + broken->what);
    }
    if (header->file_bytes != bytes->size())
      return end_here(VerifyCode::corrupt, file_ + ": the file has another size than it says");
    if (before_ && header->root != state_.tree.root())
      return end_here(VerifyCode::corrupt, file_ + ": the header has another root");
    before_ = *header;
    if (bounded) {
      if (bound->position > bytes->size())
        return end_here(VerifyCode::loss, file_ + ": ends before the watermark");
      bytes->resize(static_cast<std::size_t>(bound->position));
    }
    ++result_.segments;
    first_batch_ = true;
    const auto walk = walk_segment(*bytes, *header, state_, Roots::check,
                                   [this](const Batch& batch) { check_batch(batch); });
    result_.commits += walk.batches;
    if (walk.fault)
      return end_here(code_of(*walk.fault),
                      file_ + " at octet " + std::to_string(walk.fault_offset) + ": " + walk.what);
    keep_tail(walk, *bytes, header->number, last, bounded);
  }

  // What an old segment leaves behind its last COMMIT must be recorded by the next one.
  void keep_tail(const Walk& walk, ByteView bytes, std::uint64_t number, bool last, bool bounded) {
    tail_.reset();
    tail_payloads_.clear();
    if (walk.tail.length == 0) return;
    if (bounded) return end_here(VerifyCode::loss, file_ + ": ends before the watermark");
    tail_ = describe(walk.tail, bytes, number);
    for (const auto& frame : walk.tail.records)
      tail_payloads_.emplace_back(frame.payload.begin(), frame.payload.end());
    if (last)
      find(code_of(tail_->found),
           file_ + ": " + std::string(name_of(tail_->found)) + " at octet " +
               std::to_string(tail_->offset) + ", " + std::to_string(tail_->length) + " octets, " +
               std::to_string(tail_->adopted_count) + " whole records in it");
  }

  void check_batch(const Batch& batch) {
    std::optional<Recovery> recovery;
    std::vector<Bytes> adopted;
    for (const auto& frame : batch.frames) {
      if (frame.type == FrameType::record) {
        if ((frame.flags & kAdopted) != 0)
          adopted.emplace_back(frame.payload.begin(), frame.payload.end());
        check_record(frame);
      } else if (!check_control(frame, recovery)) {
        find(VerifyCode::corrupt,
             file_ + ": " + std::string(name_of(frame.type)) + " frame is malformed");
      }
    }
    if (first_batch_) {
      check_recovery(recovery, adopted);
    } else if (recovery || !adopted.empty()) {
      find(VerifyCode::corrupt, file_ + ": recovery in the middle of a segment");
    }
    first_batch_ = false;
    if (const auto back = clocks_.see({batch.commit.boot_ns, batch.commit.wall_ns}))
      find(VerifyCode::ok, *back + " before record " + std::to_string(state_.next_seq) + " (run " +
                               std::to_string(result_.epochs) + ")");
    check_remembered(batch);
    tree_before_ = state_.tree;
  }

  bool check_control(const Frame& frame, std::optional<Recovery>& recovery) {
    switch (frame.type) {
      case FrameType::start: {
        const auto start = decode_start(frame.payload);
        if (!start) return false;
        ++result_.epochs;
        clocks_.run_begins();
        if (start->epoch != result_.epochs)
          find(VerifyCode::corrupt, file_ + ": START has another epoch");
        if (start->unclean)
          find(VerifyCode::ok, "epoch " + std::to_string(start->epoch - 1) + " ended at seq " +
                                   std::to_string(frame.seq - 1) + " (unclean)");
        return true;
      }
      case FrameType::recovery:
        recovery = decode_recovery(frame.payload);
        return recovery.has_value();
      case FrameType::seal:
        return decode_seal(frame.payload).has_value();
      case FrameType::stop:
        return decode_stop(frame.payload).has_value();
      default:
        return true;  // reserved for later versions: covered by the chain, not interpreted
    }
  }

  void check_recovery(const std::optional<Recovery>& recovery, const std::vector<Bytes>& adopted) {
    if (recovery != tail_)
      return find(VerifyCode::corrupt,
                  file_ +
                      ": the octets behind the last COMMIT of the segment before are not what "
                      "was found there when this segment began");
    if (adopted != tail_payloads_)
      return find(VerifyCode::corrupt, file_ + ": adopted records differ from the tail");
    if (!recovery) return;
    // A recorded, unchanged tear is history, not a fault; an ambiguous batch stays undecidable.
    find(recovery->found == RecoveryClass::ambiguous ? VerifyCode::ambiguous : VerifyCode::ok,
         std::string(name_of(recovery->found)) + " recorded: segment " +
             std::to_string(recovery->segment) + " at octet " + std::to_string(recovery->offset) +
             ", " + std::to_string(recovery->length) + " octets, " +
             std::to_string(recovery->adopted_count) + " records adopted");
    tail_.reset();
  }

  void check_record(const Frame& frame) {
    const auto where = "record " + std::to_string(frame.seq);
    const auto record = decode_row<Record>(frame.payload);
    if (!record)
      return find(VerifyCode::corrupt,
                  where + " is no canonical record: " + record.error().message);
    if (record->seq != frame.seq)
      return find(VerifyCode::corrupt, where + " names itself " + std::to_string(record->seq));
    if (as_of(*record, before_->version) != *record)
      find(VerifyCode::corrupt,
           where + " has fields that came after format " + std::to_string(before_->version));
    if (record->cause >= record->seq)
      find(VerifyCode::corrupt, where + " follows from a later record");
    runs_.see(*record);
    if (record->request.empty()) return;
    const auto progress = requests_.try_emplace(record->request).first;
    for (const auto& gap : progress->second.see(*record))
      find(VerifyCode::corrupt, "request " + record->request + ": " + gap);
    if (progress->second.done_with()) requests_.erase(progress);
  }

  void check_remembered(const Batch& batch) {
    const auto& remembered = options_.remembered;
    if (!remembered || remembered_seen_ || remembered->size > state_.tree.size()) return;
    remembered_seen_ = true;
    // The size may lie within this batch: rebuild the tree up to it.
    auto tree = tree_before_;
    for (const auto& frame : batch.frames)
      if (frame.type == FrameType::record && tree.size() < remembered->size)
        tree.append(leaf_hash(frame.payload));
    if (tree.root() != remembered->root)
      find(VerifyCode::loss, "the first " + std::to_string(remembered->size) +
                                 " records are not the ones that are remembered");
  }

  void check_remembered_end() {
    if (!options_.remembered || remembered_seen_) return;
    find(VerifyCode::loss, "record " + std::to_string(options_.remembered->size) +
                               " is remembered, but the sound part of the log ends at " +
                               std::to_string(state_.tree.size()));
  }

  void check_open_ends() {
    for (const auto& [request, progress] : requests_)
      if (auto open = progress.open_end(runs_))
        find(VerifyCode::ok, "request " + request + ": " + *open);
    if (unlisted_ > 0) result_.findings.push_back("and " + std::to_string(unlisted_) + " more");
  }

  VerifyOptions options_;
  std::vector<SegmentFile> files_;
  std::size_t at_ = 0;  ///< the next of them
  std::optional<Watermark> bound_;
  std::uint64_t durable_ = 0;
  bool readable_ = false;
  Verification result_;
  bool stop_ = false;
  std::uint64_t unlisted_ = 0;  ///< findings beyond kMaxFindings
  std::string file_;
  ChainState state_;
  MerkleTree tree_before_;  // before the batch that is being visited
  std::optional<SegmentHeader> before_;
  bool first_batch_ = true;
  std::optional<Recovery> tail_;  // of the segment before, until a RECOVERY accounts for it
  std::vector<Bytes> tail_payloads_;
  bool remembered_seen_ = false;
  Runs runs_;
  ClockWitness clocks_;
  std::map<std::string, Progress> requests_;
};

VerifyJob::VerifyJob(const fs::path& dir, VerifyOptions options)
    : verifier_(std::make_unique<Verifier>(dir, std::move(options))) {}
VerifyJob::VerifyJob(VerifyJob&&) noexcept = default;
VerifyJob& VerifyJob::operator=(VerifyJob&&) noexcept = default;
VerifyJob::~VerifyJob() = default;
bool VerifyJob::step() { return verifier_->step(); }
std::uint64_t VerifyJob::checked() const { return verifier_->checked(); }
std::uint64_t VerifyJob::durable() const { return verifier_->durable(); }
Verification VerifyJob::finish() { return verifier_->finish(); }

std::string Verification::summary() const {
  const std::string verdict = code == VerifyCode::ok   ? "sound"
                              : code == VerifyCode::io ? "NOT judged, for it can't all be read"
                                                       : "NOT sound";
  return verdict + ": " + std::to_string(head.size) + " records in " + std::to_string(segments) +
         " segments and " + std::to_string(commits) + " commits of " + std::to_string(epochs) +
         " runs; checkpoint " + head.text();
}

Verification verify_log(const fs::path& dir, const VerifyOptions& options) {
  VerifyJob job(dir, options);
  while (job.step()) continue;
  return job.finish();
}

}  // namespace aeromq::audit
