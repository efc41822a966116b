// CURVE key pairs (RFC 26) as Z85 text, and the files that hold them.
#pragma once
#include <string>

#include "messages/result.h"

namespace aeromq::transport {

struct KeyPair {
  std::string public_key;  ///< 40 characters of Z85
  std::string secret_key;  ///< 40 characters of Z85; never logged
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
