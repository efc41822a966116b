// A client of the wire protocol with no manners built in: it renews nothing, waits for nothing, and
// counts what it did not read. Attackers use it, and the honest person, who has the manners.
#pragma once
#include <optional>

#include "chaos/hostile/arena.h"
#include "messages/catalogue.h"
#include "messages/command.h"
#include "messages/envelope.h"
#include "transport/sockets.h"

namespace aeromq::chaos::hostile {

struct WireOptions {
  std::string source;      ///< the address to come from; tcp only
  int receive_hwm = 1000;  ///< messages that wait unread before the other end is held up
  int patience_ms = 5000;
};

class WireClient {
 public:
  /// Connects; greets unless `mute`. Nothing if that does not come to its end in time.
  static std::optional<WireClient> connect(zmq::context_t& context, const Door& door,
                                           const transport::KeyPair& keys,
                                           const WireOptions& options, bool mute = false);

  /// Hands one message to the socket; false if it takes none.
  bool send(MessageType type, ByteView body, const RequestId& request = {});
  /// The next message, if one comes in time.
  struct Received {
    Header header;
    Bytes body;
  };
  std::optional<Received> next(int timeout_ms);
  /// Reads what has come, at most `most`; how many that were answers, PROBE is none.
  std::size_t drain(std::size_t most);
  RequestId next_id(bool kernel_action);
  const Welcome& welcome() const { return welcome_; }
  std::uint64_t sent() const { return seq_; }

 private:
  explicit WireClient(zmq::socket_t socket) : socket_(std::move(socket)) {}
  bool greet(int timeout_ms);
  zmq::socket_t socket_;
  BootId boot_;
  Welcome welcome_;
  std::uint64_t seq_ = 0;
  std::uint32_t counter_ = 0;
};

/// A look at the whole cluster, as SUBMIT carries it.
Bytes look_body();
/// A demotion that only an operator may ask for.
Bytes demotion_body(const std::string& node, std::size_t reason_octets);

}  // namespace aeromq::chaos::hostile
