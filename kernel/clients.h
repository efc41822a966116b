// The peers at the kernel's unix socket, whichever kernel it is: accepting, reading, and sending
// what a peer has not read yet. It never blocks on a peer, and knows nothing of what is said.
#pragma once
#include <deque>
#include <list>

#include "kernel/conversation.h"
#include "kernel/packet_socket.h"

namespace aeromq::kernel {

class Clients {
 public:
  explicit Clients(PacketSocket listener);
  ~Clients();
  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;

  /// Readable when serve() has something to do, or what was watched is readable.
  int fd() const { return epoll_; }
  /// Wakes fd() for this one too.
  void watch(int fd) { watch(fd, false, true); }
  /// Accepts who waits, and takes what they say, a bounded number of packets each.
  void serve(RegisterKernel& kernel);
  /// The answer to a call of `connection` that take() had no answer to. A connection that is gone
  /// has nobody to tell.
  void answer(std::uint64_t connection, const KernelAnswer& answer, const Act& act);

 private:
  struct Client {
    std::uint64_t number;
    PacketSocket socket;
    Conversation conversation;
    std::deque<Bytes> out;  ///< answers that the peer has not read yet
    bool ended = false;
  };
  void accept_all();
  void serve(Client& client, RegisterKernel& kernel);
  void send(Client& client, Conversation::Reply reply);
  bool flush(Client& client);
  void watch(int fd, bool writing, bool first);

  PacketSocket listener_;
  std::list<Client> clients_;
  std::uint64_t last_number_ = 0;  ///< never given twice in a run
  int epoll_ = -1;
};

}  // namespace aeromq::kernel
