#include "audit/recovery.h"

namespace aeromq::audit {
namespace fs = std::filesystem;
namespace {

tl::unexpected<Error> refuse(RecoveryClass kind, const std::string& what) {
  return fail(unavailable(std::string(name_of(kind)) + ": " + what));
}

std::string at(const fs::path& path, std::size_t offset) {
  return path.filename().string() + " at octet " + std::to_string(offset);
}

// What the last frames of the log say about how its last run ended.
struct LastFrames {
  bool open_run = false;  ///< a START without its STOP
  std::uint64_t wall_ns = 0;
  void see(const Batch& batch) {
    wall_ns = batch.commit.wall_ns;
    for (const auto& frame : batch.frames) {
      if (frame.type == FrameType::start) open_run = true;
      if (frame.type == FrameType::stop) open_run = false;
    }
  }
};

Result<void> check_mark(const std::optional<Watermark>& mark, const SegmentHeader& last,
                        const Walk& walk, const fs::path& path) {
  if (!mark) return {};
  if (mark->log != last.log)
    return refuse(RecoveryClass::loss, "the watermark is of another log than " + path.string());
  const bool covered = mark->segment > last.number ||
                       (mark->segment == last.number && mark->position > walk.good_end);
  if (!covered) return {};
  if (mark->segment == last.number && walk.tail.kind == RecoveryClass::ambiguous)
    return refuse(RecoveryClass::ambiguous,
                  "the last batch is damaged and was acknowledged: " + at(path, walk.tail.offset));
  return refuse(RecoveryClass::loss,
                "record " + std::to_string(mark->seq) +
                    " was acknowledged, but the log ends before it: " + at(path, walk.good_end));
}

Result<void> check_fault(const Walk& walk, const fs::path& path) {
  if (!walk.fault) return {};
  return refuse(*walk.fault, at(path, walk.fault_offset) + ": " + walk.what);
}

void take_tail(Found& found, const Walk& walk, ByteView bytes, std::uint64_t number) {
  found.kind = walk.tail.kind;
  if (walk.tail.length == 0) return;
  found.recovery = describe(walk.tail, bytes, number);
  for (const auto& frame : walk.tail.records)
    found.adopted.emplace_back(frame.payload.begin(), frame.payload.end());
}

}  // namespace

Result<std::vector<SegmentFile>> list_segments(const fs::path& dir) {
  auto names = list_directory(dir / "log");
  if (!names) return fail(names.error());
  std::vector<SegmentFile> found;
  for (const auto& text : *names)
    if (const auto name = parse_segment_name(text)) found.push_back({*name, dir / "log" / text});
  std::ranges::sort(found, {}, [](const SegmentFile& file) { return file.name.number; });
  for (std::size_t i = 1; i < found.size(); ++i)
    if (found[i].name.number == found[i - 1].name.number)
      return refuse(RecoveryClass::interior_corruption,
                    "two files have one number: " + found[i].path.string());
  return found;
}

std::optional<ChainBreak> check_follows(const SegmentHeader* before, const ChainState& state,
                                        const SegmentHeader& header, const SegmentName& name) {
  using enum RecoveryClass;
  if (header.number != name.number || header.first_seq != name.first_seq)
    return ChainBreak{interior_corruption, "the header names another segment than the file name"};
  const auto wanted = before == nullptr ? 1 : before->number + 1;
  if (header.number != wanted)
    return ChainBreak{missing_segment, "segment " + std::to_string(wanted) + " is absent"};
  if (before != nullptr && header.log != before->log)
    return ChainBreak{missing_segment, "the segment belongs to another log"};
  if (header.previous != state.previous || header.first_seq != state.next_seq)
    return ChainBreak{missing_segment, "the segment does not chain to the one before it"};
  return std::nullopt;
}

Result<Found> recover(const fs::path& dir, const std::optional<Watermark>& mark) {
  auto files = list_segments(dir);
  if (!files) return fail(files.error());
  Found found;
  if (files->empty()) {
    if (mark && mark->segment > 0)
      return refuse(RecoveryClass::loss, "the watermark knows record " + std::to_string(mark->seq) +
                                             ", but there is no log");
    return found;
  }
  LastFrames frames;
  found.fresh = false;
  RecoveryClass tail_before = RecoveryClass::clean;
  for (std::size_t i = 0; i < files->size(); ++i) {
    const auto& [name, path] = (*files)[i];
    const bool last = i + 1 == files->size();
    if (last)
      if (auto settled = settle(path); !settled) return fail(settled.error());
    auto bytes = read_file(path);
    if (!bytes) return fail(bytes.error());
    const auto header = decode_header(*bytes);
    if (const auto newer = refuse_newer(*bytes, name.number)) return fail(unavailable(*newer));
    if (!header || header->file_bytes != bytes->size())
      return refuse(RecoveryClass::interior_corruption,
                    path.filename().string() + ": damaged header or another size than it says");
    if (const auto broken =
            check_follows(i == 0 ? nullptr : &found.last_header, found.state, *header, name)) {
      const bool damaged =
          tail_before != RecoveryClass::clean && header->number == found.last_header.number + 1;
      return refuse(damaged ? RecoveryClass::interior_corruption : broken->kind,
                    path.filename().string() + ": " + broken->what);
    }
    found.last_header = *header;
    found.state.tree = header->tree;
    const auto walk = walk_segment(*bytes, *header, found.state, last ? Roots::check : Roots::skip,
                                   [&frames](const Batch& batch) { frames.see(batch); });
    if (auto sound = check_fault(walk, path); !sound) return fail(sound.error());
    tail_before = walk.tail.kind;
    if (!last) continue;
    if (auto covered = check_mark(mark, *header, walk, path); !covered)
      return fail(covered.error());
    take_tail(found, walk, *bytes, header->number);
  }
  found.unclean = frames.open_run;
  found.wall_ns = frames.wall_ns;
  return found;
}

}  // namespace aeromq::audit
