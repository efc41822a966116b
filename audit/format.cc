#include "audit/format.h"

#include <charconv>
#include <cstring>

#include "audit/crc32c.h"
#include "audit/little_endian.h"

namespace aeromq::audit {
namespace {

constexpr std::array<std::string_view, 8> kClassNames{
    "CLEAN",     "UNCOMMITTED_VALID_TAIL", "TORN_TAIL",
    "AMBIGUOUS", "INTERIOR_CORRUPTION",    "PADDING_CORRUPT",
    "LOSS",      "MISSING_SEGMENT"};
constexpr std::array<std::string_view, 9> kTypeNames{
    "", "record", "commit", "start", "stop", "recovery", "seal", "prune", "checkpoint"};

constexpr std::string_view kSegmentMagic = "AEROMQAL";
constexpr std::size_t kOriginAt = 176;
constexpr std::size_t kPeaksAt = 1024;
constexpr std::size_t kHeaderCrcAt = kSegmentHeader - 4;

// Writes fields one after the other; every body below is such a row of fixed-width fields.
class Put {
 public:
  template <std::unsigned_integral T>
  Put& number(T value) {
    bytes_.resize(bytes_.size() + sizeof(T));
    put_le(bytes_.data() + bytes_.size() - sizeof(T), value);
    return *this;
  }
  Put& octets(ByteView value) {
    bytes_.insert(bytes_.end(), value.begin(), value.end());
    return *this;
  }
  Put& zeros(std::size_t count) {
    bytes_.resize(bytes_.size() + count);
    return *this;
  }
  Bytes take() { return std::move(bytes_); }

 private:
  Bytes bytes_;
};

// Reads them back. Running out, or a reserved octet that is not zero, makes ok() false.
class Get {
 public:
  explicit Get(ByteView bytes) : bytes_(bytes) {}
  template <std::unsigned_integral T>
  Get& number(T& value) {
    if (const auto piece = take(sizeof(T)); !piece.empty()) value = get_le<T>(piece.data());
    return *this;
  }
  template <std::size_t N, class Tag>
  Get& octets(FixedBytes<N, Tag>& value) {
    if (const auto piece = take(N); !piece.empty()) value = FixedBytes<N, Tag>::from(piece);
    return *this;
  }
  Get& zeros(std::size_t count) {
    ok_ = all_zero(take(count)) && ok_;
    return *this;
  }
  ByteView rest() { return take(bytes_.size()); }
  bool done() const { return ok_ && bytes_.empty(); }
  bool ok() const { return ok_; }

