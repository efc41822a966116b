// Carries out the broker core's effects: the only place where the control plane binds sockets.
// One thread, one poll loop; actors before clients, so that a flood of clients starves nobody.
#pragma once
#include "broker/broker.h"
#include "transport/listener.h"
#include "transport/publisher.h"

namespace aeromq::broker {

struct ShellOptions {
  std::string control;               ///< ipc endpoint for actors
  std::vector<std::string> clients;  ///< endpoints for clients
  std::string feed;                  ///< observer feed; empty = none
  std::string secret_key;            ///< CURVE server key of the client side
  int heartbeat_ms = 500;
  int open_of_client = 256;  ///< requests that one connection may have open
};

class Shell {
 public:
  /// Binds everything; the client side last, so that nobody is let in early.
  static Result<Shell> open(transport::Context& context, const ShellOptions& options);

  /// Runs until SIGTERM or SIGINT.
  void run(Broker& broker);

 private:
  struct Door {
    Side side;
    transport::Listener listener;
  };
  bool drain(Broker& broker, Door& door);
  void carry_out(Broker& broker, Effects effects);
  transport::Listener& listener_of(const Link& link);

  std::vector<Door> doors_;  // control first
  std::optional<transport::Publisher> feed_;
};

/// The names of every kill point of the broker: broker.<message>.<received|decided|sent>.
std::vector<std::string> kill_point_names();

}  // namespace aeromq::broker
