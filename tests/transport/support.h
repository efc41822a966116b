// What the transport tests share: a listener with a known client key, and waiting for messages.
#pragma once
#include <poll.h>
#include <unistd.h>

#include <optional>
#include <string>

#include "messages/catalogue.h"
#include "tests/support/child.h"
#include "tests/support/scratch_folder.h"
#include "transport/listener.h"
#include "transport/peer.h"
#include "transport/zap.h"

namespace aeromq::transport {

using test::Child;
using test::eventually;
using test::kPatienceMs;
using test::ScratchFolder;

/// A listener on ipc or tcp that knows one client key as "alice".
struct Server {
  KeyPair server = make_key_pair();
  KeyPair alice = make_key_pair();
  std::unique_ptr<Context> context;
  std::optional<Listener> listener;

  explicit Server(const std::string& endpoint, int hwm = 1000) {
    auto started = Context::start(
        {{"clients", {{{alice.public_key, "alice"}}, {}}}, {"actors", {{}, {::getuid()}}}});
    if (!started) throw std::runtime_error(started.error().message);
    context = std::move(*started);
    ListenerOptions options{"clients", server.secret_key};
    options.hwm = hwm;
    auto bound = Listener::bind(*context, endpoint, options);
    if (!bound) throw std::runtime_error(bound.error().message);
    listener.emplace(std::move(*bound));
  }
  PeerOptions client(const std::string& endpoint, std::optional<KeyPair> key = {}) const {
    PeerOptions options{endpoint, CurveClient{server.public_key, key.value_or(alice)}};
    return options;
  }
  std::optional<Incoming> receive() {
    std::optional<Incoming> incoming;
    eventually([&] { return (incoming = listener->receive()).has_value(); });
    return incoming;
  }
};

inline std::optional<Received> receive(Peer& peer) {
  std::optional<Received> received;
  eventually([&] {
    if ((received = peer.receive())) return true;
    if (!peer.alive()) {
      received = peer.receive();
      return true;
    }
    peer.wait(50);
    return false;
  });
  return received;
}

inline std::vector<Bytes> ping_frames(std::uint64_t seq, std::uint64_t nonce = 0,
                                      std::uint8_t boot = 7) {
  BootId id;
  id.octets[0] = boot;
  return to_frames({MessageType::ping, id, seq, {}, {}}, encode(Ping{nonce}));
}

}  // namespace aeromq::transport
