// The other end of a connection as a process of its own, for tests that kill or stop it:
//   transport_other_end peer ENDPOINT      connects, sends HELLO, prints each message's nonce
//   transport_other_end listener ENDPOINT  binds for this uid, prints each message's seq
//   transport_other_end routing-id ENDPOINT  prints the first connection that a listener sees
#include <unistd.h>

#include <cstdio>
#include <string_view>

#include "messages/catalogue.h"
#include "process/entry.h"
#include "transport/listener.h"
#include "transport/peer.h"
#include "transport/zap.h"

namespace aeromq::transport {
namespace {

int fault(const Error& error) {
  std::fprintf(stderr, "%s\n", error.message.c_str());
  return 1;
}

int be_peer(const char* endpoint) {
  auto peer = Peer::connect({endpoint, {}});
  if (!peer) return fault(peer.error());
  if (!peer->send({}, Hello{})) return 1;
  std::puts("connected");
  while (peer->alive()) {
    while (const auto message = peer->receive())
      std::printf("%llu\n", static_cast<unsigned long long>(decode<Ping>(message->body)->nonce));
    peer->wait(-1);
  }
  std::puts("ended");
  return 0;
}

int be_listener(const char* endpoint) {
  auto context = Context::start({{"actors", {{}, {::getuid()}}}});
  if (!context) return fault(context.error());
  auto listener = Listener::bind(**context, endpoint, {"actors", {}});
  if (!listener) return fault(listener.error());
  std::puts("bound");
  Listener* const all[] = {&*listener};
  for (;;) {
    while (const auto incoming = listener->receive())
      std::printf("%llu\n",
                  static_cast<unsigned long long>(from_frames(incoming->frames)->header.seq));
    wait_any(all, -1);
  }
}

int say_routing_id(const char* endpoint) {
  auto context = Context::start({{"actors", {{}, {::getuid()}}}});
  if (!context) return fault(context.error());
  auto listener = Listener::bind(**context, endpoint, {"actors", {}});
  if (!listener) return fault(listener.error());
  auto peer = Peer::connect({endpoint, {}});
  if (!peer || !peer->send({}, Hello{})) return 1;
  Listener* const all[] = {&*listener};
  for (;;) {
    if (const auto incoming = listener->receive()) {
      std::puts(to_hex(as_bytes(incoming->connection)).c_str());
      return 0;
    }
    wait_any(all, -1);
  }
}

}  // namespace
}  // namespace aeromq::transport

namespace {

int run_program(int count, char** arguments) {
  if (count != 3) return 2;
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  using namespace aeromq::transport;
  const std::string_view mode = arguments[1];
  if (mode == "routing-id") return say_routing_id(arguments[2]);
  return mode == "peer" ? be_peer(arguments[2]) : be_listener(arguments[2]);
}

}  // namespace

int main(int count, char** arguments) {
  return aeromq::process::enter(count, arguments, [&] { return run_program(count, arguments); });
}
