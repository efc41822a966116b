#include "messages/envelope.h"

namespace aeromq {
namespace {
constexpr std::size_t kHeaderElements = 5;
constexpr std::size_t kMaxPrincipal = 64;

Error malformed(std::string detail) { return make_error(ErrorCode::malformed, std::move(detail)); }
// A header in the form that encode_header writes, read without building a tree: every hop reads
// one. Nothing = another form, or a fault; the general way then accepts it or says what it is.
std::optional<Header> read_usual_form(ByteView bytes) {
  constexpr std::size_t kSeqAt = 4 + BootId::kSize;
  if (bytes.size() <= kSeqAt || bytes[0] != (0x90 | kHeaderElements)) return std::nullopt;
  if (bytes[1] == 0 || bytes[1] > 127 || bytes[2] != 0xC4 || bytes[3] != BootId::kSize)
    return std::nullopt;
  Header header;
  header.type = static_cast<MessageType>(bytes[1]);
  header.boot = BootId::from(bytes.subspan(4));
  const auto lead = bytes[kSeqAt];
  bytes = bytes.subspan(kSeqAt + 1);
  if (lead >= 0x80 && (lead < 0xCC || lead > 0xCF)) return std::nullopt;
  const std::size_t octets = lead < 0x80 ? 0 : std::size_t{1} << (lead - 0xCC);
  if (bytes.size() < octets + 2) return std::nullopt;
  if (lead < 0x80) header.seq = lead;
  for (std::size_t i = 0; i < octets; ++i) header.seq = header.seq << 8 | bytes[i];
  bytes = bytes.subspan(octets);
  const std::size_t id = bytes[1];
  if (bytes[0] != 0xC4 || (id != 0 && id != RequestId::kSize) || bytes.size() < id + 3)
    return std::nullopt;
  if (id != 0) {
    const auto request = RequestId::from(bytes.subspan(2, id));
    if (!request) return std::nullopt;
    header.request = *request;
  }
  bytes = bytes.subspan(2 + id);
  const std::size_t text = bytes[0] & 0x1FU;
  if (bytes[0] >> 5 != 5 || bytes.size() != 1 + text) return std::nullopt;
  header.principal = as_text(bytes.subspan(1));
  if (!detail::is_utf8(header.principal)) return std::nullopt;
  return header;
}

}  // namespace

Bytes encode_header(const Header& header) {
  Bytes out;
  out.reserve(96);
  Encoder encoder(out);
  encoder.array(kHeaderElements);
  encoder.number(static_cast<std::uint64_t>(header.type));
  encoder.bin(header.boot.octets);
  encoder.number(header.seq);
  if (header.request.empty())
    encoder.bin({});
  else
    encoder.bin(header.request.octets());
  encoder.text(header.principal);
  return out;
}

Result<Header> decode_header(ByteView bytes) {
  if (bytes.size() > kMaxHeader) return fail(malformed("the header is too long"));
  if (auto usual = read_usual_form(bytes)) return std::move(*usual);
  const auto parsed = Parsed::parse(bytes);
  if (!parsed) return fail(malformed("the header is not MessagePack"));
  const auto root = parsed->root();
  if (root.array_size() != kHeaderElements)
    return fail(malformed("the header is not an array of 5"));
  const auto type = root.element(0).number();
  const auto boot = root.element(1).bin();
  const auto seq = root.element(2).number();
  const auto request = root.element(3).bin();
  const auto principal = root.element(4).text();
  if (!type || *type == 0 || *type > 127) return fail(malformed("header: type"));
  if (!boot || boot->size() != BootId::kSize) return fail(malformed("header: boot id"));
  if (!seq) return fail(malformed("header: seq"));
  if (!request) return fail(malformed("header: request id"));
  if (!principal || principal->size() > kMaxPrincipal || !detail::is_utf8(*principal))
    return fail(malformed("header: principal"));
  Header header{
      static_cast<MessageType>(*type), BootId::from(*boot), *seq, {}, std::string(*principal)};
  if (!request->empty()) {
    const auto id = RequestId::from(*request);
    if (!id) return fail(malformed("header: request id"));
    header.request = *id;
  }
  return header;
}

Result<void> check_magic(ByteView bytes) {
  if (bytes.size() != kMagic.size() ||
      !std::equal(bytes.begin(), bytes.begin() + 4, kMagic.begin()))
    return fail(malformed("not an AMCP message"));
  if (bytes[4] != kMajor) return fail(make_error(ErrorCode::version_not_supported));
  return {};
}

}  // namespace aeromq
