// The audit log's octets: each decoder by itself, whole segment files as a reader, a verification
// and a starting writer see them, segments built with good CRCs around arbitrary words, and
// questions about a log.
#include <unistd.h>

#include <fstream>

#include "audit/export.h"
#include "audit/log_writer.h"
#include "audit/query.h"
#include "audit/verify.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/input.h"

namespace aeromq::fuzz {
namespace {

namespace fs = std::filesystem;
using namespace audit;

constexpr std::size_t kSegmentBytes = 64 * 1024;

class Folder {
 public:
  Folder()
      : path_((fs::exists("/dev/shm") ? fs::path("/dev/shm") : fs::temp_directory_path()) /
              ("aeromq-fuzz-audit-" + std::to_string(::getpid()))) {
    fs::create_directories(path_ / "log");
  }
  ~Folder() { fs::remove_all(path_); }
  const fs::path& path() const { return path_; }
  /// The log becomes exactly this one segment.
  void put(const std::string& name, ByteView octets) const {
    for (const auto& entry : fs::directory_iterator(path_ / "log")) fs::remove(entry);
    std::ofstream out(path_ / "log" / name, std::ios::binary | std::ios::trunc);
    out.write(reinterpret_cast<const char*>(octets.data()),
              static_cast<std::streamsize>(octets.size()));
  }

 private:
  fs::path path_;
};

const Folder& folder() {
  static const Folder made;
  return made;
}

SegmentHeader header() {
  SegmentHeader made;
  made.log.octets.fill(0x10);
  made.number = 1;
  made.first_seq = 1;
  made.salt.octets.fill(0x5A);
  made.epoch = 1;
  made.root = made.tree.root();
  made.file_bytes = kSegmentBytes;
  made.origin = "fuzz";
  return made;
}

template <class T, class Decode, class Encode>
void same_octets(ByteView octets, Decode decode_one, Encode encode_one) {
  const std::optional<T> read = decode_one(octets);
  if (!read) return;
  const auto again = encode_one(*read);
  expect(std::ranges::equal(again, octets), "what was decoded encodes to the same octets");
}

void decoders(Input& input) {
  const auto kind = input.choice(11);
  const auto octets = input.rest();
  switch (kind) {
    case 0:
      same_octets<SegmentHeader>(octets, audit::decode_header, audit::encode_header);
      break;
    case 1:
      same_octets<Commit>(octets, decode_commit, encode_commit);
      break;
    case 2:
      same_octets<Start>(octets, decode_start, encode_start);
      break;
    case 3:
      same_octets<Recovery>(octets, decode_recovery, encode_recovery);
      break;
    case 4:
      same_octets<Seal>(octets, decode_seal, encode_seal);
      break;
    case 5:
      same_octets<Stop>(octets, decode_stop, encode_stop);
      break;
    case 6:
      same_octets<Watermark>(octets, decode_watermark, encode_watermark);
      break;
    case 7:
      if (const auto name = parse_segment_name(as_text(octets)))
        expect(segment_name(name->number, name->first_seq) == as_text(octets),
               "a segment has one name");
      break;
    case 8:
      if (const auto head = TreeHead::parse(as_text(octets)))
        expect(TreeHead::parse(head->text()) == head, "a tree head is its text");
      break;
    case 9:
      if (const auto record = decode_row<Record>(octets)) {
        expect(encode_row(*record) == octets, "a record has one form");
        json_line({*record, leaf_hash(octets), octets});
      }
      break;
    default: {
      Frame frame;
      const Salt salt{{1, 2, 3, 4, 5, 6, 7, 8}};
      auto sealed = octets;
      parse_frame(octets, 0, salt, frame);
      if (sealed.size() < kFrameHeader) break;
      if (frame_bytes(sealed, 0) <= sealed.size()) seal_frame(sealed, 0, salt);
      if (parse_frame(sealed, 0, salt, frame) == FrameStatus::valid)
        expect(frame.payload.size() + kFrameHeader <= sealed.size(),
               "a frame is within its octets");
      break;
    }
  }
}

/// The three that judge a log must agree.
void judge() {
  const auto& dir = folder().path();
  const auto verified = verify_log(dir, {});
  const auto found = recover(dir, std::nullopt);
  auto reader = LogReader::open(dir, {});
  std::uint64_t read = 0;
  bool damaged = false;
  if (reader) {
    std::uint64_t last = 0;
    for (;;) {
      const auto entry = reader->next();
      if (!entry || !*entry) break;
      expect((*entry)->seq > last, "records come in order");
      last = (*entry)->seq;
      ++read;
      if (const auto record = decode_row<Record>((*entry)->payload))
        json_line({*record, (*entry)->leaf(), {}});
    }
    for (const auto& notice : reader->take_notices())
      damaged = damaged || notice.kind == NoticeKind::damage;
    answer_query(*reader, AuditQuery{});
    AuditQuery verify_too;
    verify_too.kind = AuditQueryKind::verify;
    answer_query(*reader, verify_too);
  }
  expect(!verified.summary().empty(), "a verification has one line");
  if (verified.code != VerifyCode::ok) return;
  expect(found.has_value() && reader.has_value() && !damaged,
         "a log that verifies is read whole and can be continued");
  expect(read == verified.head.size && found->state.tree.size() == read,
         "all three count the same records");
}

void raw_segment(Input& input) {
  const auto usual = input.flag();
  const auto number = usual ? std::uint8_t{1} : input.octet();
  const auto first = usual ? std::uint8_t{1} : input.octet();
  const auto name = segment_name(number, first);
  Bytes octets;
  if (input.flag()) octets = audit::encode_header(header());
  const auto rest = input.rest();
  octets.insert(octets.end(), rest.begin(), rest.end());
  octets.resize(align_up(std::max<std::size_t>(octets.size(), 1), kCommitAlign));
  folder().put(name, octets);
  judge();
}

FrameType type_from(Input& input) { return static_cast<FrameType>(1 + input.choice(8)); }

Record record_from(Input& input, std::uint64_t seq) {
  Record record;
  record.seq = seq;
  record.stage = static_cast<Stage>(input.choice(EnumNames<Stage>::value.size()));
  if (input.flag()) {
    RequestId about;
    about.session.epoch = 1;
    about.counter = input.counter(3);
    about.kernel_action = true;
    record.request = about.text();
  }
  record.principal = "ada";
  return record;
}

/// Builds the octets of one segment whose frames, CRCs and chain are in order.
class Builder {
 public:
  Builder() : octets_(audit::encode_header(header())), previous_(sha256(octets_)) {}

