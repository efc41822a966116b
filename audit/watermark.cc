#include "audit/watermark.h"

#include "audit/crc32c.h"
#include "audit/little_endian.h"

namespace aeromq::audit {
namespace {
constexpr std::string_view kMagic = "AMQMARK1";
constexpr std::size_t kCrcAt = kWatermarkBytes - 4;
}  // namespace

Bytes encode_watermark(const Watermark& mark) {
  Bytes bytes(kWatermarkBytes);
  std::ranges::copy(kMagic, bytes.begin());
  std::ranges::copy(mark.log.octets, bytes.begin() + 8);
  put_le(&bytes[24], mark.segment);
  put_le(&bytes[32], mark.position);
  put_le(&bytes[40], mark.seq);
  put_le(&bytes[48], mark.epoch);
  put_le(&bytes[kCrcAt], crc32c(ByteView(bytes).first(kCrcAt)));
  return bytes;
}

std::optional<Watermark> decode_watermark(ByteView bytes) {
  if (bytes.size() != kWatermarkBytes || as_text(bytes.first(8)) != kMagic ||
      get_le<std::uint32_t>(&bytes[kCrcAt]) != crc32c(bytes.first(kCrcAt)))
    return std::nullopt;
  return Watermark{LogId::from(bytes.subspan(8)), get_le<std::uint64_t>(&bytes[24]),
                   get_le<std::uint64_t>(&bytes[32]), get_le<std::uint64_t>(&bytes[40]),
                   get_le<std::uint64_t>(&bytes[48])};
}

Result<std::optional<Watermark>> read_watermark(const std::filesystem::path& path) {
  if (!file_exists(path)) return std::nullopt;
  // A read may fall into a write; the CRC tells, and the next read finds it finished.
  constexpr int kTries = 1000;
  for (int attempt = 0; attempt < kTries; ++attempt) {
    auto bytes = read_file(path);
    if (!bytes) return fail(bytes.error());
    if (auto mark = decode_watermark(*bytes)) return mark;
    if (all_zero(*bytes)) return std::nullopt;
  }
  return fail(unavailable("the watermark " + path.string() + " is damaged"));
}

}  // namespace aeromq::audit
