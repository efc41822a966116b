#include "client/answer.h"

namespace aeromq::client {

std::uint64_t Pending::left_ms() const {
  const auto gone = std::chrono::duration_cast<std::chrono::milliseconds>(
                        std::chrono::steady_clock::now() - received)
                        .count();
  const auto gone_ms = static_cast<std::uint64_t>(gone < 0 ? 0 : gone);
  return gone_ms < asked.expires_in_ms ? asked.expires_in_ms - gone_ms : 0;
}

}  // namespace aeromq::client
