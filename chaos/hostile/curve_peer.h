// ZMTP 3.1 with CURVE (RFC 23, RFC 26) over a plain socket and libsodium, so that every octet of a
// hostile peer is ours: libzmq itself never sends half a message.
#pragma once
#include <functional>

#include "chaos/hostile/raw_socket.h"

namespace aeromq::chaos::hostile {

/// One ZMTP frame; `flags`: 1 more, 4 command. The length's own flag is set here.
Bytes zmtp_frame(ByteView body, std::uint8_t flags);

/// The 64 octets that each end begins with.
Bytes greeting(std::string_view mechanism, std::uint8_t major = 3, std::uint8_t minor = 1);

class CurvePeer {
 public:
  /// Connects and goes through the whole handshake; nothing if the other end does not.
  static std::optional<CurvePeer> connect(const Door& door, const transport::KeyPair& keys,
                                          const std::string& source,
                                          std::string_view socket_type = "DEALER");

  /// Greeting and a HELLO that the server's key opens: a stranger can make it.
  static Bytes hello_of_stranger(const std::string& server_key);

  /// The octets of one sealed frame.
  Bytes sealed(ByteView data, bool more, bool command = false);
  RawSocket& socket() { return socket_; }

 private:
  using Key = std::array<std::uint8_t, 32>;
  explicit CurvePeer(RawSocket socket) : socket_(std::move(socket)) {}
  Bytes hello();
  bool shake_hands(const transport::KeyPair& keys, std::string_view socket_type);
  std::optional<Bytes> read_command(std::string_view name, Clock::time_point end);
  std::array<std::uint8_t, 8> next_nonce();

  RawSocket socket_;
  Key server_{};        // S
  Key own_public_{};    // C'
  Key own_secret_{};    // c'
  Key server_short_{};  // S'
  std::uint64_t nonce_ = 0;
};

/// Puts octets behind others.
void append(Bytes& to, ByteView more);

/// Connects with the observer's key as a socket of that type, sends what `next` makes as fast as it
/// is taken, and connects anew where it was closed, until the time is over.
Load pester(const Arena& arena, const Door& door, std::string_view socket_type,
            Clock::time_point end, const std::function<Bytes(CurvePeer&)>& next);

}  // namespace aeromq::chaos::hostile
