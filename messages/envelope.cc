#include "messages/envelope.h"

namespace aeromq {
namespace {
constexpr std::size_t kHeaderElements = 5;
constexpr std::size_t kMaxPrincipal = 64;

Error malformed(std::string detail) { return make_error(ErrorCode::malformed, std::move(detail)); }
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
  const auto parsed = Parsed::parse(bytes);
  if (!parsed) return fail(malformed("the header is not MessagePack"));
  const auto root = parsed->root();
  if (root.array_size() != kHeaderElements) return fail(malformed("the header is not an array of 5"));
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
  Header header{static_cast<MessageType>(*type), BootId::from(*boot), *seq, {},
                std::string(*principal)};
  if (!request->empty()) {
    const auto id = RequestId::from(*request);
    if (!id) return fail(malformed("header: request id"));
    header.request = *id;
  }
  return header;
}

Result<void> check_magic(ByteView bytes) {
  if (bytes.size() != kMagic.size() || !std::equal(bytes.begin(), bytes.begin() + 4, kMagic.begin()))
    return fail(malformed("not an AMCP message"));
  if (bytes[4] != kMajor) return fail(make_error(ErrorCode::version_not_supported));
  return {};
}

}  // namespace aeromq