  void record(ByteView payload) {
    add(FrameType::record, payload, seq_++);
    tree_.append(leaf_hash(payload));
    ++count_;
  }
  void control(FrameType type, ByteView payload) { add(type, payload, seq_); }
  /// A frame of any words whose CRC is good.
  void any(FrameType type, std::uint64_t seq, ByteView payload) { add(type, payload, seq); }
  Commit next_commit() const {
    Commit commit;
    commit.count = count_;
    commit.first_seq = seq_ - count_;
    commit.batch_bytes = batch_.size();
    commit.tree_size = tree_.size();
    commit.root = tree_.root();
    commit.previous = previous_;
    commit.batch_hash = sha256(batch_);
    return commit;
  }
  void commit(ByteView body) {
    const auto at = batch_.size();
    add(FrameType::commit, body, seq_);
    previous_ = sha256(ByteView(batch_).subspan(at));
    batch_.resize(align_up(batch_.size(), kCommitAlign));
    octets_.insert(octets_.end(), batch_.begin(), batch_.end());
    batch_.clear();
    count_ = 0;
  }
  void tail() { octets_.insert(octets_.end(), batch_.begin(), batch_.end()); }
  std::uint64_t seq() const { return seq_; }
  std::size_t size() const { return octets_.size() + batch_.size(); }
  const MerkleTree& tree() const { return tree_; }
  Bytes take() { return std::move(octets_); }

