#include "messages/ids.h"

#include "messages/base32.h"

namespace aeromq {
namespace {

// One entry per octet: the bit loop, run when this is compiled.
constexpr auto kCrcTable = [] {
  std::array<std::uint16_t, 256> table{};
  for (unsigned octet = 0; octet < table.size(); ++octet) {
    unsigned crc = octet << 8;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x8000) != 0 ? crc << 1 ^ 0x1021 : crc << 1;
    table[octet] = static_cast<std::uint16_t>(crc);
  }
  return table;
}();

std::uint16_t crc16(ByteView bytes) {
  std::uint16_t crc = 0xFFFF;
  for (auto octet : bytes)
    crc = static_cast<std::uint16_t>(crc << 8 ^ kCrcTable[(crc >> 8 ^ octet) & 255]);
  return crc;
}

void put(std::uint8_t* at, std::uint32_t value, int octets) {
  for (int i = octets - 1; i >= 0; --i, value >>= 8) at[i] = static_cast<std::uint8_t>(value & 255);
}

std::uint32_t get(ByteView bytes) {
  std::uint32_t value = 0;
  for (auto octet : bytes) value = value << 8 | octet;
  return value;
}

Error bad_id(std::string detail) {
  return make_error(ErrorCode::invalid_input, std::move(detail), "request_id");
}

}  // namespace

std::array<std::uint8_t, SessionId::kSize> SessionId::octets() const {
  std::array<std::uint8_t, kSize> made{};
  std::copy(history.octets.begin(), history.octets.end(), made.begin());
  put(&made[4], dispatcher, 1);
  put(&made[5], epoch, 3);
  put(&made[8], lease_end_s, 4);
  put(&made[12], number, 3);
  return made;
}

SessionId SessionId::from(ByteView octets) {
  return {HistoryId::from(octets.first(4)), octets[4], get(octets.subspan(5, 3)),
          get(octets.subspan(8, 4)), get(octets.subspan(12, 3))};
}

std::array<std::uint8_t, RequestId::kSize> RequestId::octets() const {
  std::array<std::uint8_t, kSize> made{};
  const auto session_octets = session.octets();
  std::copy(session_octets.begin(), session_octets.end(), made.begin());
  put(&made[15], counter << 1 | (kernel_action ? 1U : 0U), 3);
  put(&made[18], crc16(ByteView(made).first(18)), 2);
  return made;
}

std::string RequestId::text() const {
  const auto flat = to_base32(octets());
  std::string grouped;
  grouped.reserve(flat.size() + flat.size() / 4);
  for (std::size_t at = 0; at < flat.size(); at += 4) {
    if (at > 0) grouped += '-';
    grouped.append(flat, at, 4);
  }
  return grouped;
}

Result<RequestId> RequestId::from(ByteView octets) {
  if (octets.size() != kSize) return fail(bad_id("a request id has 20 octets"));
  if (crc16(octets.first(18)) != get(octets.subspan(18)))
    return fail(bad_id("the check does not match: mistyped?"));
  const auto tail = get(octets.subspan(15, 3));
  const RequestId made{SessionId::from(octets.first(SessionId::kSize)), tail >> 1,
                       (tail & 1U) != 0};
  if (made.empty()) return fail(bad_id("the counter starts at 1"));
  return made;
}

Result<RequestId> RequestId::parse(std::string_view text) {
  std::string flat;
  for (char c : text)
    if (c != '-') flat += c;
  const auto octets = flat.size() == 32 ? from_base32(flat) : std::nullopt;
  if (!octets) return fail(bad_id("a request id is 32 base32 characters in 8 groups of 4"));
  return from(*octets);
}

}  // namespace aeromq
