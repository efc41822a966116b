// The sockets of the bare model, with the option set of transport/, and whole messages.
#pragma once
#include <array>
#include <optional>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "bench/bare/road.h"

namespace aeromq::bench {

/// Where everything of one run lies.
struct Places {
  std::string dir;
  std::string control() const { return "ipc://" + dir + "/control.ipc"; }
  std::string clients() const { return "ipc://" + dir + "/clients.ipc"; }
  std::string kernel() const { return dir + "/kernel.sock"; }
};

/// CURVE key pairs of the client leg, made by the driver for one run, given on in the environment.
struct Keys {
  std::string server_public;
  std::string server_secret;
  static Keys fresh();
  static Keys from_environment();
  void to_environment() const;
};

/// Magic, header, body: the frames of the product's wire.
using Frames = std::array<zmq::message_t, 3>;

struct Routed {
  zmq::message_t connection;
  Frames frames;
};

zmq::socket_t bind_router(zmq::context_t& context, const std::string& endpoint, const Keys* curve);
zmq::socket_t connect_dealer(zmq::context_t& context, const std::string& endpoint,
                             const Keys* curve);

/// An actor's connection to the broker, its role said.
zmq::socket_t join(zmq::context_t& context, const Places& places, Role role);

/// One message, or nothing if none waits.
std::optional<Frames> receive(zmq::socket_t& dealer);
std::optional<Routed> receive_routed(zmq::socket_t& router);
void send(zmq::socket_t& dealer, Frames frames);
void send_routed(zmq::socket_t& router, const void* id, std::size_t size, Frames frames);

Header header_of(const Frames& frames);
void set_header(Frames& frames, const Header& header);
Frames make_frames(const Header& header, std::size_t body);

/// Blocks until the socket, or `fd` if it is not -1, is readable.
void wait_for(zmq::socket_t& socket, int fd = -1);

[[noreturn]] void die(const std::string& what);

}  // namespace aeromq::bench
