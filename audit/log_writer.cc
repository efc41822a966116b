#include "audit/log_writer.h"

#include <fcntl.h>

namespace aeromq::audit {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kLookEveryNs = 1'000'000'000;
// Room that a segment always keeps for its SEAL batch.
constexpr std::uint64_t kSealRoom = kCommitAlign;
constexpr std::uint64_t kGrowth = 4;
constexpr std::uint64_t kTryAgainNs = 1'000'000'000;
constexpr const char* kNext = "next.tmp";

}  // namespace

LogWriter::LogWriter(fs::path dir, LogWriterOptions options)
    : dir_(std::move(dir)), options_(std::move(options)) {
  if (options_.watermark.empty()) options_.watermark = dir_ / "watermark";
}

LogWriter::~LogWriter() = default;

void LogWriter::step(const char* name) const {
  if (options_.at_step) options_.at_step(name);
}

Result<std::unique_ptr<LogWriter>> LogWriter::open(const fs::path& dir, LogWriterOptions options,
                                                   Moment now) {
  if (options.segment_bytes < kMinSegmentBytes)
    return fail(make_error(ErrorCode::invalid_input, "at least 65536", "segment_bytes"));
  if (options.origin.size() > kMaxOrigin)
    return fail(make_error(ErrorCode::invalid_input, "at most 126 octets", "origin"));
  options.version.resize(std::min<std::size_t>(options.version.size(), 64));
  refuse_death_by_file_size();  // the error then poisons
  std::unique_ptr<LogWriter> writer(new LogWriter(dir, std::move(options)));
  if (auto begun = writer->begin(now); !begun) return fail(begun.error());
  return writer;
}

Result<void> LogWriter::take_log_lock() {
  if (auto made = make_directories(dir_ / "log"); !made) return made;
  auto lock = open_file(dir_ / "LOCK", O_RDWR | O_CREAT);
  if (!lock) return fail(lock.error());
  lock_ = std::move(*lock);
  auto taken = take_lock(lock_, dir_ / "LOCK");
  if (!taken) return fail(taken.error());
  if (!*taken) return fail(unavailable("another writer holds " + (dir_ / "LOCK").string()));
  // New names must survive a power cut before anything that they hold can count as durable.
  if (auto synced = sync_directory(dir_); !synced) return synced;
  return sync_directory(absolute_path(dir_).parent_path());
}

Result<void> LogWriter::open_watermark() {
  auto fd = open_file(options_.watermark, O_RDWR | O_CREAT);
  if (!fd) return fail(fd.error());
  watermark_ = std::move(*fd);
  // Where readers of this directory find it, as long as this lock is held.
  const auto where = absolute_path(options_.watermark).string() + "\n";
  if (auto cut = truncate_file(lock_, 0, dir_ / "LOCK"); !cut) return cut;
  return write_at(lock_, as_bytes(where), 0, dir_ / "LOCK");
}

Result<void> LogWriter::begin(Moment now) {
  if (auto locked = take_log_lock(); !locked) return locked;
  remove_file(dir_ / "log" / kNext);  // of a run that is over; its room may be all that there is
  // A watermark that a power cut has garbled proves nothing; only a valid one can show a loss.
  auto mark = read_watermark(options_.watermark);
  auto found = recover(dir_, mark ? *mark : std::nullopt);
  if (!found) return fail(found.error());

  // A first start may have made folders above too, or an earlier one that died in here.
  if (found->fresh)
    if (auto synced = sync_folders_above(dir_); !synced) return synced;

  report_.found = found->kind;
  report_.fresh = found->fresh;
  report_.unclean = found->unclean;
  report_.wall_ns = found->wall_ns;
  report_.watermark_damaged = !mark;
  report_.epoch = found->last_header.epoch + 1;
  report_.adopted = found->adopted.size();
  report_.next_seq = found->state.next_seq + report_.adopted;
  report_.recovery = found->recovery;
  report_.size = found->state.tree.size();
  report_.root = found->state.tree.root();
  state_ = found->state;
  next_seq_ = state_.next_seq;
  header_.log = found->last_header.log;
  header_.number = found->last_header.number;
  header_.origin = found->fresh ? options_.origin : found->last_header.origin;
  header_.epoch = report_.epoch;
  header_.boot = options_.boot;
  if (found->fresh)
    if (auto filled = fill_random(header_.log.octets); !filled) return filled;
  if (auto opened = open_watermark(); !opened) return opened;
  queue_start(*found, now);
  if (auto made = make_segment(now); !made) return made;
  remove_file(dir_ / "POISONED");
  return {};
}

