// The asking end of an agent: one CURVE connection, blocking calls with a deadline. It never
// reconnects and never sends a call twice; after an error make a new one.
#pragma once
#include <memory>

#include "kernel/postgresql/agent_protocol.h"
#include "kernel/postgresql/settings.h"
#include "transport/keys.h"
#include "transport/peer.h"

namespace aeromq::postgresql {

/// Not thread-safe: one thread owns it.
class AgentLink {
 public:
  /// Error NOT_REACHED: nobody listens, or it refuses this key.
  static Result<AgentLink> connect(const NodeSettings& node, const transport::KeyPair& own,
                                   int timeout_ms);

  // Error ANSWER_LOST: nothing may be concluded; the link is of no more use. Otherwise the agent's
  // own refusal.
  Result<AgentStatus> look(int timeout_ms);
  Result<AgentClaim> ask(const RequestId& request, int timeout_ms);
  Result<AgentOpened> open(HistoryId history, std::uint64_t term, int timeout_ms,
                           const std::string& journal = {});
  Result<AgentClaim> act(const AgentAct& act, int timeout_ms);
  bool alive();

 private:
  explicit AgentLink(transport::Peer peer) : peer_(std::move(peer)) {}
  template <class Answer, class Question>
  Result<Answer> call(const Question& question, int timeout_ms);
  transport::Peer peer_;
};

}  // namespace aeromq::postgresql