 private:
  ByteView take(std::size_t count) {
    if (bytes_.size() < count) ok_ = false;
    if (!ok_) return {};
    const auto piece = bytes_.first(count);
    bytes_ = bytes_.subspan(count);
    return piece;
  }
  ByteView bytes_;
  bool ok_ = true;
};

std::uint32_t frame_crc(ByteView frame, const Salt& salt) {
  const auto head = crc32c(frame.first(kFrameHeader - 4), crc32c(salt.view()));
  return crc32c(frame.subspan(kFrameHeader), head);
}

bool is_class(std::uint8_t value) { return value < kClassNames.size(); }

}  // namespace

std::string_view name_of(RecoveryClass kind) { return kClassNames[static_cast<std::size_t>(kind)]; }
std::string_view name_of(FrameType type) { return kTypeNames[static_cast<std::size_t>(type)]; }

bool all_zero(ByteView bytes) {
  // A buffer is all zeros if its first octet is, and it equals itself moved by one.
  return bytes.empty() ||
         (bytes[0] == 0 && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

Bytes encode_header(const SegmentHeader& h) {
  Put put;
  put.octets(as_bytes(kSegmentMagic)).number(h.version);
  put.number(static_cast<std::uint16_t>(kSegmentHeader)).number(h.commit_align);
  put.octets(h.log.view()).number(h.number).number(h.first_seq).number(h.tree.size());
  put.octets(h.salt.view()).number(h.epoch).number(h.wall_ns).octets(h.boot.view());
  put.octets(h.previous.view()).octets(h.root.view());
  put.number(static_cast<std::uint8_t>(Algorithm::sha256_rfc6962)).number(kRootPresent).zeros(2);
  put.number(static_cast<std::uint32_t>(h.tree.peaks().size())).number(h.file_bytes);
  put.number(static_cast<std::uint16_t>(h.origin.size())).octets(as_bytes(h.origin));
  auto bytes = put.take();
  bytes.resize(kPeaksAt);
  for (const auto& peak : h.tree.peaks())
    bytes.insert(bytes.end(), peak.octets.begin(), peak.octets.end());
  bytes.resize(kSegmentHeader);
  put_le(bytes.data() + kHeaderCrcAt, crc32c(ByteView(bytes).first(kHeaderCrcAt)));
  return bytes;
}

namespace {

/// A header of any version: magic and CRC keep their places.
bool is_header(ByteView bytes) {
  return bytes.size() >= kSegmentHeader &&
         get_le<std::uint32_t>(bytes.data() + kHeaderCrcAt) == crc32c(bytes.first(kHeaderCrcAt)) &&
         as_text(bytes.first(kSegmentMagic.size())) == kSegmentMagic;
}

}  // namespace

std::optional<std::string> refuse_newer(ByteView bytes, std::uint64_t segment) {
  if (!is_header(bytes)) return std::nullopt;
  const auto version = get_le<std::uint16_t>(bytes.data() + kSegmentMagic.size());
  if (version <= kFormatVersion) return std::nullopt;
  return "segment " + std::to_string(segment) + " has format " + std::to_string(version) +
         ", this program reads up to " + std::to_string(kFormatVersion);
}

std::optional<SegmentHeader> decode_header(ByteView bytes) {
  if (!is_header(bytes)) return std::nullopt;
  bytes = bytes.first(kSegmentHeader);
  SegmentHeader h;
  std::uint16_t header_bytes = 0;
  std::uint16_t origin_bytes = 0;
  std::uint64_t tree_size = 0;
  std::uint8_t algorithm = 0;
  std::uint8_t flags = 0;
  std::uint32_t peak_count = 0;
  Get get(bytes.subspan(kSegmentMagic.size()));
  get.number(h.version).number(header_bytes).number(h.commit_align).octets(h.log);
  get.number(h.number).number(h.first_seq).number(tree_size).octets(h.salt).number(h.epoch);
  get.number(h.wall_ns).octets(h.boot).octets(h.previous).octets(h.root);
  get.number(algorithm).number(flags).zeros(2).number(peak_count).number(h.file_bytes);
  get.number(origin_bytes);
  const bool known =
      h.version >= 1 && h.version <= kFormatVersion && header_bytes == kSegmentHeader &&
      algorithm == static_cast<std::uint8_t>(Algorithm::sha256_rfc6962) && flags == kRootPresent &&
      peak_count <= kMaxPeaks && origin_bytes <= kMaxOrigin && h.commit_align == kCommitAlign;
  if (!get.ok() || !known) return std::nullopt;
  const auto origin_end = kOriginAt + 2 + origin_bytes;
  const auto peaks_end = kPeaksAt + peak_count * Digest::kSize;
  if (!all_zero(bytes.subspan(origin_end, kPeaksAt - origin_end)) ||
      !all_zero(bytes.subspan(peaks_end, kHeaderCrcAt - peaks_end)))
    return std::nullopt;
  h.origin = as_text(bytes.subspan(kOriginAt + 2, origin_bytes));
  std::vector<Digest> peaks;
  for (std::size_t i = 0; i < peak_count; ++i)
    peaks.push_back(Digest::from(bytes.subspan(kPeaksAt + i * Digest::kSize)));
  auto tree = MerkleTree::from(tree_size, std::move(peaks));
  if (!tree || tree->root() != h.root || h.first_seq != tree_size + 1) return std::nullopt;
  h.tree = std::move(*tree);
  return h;
}

void append_frame(Bytes& out, FrameType type, std::uint8_t flags, std::uint64_t seq,
                  ByteView payload) {
  const auto at = out.size();
  out.resize(at + kFrameHeader);
  auto* head = out.data() + at;
  put_le(head, kFrameMagic);
  head[4] = static_cast<std::uint8_t>(type);
  head[5] = flags;
  put_le(head + 8, static_cast<std::uint32_t>(payload.size()));
  put_le(head + 12, seq);
  out.insert(out.end(), payload.begin(), payload.end());
}

std::size_t frame_bytes(ByteView bytes, std::size_t offset) {
  return kFrameHeader + get_le<std::uint32_t>(bytes.data() + offset + 8);
}

void seal_frame(Bytes& out, std::size_t offset, const Salt& salt) {
  const auto frame = ByteView(out).subspan(offset, frame_bytes(out, offset));
  put_le(out.data() + offset + 20, frame_crc(frame, salt));
}

FrameStatus parse_frame(ByteView bytes, std::size_t offset, const Salt& salt, Frame& frame) {
  if (offset + kFrameHeader > bytes.size()) return FrameStatus::cut;
  const auto* head = bytes.data() + offset;
  const auto type = head[4];
  const auto length = get_le<std::uint32_t>(head + 8);
  const std::uint8_t allowed_flags =
      type == static_cast<std::uint8_t>(FrameType::record) ? kAdopted : 0;
  if (get_le<std::uint32_t>(head) != kFrameMagic || type == 0 || type >= kTypeNames.size() ||
      (head[5] & ~allowed_flags) != 0 || get_le<std::uint16_t>(head + 6) != 0 ||
      length > kMaxPayload)
    return FrameStatus::invalid;
  if (offset + kFrameHeader + length > bytes.size()) return FrameStatus::cut;
  const auto whole = bytes.subspan(offset, kFrameHeader + length);
  if (get_le<std::uint32_t>(head + 20) != frame_crc(whole, salt)) return FrameStatus::invalid;
  frame = {static_cast<FrameType>(type), head[5], get_le<std::uint64_t>(head + 12),
           whole.subspan(kFrameHeader), offset};
  return FrameStatus::valid;
}

Bytes encode_commit(const Commit& c) {
  Put put;
  put.number(static_cast<std::uint8_t>(c.algorithm)).number(c.flags).zeros(2).number(c.count);
  put.number(c.first_seq).number(c.batch_bytes).number(c.tree_size);
  put.octets(c.root.view()).octets(c.previous.view()).octets(c.batch_hash.view());
  put.octets(c.boot.view()).number(c.wall_ns).number(c.boot_ns);
  return put.take();
}

std::optional<Commit> decode_commit(ByteView body) {
  Commit c;
  std::uint8_t algorithm = 0;
  Get get(body);
  get.number(algorithm).number(c.flags).zeros(2).number(c.count).number(c.first_seq);
  get.number(c.batch_bytes).number(c.tree_size).octets(c.root).octets(c.previous);
  get.octets(c.batch_hash).octets(c.boot).number(c.wall_ns).number(c.boot_ns);
  if (!get.done() || algorithm != static_cast<std::uint8_t>(Algorithm::sha256_rfc6962) ||
      (c.flags & ~kRootPresent) != 0)
    return std::nullopt;
  return c;
}

Bytes encode_start(const Start& s) {
  Put put;
  put.number(s.epoch).octets(s.boot.view()).number(static_cast<std::uint8_t>(s.found));
  put.number(static_cast<std::uint8_t>(s.unclean ? 1 : 0)).zeros(6).number(s.tree_size);
  put.octets(s.root.view()).number(s.wall_ns).number(s.boot_ns).octets(as_bytes(s.version));
  return put.take();
}

std::optional<Start> decode_start(ByteView body) {
  Start s;
  std::uint8_t found = 0;
  std::uint8_t unclean = 0;
  Get get(body);
  get.number(s.epoch).octets(s.boot).number(found).number(unclean).zeros(6).number(s.tree_size);
  get.octets(s.root).number(s.wall_ns).number(s.boot_ns);
  s.version = as_text(get.rest());
  if (!get.ok() || !is_class(found) || unclean > 1) return std::nullopt;
  s.found = static_cast<RecoveryClass>(found);
  s.unclean = unclean == 1;
  return s;
}

Bytes encode_recovery(const Recovery& r) {
  Put put;
  put.number(static_cast<std::uint8_t>(r.found)).zeros(7).number(r.segment).number(r.offset);
  put.number(r.length).number(r.torn_offset).octets(r.digest.view());
  put.number(r.adopted_first).number(r.adopted_count);
  return put.take();
}

std::optional<Recovery> decode_recovery(ByteView body) {
  Recovery r;
  std::uint8_t found = 0;
  Get get(body);
  get.number(found).zeros(7).number(r.segment).number(r.offset).number(r.length);
  get.number(r.torn_offset).octets(r.digest).number(r.adopted_first).number(r.adopted_count);
  if (!get.done() || !is_class(found)) return std::nullopt;
  r.found = static_cast<RecoveryClass>(found);
  return r;
}

Bytes encode_seal(const Seal& s) {
  Put put;
  put.number(s.tree_size).number(s.first_seq).number(s.records).number(s.used_bytes);
  put.octets(s.root.view()).zeros(Digest::kSize);  // slot of a whole-segment digest
  return put.take();
}

std::optional<Seal> decode_seal(ByteView body) {
  Seal s;
  Get get(body);
  get.number(s.tree_size).number(s.first_seq).number(s.records).number(s.used_bytes);
  get.octets(s.root).zeros(Digest::kSize);
  if (!get.done()) return std::nullopt;
  return s;
}

Bytes encode_stop(const Stop& s) {
  Put put;
  put.number(s.tree_size).number(s.wall_ns).number(s.boot_ns);
  return put.take();
}

std::optional<Stop> decode_stop(ByteView body) {
  Stop s;
  Get get(body);
  get.number(s.tree_size).number(s.wall_ns).number(s.boot_ns);
  if (!get.done()) return std::nullopt;
  return s;
}

std::string segment_name(std::uint64_t number, std::uint64_t first_seq) {
  const auto padded = [](std::uint64_t value, std::size_t width) {
    const auto digits = std::to_string(value);
    return std::string(digits.size() < width ? width - digits.size() : 0, '0') + digits;
  };
  return padded(number, 8) + "-" + padded(first_seq, 20) + ".seg";
}

std::optional<SegmentName> parse_segment_name(std::string_view name) {
  SegmentName made;
  const auto* end = name.data() + name.size();
  const auto number = std::from_chars(name.data(), end, made.number);
  if (number.ec != std::errc{} || number.ptr == end || *number.ptr != '-') return std::nullopt;
  if (std::from_chars(number.ptr + 1, end, made.first_seq).ec != std::errc{}) return std::nullopt;
  // Only the one spelling: a second file of the same number must not hide behind leading zeros.
  if (segment_name(made.number, made.first_seq) != name) return std::nullopt;
  return made;
}

}  // namespace aeromq::audit