void LogWriter::queue_start(const Found& found, Moment now) {
  const Start start{report_.epoch, options_.boot, found.kind,  found.unclean,   report_.size,
                    report_.root,  now.wall_ns,   now.boot_ns, options_.version};
  queue(FrameType::start, 0, next_seq_, encode_start(start));
  if (found.recovery) queue(FrameType::recovery, 0, next_seq_, encode_recovery(*found.recovery));
  for (const auto& payload : found.adopted) queue(FrameType::record, kAdopted, next_seq_, payload);
}

void LogWriter::queue(FrameType type, std::uint8_t flags, std::uint64_t seq, ByteView payload) {
  frames_.push_back(batch_.size());
  append_frame(batch_, type, flags, seq, payload);
  if (type != FrameType::record) return;
  ++next_seq_;
  ++records_;
}

Result<std::uint64_t> LogWriter::append(ByteView payload) {
  if (poison_) return fail(*poison_);
  if (closed_) return fail(unavailable("the log is closed"));
  if (payload.size() > kMaxPayload) return fail(unavailable("a record has at most 65535 octets"));
  if (batch_.size() + payload.size() > kMaxBatchBytes)
    return fail(unavailable("too many records wait for a commit"));
  const auto seq = next_seq_;
  queue(FrameType::record, 0, seq, payload);
  return seq;
}

// Seals the queued frames for the current segment, moves the chain and the tree past them, and
// returns the octets to write: frames, COMMIT, padding.
Bytes LogWriter::finish_batch(Moment now) {
  for (const auto offset : frames_) {
    seal_frame(batch_, offset, header_.salt);
    if (batch_[offset + 4] != static_cast<std::uint8_t>(FrameType::record)) continue;
    const auto size = frame_bytes(batch_, offset) - kFrameHeader;
    state_.tree.append(leaf_hash(ByteView(batch_).subspan(offset + kFrameHeader, size)));
  }
  Commit commit;
  commit.count = records_;
  commit.first_seq = next_seq_ - records_;
  commit.batch_bytes = batch_.size();
  commit.tree_size = state_.tree.size();
  commit.root = state_.tree.root();
  commit.previous = state_.previous;
  commit.batch_hash = sha256(batch_);
  commit.boot = header_.boot;
  commit.wall_ns = now.wall_ns;
  commit.boot_ns = now.boot_ns;
  const auto at = batch_.size();
  append_frame(batch_, FrameType::commit, 0, next_seq_, encode_commit(commit));
  seal_frame(batch_, at, header_.salt);
  state_.previous = sha256(ByteView(batch_).subspan(at));
  state_.next_seq = next_seq_;
  idle_ = records_ == 0;
  batch_.resize(align_up(batch_.size(), kCommitAlign));
  frames_.clear();
  records_ = 0;
  return std::exchange(batch_, {});
}

Result<void> LogWriter::write_batch(Moment now) {
  auto bytes = finish_batch(now);
  step("before_write");
  if (auto written = write_at(segment_, bytes, position_, segment_path_); !written) return written;
  step("after_write");
  step("before_sync");
  if (auto synced = sync_data(segment_, segment_path_); !synced) return synced;
  step("after_sync");
  position_ += bytes.size();
  bytes.clear();
  batch_ = std::move(bytes);  // keeps its memory for the next batch
  return publish();
}

