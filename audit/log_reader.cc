#include "audit/log_reader.h"

#include <fcntl.h>

namespace aeromq::audit {
namespace fs = std::filesystem;
namespace {
constexpr std::size_t kWindow = 1U << 20;
constexpr std::uint64_t kIndexEvery = 64 * 1024;  // octets between two index points

/// A folder without a segment and without a writer's lock is none of ours, whatever lies in it.
Error no_log(const fs::path& dir) {
  auto text = "there is no audit log in " + dir.string();
  if (file_exists(dir / "audit" / "LOCK"))
    text += "; that of this control plane is in " + (dir / "audit").string();
  return make_error(ErrorCode::audit_unreadable, text);
}

}  // namespace

LogReader::LogReader(fs::path dir, LogReaderOptions options)
    : dir_(std::move(dir)), options_(std::move(options)) {}

Result<LogReader> LogReader::open(const fs::path& dir, LogReaderOptions options) {
  LogReader reader(dir, std::move(options));
  const bool ours = file_exists(dir / "LOCK");
  auto looked = reader.refresh();
  if (reader.segments_.empty() && !ours) return fail(no_log(dir));
  if (!looked) return fail(unreadable(looked.error()));
  return reader;
}

Result<void> LogReader::find_bound() {
  auto path = options_.watermark;
  if (path.empty()) {
    bound_.reset();
    if (!file_exists(dir_ / "LOCK")) return {};
    auto locked = is_locked(dir_ / "LOCK");
    if (!locked) return fail(locked.error());
    if (!*locked) return {};
    auto named = read_file(dir_ / "LOCK");
    if (!named) return fail(named.error());
    path = as_text(*named).substr(0, as_text(*named).find('\n'));
  }
  auto mark = path.empty() ? std::optional<Watermark>{} : read_watermark(path);
  if (!mark) return fail(mark.error());
  bound_ = mark->value_or(Watermark{});  // a writer that has published nothing yet: nothing to read
  return {};
}

Result<void> LogReader::refresh() {
  // The bound first: whatever it names stands in the directory when that is listed afterwards.
  if (auto found = find_bound(); !found) return found;
  auto files = list_segments(dir_);
  if (!files) return fail(files.error());
  std::vector<Segment> now;
  auto known = segments_.begin();  // both lists are in number order
  for (auto& file : *files) {
    if (bound_ && file.name.number > bound_->segment) break;
    Segment segment{std::move(file), std::nullopt, {}};
    while (known != segments_.end() && known->file.name.number < segment.file.name.number) ++known;
    if (known != segments_.end() && known->file.path == segment.file.path)
      segment = std::move(*known);
    now.push_back(std::move(segment));
  }
  const bool was_empty = segments_.empty();
  segments_ = std::move(now);
  if (was_empty && !segments_.empty()) {
    current_ = 0;
    next_seq_ = first_seq();
  }
  return find_end();
}

std::uint64_t LogReader::first_seq() const {
  return segments_.empty() ? 1 : segments_.front().file.name.first_seq;
}

Result<void> LogReader::find_end() {
  if (bound_) {
    durable_ = bound_->seq;
    return {};
  }
  durable_ = 0;
  if (segments_.empty()) return {};
  // Only a walk over the last segment tells where a log without a watermark ends.
  LogReader probe(dir_, options_);
  probe.segments_ = segments_;
  probe.current_ = segments_.size() - 1;
  probe.next_seq_ = segments_.back().file.name.first_seq;
  for (;;) {
    auto more = probe.load_batch();
    if (!more) return fail(more.error());
    if (!*more) break;
    probe.frames_.clear();
  }
  durable_ = probe.next_seq_ - 1;
  segments_ = std::move(probe.segments_);
  return {};
}

std::vector<Notice> LogReader::take_notices() { return std::exchange(notices_, {}); }

void LogReader::note(NoticeKind kind, std::string text, RecoveryClass found) {
  notices_.push_back(
      {kind, found, false, segments_[current_].file.name.number, next_seq_, std::move(text)});
}

void LogReader::damage(std::string text) {
  note(NoticeKind::damage,
       segments_[current_].file.path.filename().string() + ": " + std::move(text),
       RecoveryClass::interior_corruption);
}

void LogReader::note_control(const Frame& frame) {
  if (frame.type == FrameType::start) {
    const auto start = decode_start(frame.payload);
    if (!start) return damage("START is malformed");
    auto text = "run " + std::to_string(start->epoch) + " of the writer begins";
    if (start->unclean) text += "; the run before ended unclean";
    note(NoticeKind::run_begins, std::move(text), start->found);
    notices_.back().unclean = start->unclean;
  } else if (frame.type == FrameType::stop) {
    note(NoticeKind::run_ends, "the run ends in order");
  } else if (frame.type == FrameType::recovery) {
    const auto recovery = decode_recovery(frame.payload);
    if (!recovery) return damage("RECOVERY is malformed");
    note(NoticeKind::recovered,
         std::string(name_of(recovery->found)) + " in segment " +
             std::to_string(recovery->segment) + " at octet " + std::to_string(recovery->offset) +
             ", " + std::to_string(recovery->length) + " octets, " +
             std::to_string(recovery->adopted_count) + " records adopted",
         recovery->found);
  }
}

std::uint64_t LogReader::limit() const {
  const auto& name = segments_[current_].file.name;
  return bound_ && bound_->segment == name.number ? std::min(bound_->position, file_bytes_)
                                                  : file_bytes_;
}

void LogReader::remember(std::uint64_t seq, std::uint64_t offset) {
  auto& index = segments_[current_].index;
  if (index.empty() || offset >= index.back().offset + kIndexEvery) index.push_back({seq, offset});
}

Result<bool> LogReader::enter_segment(std::size_t index) {
  current_ = index;
  entered_ = false;
  auto& segment = segments_[index];
  auto fd = open_file(segment.file.path, O_RDONLY);
  if (!fd) return fail(fd.error());
  auto size = file_size(*fd, segment.file.path);
  if (!size) return fail(size.error());
  auto head = read_at(*fd, 0, kSegmentHeader, segment.file.path);
  if (!head) return fail(head.error());
  segment.header = decode_header(*head);
  file_ = std::move(*fd);
  file_bytes_ = *size;
  window_.clear();
  entered_ = true;
  offset_ = kSegmentHeader;
  const auto before = std::exchange(last_commit_, std::nullopt);
  if (!segment.header) {
    if (const auto newer = refuse_newer(*head, segment.file.name.number))
      return fail(unavailable(*newer));
    damage("the header is damaged");
    offset_ = file_bytes_;
    return false;
  }
  if (bound_ && bound_->log != segment.header->log)
    return fail(unavailable("the watermark is of another log than " + dir_.string()));
  if (before && *before != segment.header->previous)
    damage("does not chain to the segment before it");
  next_seq_ = segment.header->first_seq;
  return true;
}

Result<void> LogReader::fill_window(std::uint64_t from, std::size_t bytes) {
  const auto most = limit() > from ? limit() - from : 0;
  auto read = read_at(file_, from, static_cast<std::size_t>(std::min<std::uint64_t>(bytes, most)),
                      segments_[current_].file.path);
  if (!read) return fail(read.error());
  window_ = std::move(*read);
  window_at_ = from;
  return {};
}

// The batch at offset_; its views point into the window.
Result<Batch> LogReader::read_batch() {
  const bool inside =
      !window_.empty() && offset_ >= window_at_ && offset_ < window_at_ + window_.size();
  if (!inside)
    if (auto filled = fill_window(offset_, kWindow); !filled) return fail(filled.error());
  for (std::size_t bytes = kWindow;; bytes *= 2) {
    auto batch = parse_batch(window_, static_cast<std::size_t>(offset_ - window_at_),
                             segments_[current_].header->salt, next_seq_);
    if (batch.status != BatchStatus::cut || window_at_ + window_.size() >= limit()) return batch;
    if (auto filled = fill_window(offset_, bytes); !filled) return fail(filled.error());
  }
}

Result<void> LogReader::judge_end(const Batch& batch) {
  if (end_judged_) return {};
  end_judged_ = true;
  if (bound_) {
    damage("acknowledged octets cannot be read at " + std::to_string(offset_));
    return {};
  }
  auto rest = read_at(file_, offset_, static_cast<std::size_t>(file_bytes_ - offset_),
                      segments_[current_].file.path);
  if (!rest) return fail(rest.error());
  if (batch.status == BatchStatus::padding) damage(batch.what);
  const auto& salt = segments_[current_].header->salt;
  const auto tail = judge_tail(*rest, parse_batch(*rest, 0, salt, next_seq_), salt);
  if (tail.length == 0) return {};
  note(NoticeKind::tail,
       std::string(name_of(tail.kind)) + ": " + std::to_string(tail.length) +
           " octets behind the last commit in " +
           segments_[current_].file.path.filename().string() + " at octet " +
           std::to_string(offset_) + ", " + std::to_string(tail.records.size()) +
           " whole records, never acknowledged",
       tail.kind);
  return {};
}

// No further batch in this segment: goes to the next one. false = the end of the log for now.
Result<bool> LogReader::leave_segment(const Batch& batch) {
  if (current_ + 1 < segments_.size()) {
    const auto here = segments_[current_].file.name.number;
    const auto there = segments_[current_ + 1].file.name.number;
    if (there != here + 1) damage("segment " + std::to_string(here + 1) + " is absent");
    auto entered = enter_segment(current_ + 1);
    if (!entered) return fail(entered.error());
    return true;
  }
  if (offset_ >= limit()) return false;
  if (auto judged = judge_end(batch); !judged) return fail(judged.error());
  return false;
}

// Loads the next batch with any frame into frames_; false at the end.
Result<bool> LogReader::load_batch() {
  if (segments_.empty()) return false;
  if (!entered_) {
    if (auto entered = enter_segment(current_); !entered) return fail(entered.error());
  }
  for (;;) {
    Batch batch;
    if (segments_[current_].header && offset_ < limit()) {
      auto read = read_batch();
      if (!read) return fail(read.error());
      batch = std::move(*read);
    }
    if (batch.status != BatchStatus::whole) {
      auto more = leave_segment(batch);
      if (!more) return fail(more.error());
      if (!*more) return false;
      continue;
    }
    remember(next_seq_, offset_);
    frames_.assign(batch.frames.begin(), batch.frames.end());
    last_commit_ = sha256(batch.commit_frame);
    next_seq_ += batch.commit.count;
    offset_ = window_at_ + batch.end;
    return true;
  }
}

Result<void> LogReader::seek(std::uint64_t seq) {
  wanted_ = seq;
  frames_.clear();
  last_commit_.reset();
  end_judged_ = false;
  if (segments_.empty()) return {};
  std::size_t chosen = 0;
  for (std::size_t i = 0; i < segments_.size(); ++i)
    if (segments_[i].file.name.first_seq <= seq) chosen = i;
  auto entered = enter_segment(chosen);
  if (!entered) return fail(entered.error());
  if (!*entered) return {};
  for (const auto& point : segments_[chosen].index) {
    if (point.seq > seq) break;
    next_seq_ = point.seq;
    offset_ = point.offset;
  }
  return {};
}

Result<std::optional<Entry>> LogReader::next() {
  for (;;) {
    while (!frames_.empty()) {
      const auto frame = frames_.front();
      frames_.pop_front();
      if (frame.type != FrameType::record) {
        note_control(frame);
        continue;
      }
      if (frame.seq < wanted_) continue;
      wanted_ = frame.seq + 1;
      return Entry{frame.seq, (frame.flags & kAdopted) != 0, segments_[current_].file.name.number,
                   frame.payload};
    }
    auto more = load_batch();
    if (!more) return fail(more.error());
    if (!*more) return std::nullopt;
  }
}

}  // namespace aeromq::audit
