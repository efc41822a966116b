// The agent's end for the kernel and other agents: CURVE and an allow-list of exactly their keys.
// Frames and their order only; what a message means is server.h's.
#pragma once
#include <deque>
#include <map>
#include <memory>
#include <set>

#include "kernel/postgresql/agent_protocol.h"
#include "kernel/postgresql/settings.h"
#include "messages/as_of.h"
#include "transport/frames.h"
#include "transport/listener.h"
#include "transport/zap.h"

namespace aeromq::postgresql {

struct Heard {
  transport::Connection connection;
  bool from_kernel = false;  ///< else another agent, which may only read
  std::string from;
  MessageType type = MessageType::none;
  Bytes body;
};

class CurveSide {
 public:
  /// Error INVALID_INPUT: endpoint or keys.
  static Result<CurveSide> bind(const AgentSettings& settings);
  /// The next message that is in turn; those out of turn are dropped.
  std::optional<Heard> receive();
  /// Who said AgentHello understands this much; of who did not, the first version is sure.
  void understands(const transport::Connection& connection, std::uint64_t protocol);
  /// Nothing goes out that came after what the other end understands.
  template <class T>
  void send(const transport::Connection& connection, const T& body) {
    send(connection, T::kType, encode(as_of(body, sequence_of(connection).protocol)));
  }
  transport::Listener& listener() { return listener_; }

 private:
  struct Sequence {
    std::uint64_t received = 0;
    std::uint64_t sent = 0;
    unsigned protocol = 1;
  };
  CurveSide(std::unique_ptr<transport::Context> context, transport::Listener listener);
  Sequence& sequence_of(const transport::Connection& connection);
  std::optional<Heard> judge(transport::Incoming incoming);
  void send(const transport::Connection& connection, MessageType type, ByteView body);

  std::unique_ptr<transport::Context> context_;  // outlives the listener
  transport::Listener listener_;
  BootId boot_;
  std::map<transport::Connection, Sequence> sequences_;
  std::deque<transport::Connection> oldest_;  ///< bounds the map: long-gone connections go first
};

}  // namespace aeromq::postgresql