Result<void> LogWriter::commit(Moment now) {
  if (poison_) return fail(*poison_);
  if (batch_.empty()) return {};
  const auto needed = align_up(batch_.size() + kCommitFrame, kCommitAlign);
  const bool fits = position_ + needed + kSealRoom <= header_.file_bytes;
  return poisoning(fits ? write_batch(now) : rotate(now));
}

Result<void> LogWriter::idle_commit(Moment now) {
  if (poison_) return fail(*poison_);
  if (idle_ || closed_ || !batch_.empty()) return commit(now);
  const bool fits = position_ + kCommitAlign + kSealRoom <= header_.file_bytes;
  // A full segment needs no idle seal of its own: the next batch begins with a SEAL behind it.
  return fits ? poisoning(write_batch(now)) : Result<void>{};
}

Result<void> LogWriter::rotate(Moment now) {
  step("rotate");
  if (auto same = look_at_files(); !same) return same;
  // Before the old segment is sealed: without room for a next one nothing of it changes.
  if (auto taken = take_next(next_file_bytes()); !taken) return taken;
  if (auto sealed = seal(now); !sealed) return sealed;
  return make_segment(now);
}

void LogWriter::drop_next() {
  next_ = {};
  remove_file(dir_ / "log" / kNext);
}

// A next segment of at least `file_bytes`, with its room; the one that lies ready if it is as
// large.
Result<void> LogWriter::take_next(std::uint64_t file_bytes) {
  if (next_.fd.open() && next_.bytes >= file_bytes) return {};
  drop_next();
  const auto path = dir_ / "log" / kNext;
  auto fd = open_file(path, O_RDWR | O_CREAT | O_TRUNC);
  if (!fd) return fail(fd.error());
  next_.fd = std::move(*fd);
  next_.bytes = file_bytes;
  auto taken = take_room(next_.fd, file_bytes, path);
  if (!taken) drop_next();
  return taken;
}

Result<void> LogWriter::finish_next() {
  auto filled = fill_with_zeros(next_.fd, next_.filled, next_.bytes, dir_ / "log" / kNext);
  if (filled)
    next_.filled = next_.bytes;
  else
    drop_next();
  return filled;
}

void LogWriter::prepare(Moment now) {
  if (poison_ || closed_ || !batch_.empty() || next_.synced || now.boot_ns < try_again_ns_) return;
  const auto path = dir_ / "log" / kNext;
  const auto step = [&]() -> Result<void> {
    if (!next_.fd.open()) return take_next(next_file_bytes());
    if (next_.filled == next_.bytes) {
      next_.synced = true;
      return sync_data(next_.fd, path);
    }
    const auto until = std::min(next_.filled + kPrepareBytes, next_.bytes);
    auto filled = fill_with_zeros(next_.fd, next_.filled, until, path);
    next_.filled = until;
    return filled;
  };
  no_room_ = !step();
  if (!no_room_) return;
  drop_next();
  try_again_ns_ = now.boot_ns + kTryAgainNs;
}

Space LogWriter::space() const {
  const auto used = position_ + kSealRoom;
  const auto free = free_octets(dir_);
  return {header_.file_bytes > used ? header_.file_bytes - used : 0, header_.file_bytes,
          next_file_bytes(), !no_room_, free ? *free : 0};
}

// The SEAL is a batch of its own in the old segment; what waits goes into the new one.
Result<void> LogWriter::seal(Moment now) {
  auto waiting = std::exchange(batch_, {});
  auto offsets = std::exchange(frames_, {});
  const auto records = std::exchange(records_, 0U);
  const auto next_seq = std::exchange(next_seq_, state_.next_seq);
  const Seal seal{state_.tree.size(), header_.first_seq, state_.next_seq - header_.first_seq,
                  position_, state_.tree.root()};
  queue(FrameType::seal, 0, state_.next_seq, encode_seal(seal));
  auto done = write_batch(now);
  if (done) done = make_read_only(segment_, segment_path_);
  batch_ = std::move(waiting);
  frames_ = std::move(offsets);
  records_ = records;
  next_seq_ = next_seq;
  return done;
}

