#include "transport/keys.h"

#include <zmq.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace aeromq::transport {
namespace {
constexpr std::size_t kKeyText = 40;
}  // namespace

KeyPair make_key_pair() {
  std::array<char, kKeyText + 1> public_key{};
  std::array<char, kKeyText + 1> secret_key{};
  if (zmq_curve_keypair(public_key.data(), secret_key.data()) != 0) std::abort();
  return {public_key.data(), secret_key.data()};
}

bool is_key(const std::string& text) {
  std::array<std::uint8_t, 32> octets{};
  return text.size() == kKeyText && std::strlen(text.c_str()) == kKeyText &&
         zmq_z85_decode(octets.data(), text.c_str()) != nullptr;
}

}  // namespace aeromq::transport
