// Two hosts on this machine: two network namespaces and one cable. Neither has a name: the kernel
// of this machine takes them away with the last process or descriptor that holds them, so nothing
// can be left behind, however the run ends.
#pragma once
#include <string>

namespace aeromq::chaos::network {

class Hosts {
 public:
  /// Throws std::runtime_error.
  Hosts();
  Hosts(const Hosts&) = delete;
  Hosts& operator=(const Hosts&) = delete;
  ~Hosts();

  /// The calling thread, and all that it starts from now on, is on that host.
  void enter_clients() const;
  void enter_broker() const;
  static const char* broker_address();

  /// Packets from the clients' host to the broker's vanish; from the broker's; or pass again.
  void lose_requests(bool lost);
  void lose_answers(bool lost);
  /// Whatever was lost passes again.
  void heal();

 private:
  void route(int host, const char* to, bool lost);
  int home_ = -1;
  int clients_ = -1;
  int broker_ = -1;
  bool requests_lost_ = false;
  bool answers_lost_ = false;
};

}  // namespace aeromq::chaos::network
