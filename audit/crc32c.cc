#include "audit/crc32c.h"

#include <cstring>

#include "audit/little_endian.h"

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace aeromq::audit {
namespace {

using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

// Slicing by eight: table k gives the effect of an octet that is k octets away from the end.
constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint32_t octet = 0; octet < 256; ++octet) {
    std::uint32_t crc = octet;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1U) != 0 ? crc >> 1 ^ 0x82F63B78U : crc >> 1;
    tables[0][octet] = crc;
  }
  for (std::size_t octet = 0; octet < 256; ++octet)
    for (std::size_t k = 1; k < 8; ++k) {
      const auto before = tables[k - 1][octet];
      tables[k][octet] = before >> 8 ^ tables[0][before & 255U];
    }
  return tables;
}
constexpr Tables kTables = make_tables();

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t crc32c_by_instruction(ByteView bytes,
                                                                      std::uint32_t crc) {
  std::uint64_t running = ~crc;
  const auto* at = bytes.data();
  auto left = bytes.size();
  for (; left >= 8; left -= 8, at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    running = _mm_crc32_u64(running, word);
  }
  auto narrow = static_cast<std::uint32_t>(running);
  for (; left > 0; --left) narrow = _mm_crc32_u8(narrow, *at++);
  return ~narrow;
}
#endif

}  // namespace

std::uint32_t crc32c_by_table(ByteView bytes, std::uint32_t crc) {
  crc = ~crc;
  const auto* at = bytes.data();
  auto left = bytes.size();
  for (; left >= 8; left -= 8, at += 8) {
    const auto low = crc ^ get_le<std::uint32_t>(at);
    crc = kTables[7][low & 255U] ^ kTables[6][low >> 8 & 255U] ^ kTables[5][low >> 16 & 255U] ^
          kTables[4][low >> 24] ^ kTables[3][at[4]] ^ kTables[2][at[5]] ^ kTables[1][at[6]] ^
          kTables[0][at[7]];
  }
  for (; left > 0; --left) crc = crc >> 8 ^ kTables[0][(crc ^ *at++) & 255U];
  return ~crc;
}

std::uint32_t crc32c(ByteView bytes, std::uint32_t crc) {
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;
  if (has_instruction) return crc32c_by_instruction(bytes, crc);
#endif
  return crc32c_by_table(bytes, crc);
}

}  // namespace aeromq::audit
