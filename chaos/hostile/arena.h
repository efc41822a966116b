// Where an attack is led, and with what in hand: the product, or the dummy that stands in for it in
// the control run.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>

#include "transport/keys.h"

namespace aeromq::chaos::hostile {

using Clock = std::chrono::steady_clock;

/// A listener and the key that it proves itself with.
struct Door {
  std::string endpoint;    ///< tcp://127.0.0.1:port, or ipc://path
  std::string server_key;  ///< Z85
};

/// The keys are of principals and of a node that were let in and turned hostile; a stranger has
/// none.
struct Arena {
  Door clients;
  Door feed;
  Door nodes;
  transport::KeyPair observer;
  transport::KeyPair operator_;
  transport::KeyPair node;
  std::string source;  ///< the address that attackers come from, 127.0.0.2
};

/// What was thrown at the arena, for whoever judges what the numbers mean.
struct Load {
  std::uint64_t attempts =
      0;  ///< connections, messages or octets sent singly: what the attack counts
  std::uint64_t octets = 0;   ///< handed to sockets
  std::uint64_t refused = 0;  ///< attempts that the other end did not take
};

}  // namespace aeromq::chaos::hostile
