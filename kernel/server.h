// The kernel process's loop: one thread that acts, answers and hears reports, one message at a
// time, so that no question can run beside an act. It never blocks on a peer.
#pragma once
#include <list>

#include "kernel/conversation.h"
#include "kernel/node_side.h"
#include "kernel/packet_socket.h"
#include "process/signals.h"

namespace aeromq::kernel {

class Server {
 public:
  Server(Embedded kernel, PacketSocket listener, NodeSide nodes, process::StopSignal& stop);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  /// Serves until SIGTERM or SIGINT.
  int run();

 private:
  struct Client {
    PacketSocket socket;
    Conversation conversation;
    std::deque<Bytes> out;  ///< answers that the peer has not read yet
    bool ended = false;
  };
  void accept_all();
  void serve(Client& client);
  void take(Client& client, ByteView packet);
  void send(Client& client, Bytes packet);
  bool flush(Client& client);
  void watch(int fd, bool writing, bool first);

  Embedded kernel_;
  PacketSocket listener_;
  NodeSide nodes_;
  process::StopSignal& stop_;
  std::list<Client> clients_;
  int epoll_ = -1;
};

/// `aeromq-kernel serve`: takes the lifetime lock, starts, says ready, serves. Returns the exit
/// code.
int serve(const process::Settings& settings);

/// The lock that a kernel holds as long as it lives, and that offline readers take.
std::string lock_path(const process::Settings& settings);

}  // namespace aeromq::kernel
