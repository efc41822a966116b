// Carries out the broker core's effects: the only place where the control plane binds sockets.
// One thread, one poll loop; actors before clients, so that a flood of clients starves nobody.
#pragma once
#include <functional>
#include <map>
#include <set>

#include "broker/broker.h"
#include "door/board.h"
#include "transport/listener.h"
#include "transport/publisher.h"

namespace aeromq::broker {

struct ShellOptions {
  std::string control;     ///< ipc endpoint for actors
  std::string clients;     ///< ipc endpoint for clients, behind the door
  std::string events;      ///< ipc endpoint for the feed process
  std::string secret_key;  ///< CURVE server key of the client side
  std::string board;       ///< file shared with the door
  int heartbeat_ms = 500;
  int open_of_client = 256;  ///< requests that one connection may have open
};

class Shell {
 public:
  /// Binds everything; the client side last, so that nobody is let in early.
  static Result<Shell> open(transport::Context& context, const ShellOptions& options);

  /// Runs until SIGTERM or SIGINT. SIGHUP: `on_hangup` reads the principals again and says whose
  /// keys were withdrawn.
  using OnHangup = std::function<std::set<std::string>()>;
  void run(Broker& broker, const OnHangup& on_hangup = {});

 private:
  struct Door {
    Side side;
    transport::Listener listener;
  };
  bool drain(Broker& broker, Door& door);
  Link link_of(const Door& door, const transport::Incoming& incoming);
  void bar(const std::string& connection);
  void look_for_ended(Broker& broker);
  void look_at_door(Broker& broker);
  void carry_out(Broker& broker, Effects effects);
  transport::Listener& listener_of(const Link& link);

  std::vector<Door> doors_;  // control first
  std::optional<transport::Publisher> events_;
  std::optional<door::Board> board_;
  std::map<std::string, door::Ref> through_door_;  // a client's connection, as the door knows it
  std::array<std::uint64_t, door::kTurnedText.size()> turned_{};
};

/// The names of every kill point of the broker: broker.<message>.<received|decided|sent>.
std::vector<std::string> kill_point_names();

}  // namespace aeromq::broker
