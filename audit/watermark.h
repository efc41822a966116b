// The durable watermark: how far readers may look. Advanced only after a sync returned; a hint of
// what must be there for the next start, never a proof of what is.
#pragma once
#include "audit/file.h"
#include "audit/format.h"

namespace aeromq::audit {

/// Everything before octet `position` of segment `segment` is durable; `seq` is its last record.
struct Watermark {
  LogId log;
  std::uint64_t segment = 0;
  std::uint64_t position = 0;
  std::uint64_t seq = 0;
  std::uint64_t epoch = 0;
  friend bool operator==(const Watermark&, const Watermark&) = default;
};

constexpr std::size_t kWatermarkBytes = 64;
Bytes encode_watermark(const Watermark& mark);
/// nullopt: damaged, or read while it was being written.
std::optional<Watermark> decode_watermark(ByteView bytes);

/// The mark in this file; nullopt if there is no such file or it never held one. Error: it cannot
/// be read.
Result<std::optional<Watermark>> read_watermark(const std::filesystem::path& path);

}  // namespace aeromq::audit
