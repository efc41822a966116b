// CURVE key pairs (RFC 26) as Z85 text. The files that hold them are process/settings.h's.
#pragma once
#include <string>

namespace aeromq::transport {

struct KeyPair {
  std::string public_key;  ///< 40 characters of Z85
  std::string secret_key;  ///< 40 characters of Z85; never logged
  friend bool operator==(const KeyPair&, const KeyPair&) = default;
};

/// What a connecting peer needs.
struct CurveClient {
  std::string server_key;  ///< the listener's public key
  KeyPair own;
};

/// A fresh pair from the operating system's randomness.
KeyPair make_key_pair();

/// True for 40 characters of the Z85 alphabet that zmq accepts as a key.
bool is_key(const std::string& text);

}  // namespace aeromq::transport
