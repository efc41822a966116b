// The question to one agent, asked by a thread of its own, because connecting blocks: whoever looks
// waits for the answer as long as it likes and no longer. Keeps its connection from look to look.
#pragma once
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "kernel/postgresql/agent_protocol.h"
#include "kernel/postgresql/settings.h"
#include "transport/peer.h"

namespace aeromq::postgresql {

class AgentProbe {
 public:
  AgentProbe(NodeSettings node, transport::KeyPair own);
  AgentProbe(const AgentProbe&) = delete;
  AgentProbe& operator=(const AgentProbe&) = delete;
  ~AgentProbe();

  /// Asks; an answer to an earlier question that comes late is dropped.
  void begin(std::uint64_t now_ms, std::uint64_t allowed_ms);
  /// Waits until begin()'s time is over, at most. Error: why nothing is known.
  Result<AgentStatus> finish();

 private:
  void serve();
  Result<AgentStatus> ask(std::uint64_t deadline_ms);
  Result<AgentStatus> answer(std::uint64_t deadline_ms);

  const NodeSettings node_;
  const transport::KeyPair own_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ending_ = false;
  std::uint64_t question_ = 0;  ///< number of the newest
  std::uint64_t answered_ = 0;  ///< number of the one that `answer_` is of
  std::uint64_t deadline_ms_ = 0;
  std::uint64_t allowed_ms_ = 0;
  Result<AgentStatus> answer_;
  std::optional<transport::Peer> peer_;  ///< the thread's alone
  std::thread thread_;                   ///< last: it uses all of the above
};

}  // namespace aeromq::postgresql
