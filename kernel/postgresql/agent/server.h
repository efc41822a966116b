// The agent process's loop: hears the kernel, other agents and people on this host, journals what
// must be durable before it is answered, and gives what takes time to the worker.
#pragma once
#include <list>

#include "kernel/packet_socket.h"
#include "kernel/postgresql/agent/action.h"
#include "kernel/postgresql/agent/curve_side.h"
#include "kernel/postgresql/agent/local.h"
#include "kernel/postgresql/agent/worker.h"
#include "process/signals.h"

namespace aeromq::postgresql {

class AgentServer {
 public:
  AgentServer(const AgentSettings& settings, const Instance& instance, Journal& journal, Hand& hand,
              CurveSide curve, kernel::PacketSocket local, process::StopSignal& stop);
  ~AgentServer();
  AgentServer(const AgentServer&) = delete;
  AgentServer& operator=(const AgentServer&) = delete;
  /// Settles and starts, serves until SIGTERM or SIGINT; an action at hand ends first.
  int run();

 private:
  struct Client {
    std::uint64_t number = 0;
    kernel::PacketSocket socket;
    unsigned uid = 0;
    bool ended = false;
  };
  void begin();
  void tick();
  void hear(const Heard& heard);
  void open(const Heard& heard);
  void act(const Heard& heard);
  AgentClaim take(const AgentAct& act, std::uint64_t term);
  void refuse(const Heard& heard, AgentClaim word, const std::string& code,
              const std::string& text);
  AgentClaim word_on(const RequestId& request) const;
  void accept_all();
  void serve(Client& client);
  void obey(const Client& client, const Order& order);
  void answer(std::uint64_t client, const OrderAnswer& answer);
  void watch(int fd);

  const AgentSettings& settings_;
  const Instance& instance_;
  Journal& journal_;
  Hand& hand_;
  CurveSide curve_;
  kernel::PacketSocket local_;
  process::StopSignal& stop_;
  /// The term that a connection opened and has not used: an act counts on no other connection.
  std::map<transport::Connection, std::uint64_t> terms_;
  std::list<Client> clients_;
  std::uint64_t last_client_ = 0;
  std::uint64_t next_tick_ms_ = 0;
  std::uint64_t next_look_ms_ = 0;
  bool stopping_ = false;
  int epoll_ = -1;
  Worker worker_;  ///< last: its jobs use all of the above
};

/// What is known of the server now, for whoever asks.
AgentStatus status_of(const AgentSettings& settings, const Instance& instance,
                      const Journal& journal, const Hand* hand);

/// `aeromq-pg-agent serve`: takes the lock, starts, says ready, serves. Returns the exit code.
int serve(const AgentSettings& settings);

}  // namespace aeromq::postgresql