std::uint64_t LogWriter::next_file_bytes() const {
  auto wanted = std::max(options_.first_segment_bytes, kMinSegmentBytes);
  for (std::uint64_t i = 0; i < segments_of_run_ && wanted < options_.segment_bytes; ++i)
    wanted *= kGrowth;
  wanted = std::min(wanted, options_.segment_bytes);
  const auto needed = kSegmentHeader + align_up(batch_.size() + kCommitFrame, kCommitAlign);
  return align_up(std::max(wanted, needed + kSealRoom), kCommitAlign);
}

// The segment gets its name only when its header and first batch are durable: so a named segment
// without a good first batch is damage, and a crash in here leaves nothing but next.tmp.
Result<void> LogWriter::make_segment(Moment now) {
  const auto log = dir_ / "log";
  const auto tmp = log / kNext;
  if (auto taken = take_next(next_file_bytes()); !taken) return taken;
  if (auto filled = finish_next(); !filled) return filled;
  auto next = std::exchange(next_, {});

  header_.number += 1;
  header_.first_seq = state_.next_seq;
  header_.tree = state_.tree;
  header_.root = state_.tree.root();
  header_.previous = state_.previous;
  header_.wall_ns = now.wall_ns;
  header_.file_bytes = next.bytes;
  if (auto filled = fill_random(header_.salt.octets); !filled) return filled;
  const auto head = encode_header(header_);
  state_.previous = sha256(head);
  if (auto written = write_at(next.fd, head, 0, tmp); !written) return written;

  segment_ = std::move(next.fd);
  segment_path_ = log / segment_name(header_.number, header_.first_seq);
  const auto batch = finish_batch(now);
  step("before_write");
  if (auto written = write_at(segment_, batch, kSegmentHeader, tmp); !written) return written;
  step("after_write");
  step("before_sync");
  if (auto synced = sync_file(segment_, tmp); !synced) return synced;
  if (auto named = rename_file(tmp, segment_path_); !named) return named;
  if (auto synced = sync_directory(log); !synced) return synced;
  step("after_sync");
  position_ = kSegmentHeader + batch.size();
  ++segments_of_run_;
  no_room_ = false;  // until the next attempt tells
  return publish();
}

Result<void> LogWriter::publish() {
  const Watermark mark{header_.log, header_.number, position_, state_.next_seq - 1, header_.epoch};
  auto written = write_at(watermark_, encode_watermark(mark), 0, options_.watermark);
  if (written) durable_ = mark.seq;
  return written;
}

Result<void> LogWriter::check_files(Moment now) {
  if (poison_) return fail(*poison_);
  if (now.boot_ns < looked_ns_ + kLookEveryNs && looked_ns_ != 0) return {};
  looked_ns_ = now.boot_ns;
  return poisoning(look_at_files());
}

Result<void> LogWriter::look_at_files() {
  if (const auto lock = size_of_named(lock_, dir_ / "LOCK"); !lock) return fail(lock.error());
  const auto segment = size_of_named(segment_, segment_path_);
  if (!segment) return fail(segment.error());
  if (*segment != header_.file_bytes)
    return fail(unavailable(segment_path_.string() + " has another size"));
  return {};
}

Result<void> LogWriter::poisoning(Result<void> done) {
  if (done) return done;
  poison_ = done.error();
  batch_.clear();
  frames_.clear();
  records_ = 0;
  // For people who look into the directory; nothing relies on it.
  if (auto marker = open_file(dir_ / "POISONED", O_WRONLY | O_CREAT | O_TRUNC))
    (void)write_at(*marker, as_bytes(poison_->message + "\n"), 0, dir_ / "POISONED");
  return done;
}

Result<void> LogWriter::close(Moment now) {
  if (poison_) return fail(*poison_);
  if (closed_) return {};
  queue(FrameType::stop, 0, next_seq_, encode_stop(Stop{next_seq_ - 1, now.wall_ns, now.boot_ns}));
  auto done = commit(now);
  closed_ = true;
  segment_.close();
  lock_.close();
  return done;
}

}  // namespace aeromq::audit
