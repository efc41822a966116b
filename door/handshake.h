// What can be seen of a ZMTP 3 handshake with CURVE from outside (RFC 23, 26): whether a stranger
// begins as a client would, and how the server ends it. Pure; nothing is decrypted here.
#pragma once
#include "messages/bytes.h"

namespace aeromq::door {

constexpr std::size_t kGreeting = 64;
constexpr std::size_t kHello = 202;  ///< the frame of a HELLO command
constexpr std::size_t kOpening = kGreeting + kHello;

/// What the server says first, octet for octet as libzmq does.
const std::array<std::uint8_t, kGreeting>& greeting();

enum class Opening { more, good, bad };
/// Whether these are a client's first octets: a greeting of ZMTP 3 for CURVE, then a HELLO. Bad as
/// soon as it can be seen; good once kOpening octets are there.
Opening judge_opening(ByteView octets);

/// Reads the server's commands, behind its greeting, until it has let the client in or refused it.
class ServerWatch {
 public:
  enum class Word { none, ready, error };
  /// The next octets. The word stays once it was said.
  Word see(ByteView octets);

 private:
  void end_of_name();
  Bytes head_;              // flags, size, command name, as far as seen
  std::uint64_t left_ = 0;  // octets of the frame that do not matter
  Word word_ = Word::none;
};

}  // namespace aeromq::door
