// How the simulated hosts are set up: short times, so that a few seconds of a run see every one
// end.
#pragma once
#include <cstdint>

namespace aeromq::chaos {

inline constexpr const char* kAuditDir = "/aeromq/audit";
inline constexpr const char* kWatermark = "/aeromq/watermark";
inline constexpr std::uint64_t kSegmentBytes = 64 * 1024;
inline constexpr std::uint64_t kHeartbeatMs = 2500;
inline constexpr std::uint64_t kStageTimeoutMs = 3000;
inline constexpr std::uint64_t kTokenTtlMs = 2000;
inline constexpr std::uint64_t kLeaseMs = 9000;
inline constexpr std::uint64_t kAnswerTimeoutMs = 4000;  ///< of a client
inline constexpr std::uint64_t kTickMs = 200;

}  // namespace aeromq::chaos