 private:
  void add(FrameType type, ByteView payload, std::uint64_t seq) {
    const auto at = batch_.size();
    append_frame(batch_, type, 0, seq, payload);
    seal_frame(batch_, at, header().salt);
  }
  Bytes octets_;
  Digest previous_;
  Bytes batch_;
  MerkleTree tree_;
  std::uint64_t seq_ = 1;
  std::uint32_t count_ = 0;
};

void build_one(Input& input, Builder& builder) {
  switch (input.choice(8)) {
    case 0:
      return builder.record(input.block());
    case 1:
    case 2:
      return builder.record(encode_row(record_from(input, builder.seq())));
    case 3:
      return builder.commit(encode_commit(builder.next_commit()));
    case 4:
      return builder.commit(input.patched(encode_commit(builder.next_commit())));
    case 5: {
      const auto type = type_from(input);
      const auto seq = builder.seq() + input.choice(2);
      return builder.any(type, seq, input.block());
    }
    case 6: {
      Start start;
      start.epoch = 1;
      start.tree_size = builder.tree().size();
      start.root = builder.tree().root();
      return builder.control(FrameType::start, input.patched(encode_start(start)));
    }
    default: {
      Stop stop;
      stop.tree_size = builder.tree().size();
      return builder.control(FrameType::stop, input.patched(encode_stop(stop)));
    }
  }
}

void built_segment(Input& input) {
  Builder builder;
  const bool sound_start = input.flag();
  const bool committed = input.flag();
  if (sound_start) {
    Start start;
    start.epoch = 1;
    start.root = builder.tree().root();
    builder.control(FrameType::start, encode_start(start));
    builder.commit(encode_commit(builder.next_commit()));
  }
  const auto patches = input.choice(4);
  while (!input.empty() && builder.size() < kSegmentBytes) build_one(input, builder);
  if (committed)
    builder.commit(encode_commit(builder.next_commit()));
  else
    builder.tail();
  auto octets = builder.take();
  for (std::size_t i = 0; i < patches; ++i) {
    const auto at = input.two() % octets.size();
    octets[at] = static_cast<std::uint8_t>(octets[at] ^ (1U + i));
  }
  octets.resize(std::max(octets.size(), kSegmentBytes));
  folder().put(segment_name(1, 1), octets);
  judge();
}

/// A sound log of its own, made once by the real writer.
class SoundLog {
 public:
  SoundLog() : dir_(folder().path() / "sound") {
    LogWriterOptions options;
    options.segment_bytes = options.first_segment_bytes = kMinSegmentBytes;
    options.version = "fuzz";
    constexpr Moment kNow{1'000'000'000, 1'700'000'000'000'000'000};
    auto writer = LogWriter::open(dir_, options, kNow);
    expect(writer.has_value(), "a log can be made");
    for (std::uint64_t i = 1; i <= 60; ++i) {
      Record record;
      record.seq = i;
      record.stage = static_cast<Stage>(i % EnumNames<Stage>::value.size());
      record.principal = i % 2 == 0 ? "ada" : "alice";
      record.command = "request_promotion";
      record.reason.assign(i * 16, 'x');
      expect((*writer)->append(encode_row(record)).has_value(), "a record can be appended");
      if (i % 5 == 0) expect((*writer)->commit(kNow).has_value(), "a batch can be committed");
    }
    expect((*writer)->close(kNow).has_value(), "a log can be closed");
  }
  Result<AuditPage> ask(const AuditQuery& query) const {
    auto reader = LogReader::open(dir_, {});
    expect(reader.has_value(), "a sound log can be read");
    return answer_query(*reader, query);
  }

 private:
  fs::path dir_;
};

void question(Input& input) {
  static const SoundLog log;
  AuditQuery query;
  if (input.flag()) {
    if (const auto read = round_trip<AuditQuery>(input.rest())) query = *read;
  } else {
    query.kind = static_cast<AuditQueryKind>(input.choice(5));
    if (input.flag()) query.from_seq = input.flag() ? input.octet() : input.eight();
    if (input.flag()) query.limit = input.flag() ? input.octet() : input.eight();
    if (input.flag()) query.principal = "ada";
    if (input.flag()) query.stage = EnumNames<Stage>::value[input.choice(14)];
    if (input.flag()) query.request = std::string(as_text(input.rest())).substr(0, 64);
  }
  const auto page = log.ask(query);
  if (!page) return expect_tellable(page.error());
  const auto octets = encode(*page);
  expect(octets.size() <= kMaxNested, "a page fits into a message");
  const auto read = decode<AuditPage>(octets);
  expect(read.has_value() && *read == *page, "a page can be read");
  std::uint64_t last = 0;
  for (const auto& audited : page->records) {
    expect(audited.record.seq > last, "a page is in order");
    last = audited.record.seq;
  }
}

}  // namespace
}  // namespace aeromq::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace aeromq::fuzz;
  Input input(data, size);
  switch (input.choice(6)) {
    case 0:
    case 1:
      decoders(input);
      break;
    case 2:
      raw_segment(input);
      break;
    case 3:
    case 4:
      built_segment(input);
      break;
    default:
      question(input);
      break;
  }
  return 0;
}
