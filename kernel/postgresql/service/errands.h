// What the kernel has done at an agent, and what came of it. Each errand is one connection, made
// for it and dropped after it; an act is sent at most once, and never by a second errand.
#pragma once
#include <functional>
#include <memory>

#include "kernel/postgresql/agent_protocol.h"
#include "kernel/postgresql/settings.h"
#include "transport/keys.h"

namespace aeromq::postgresql {

/// One connection to an agent: AgentLink in the process, scripted in tests.
class AgentDoor {
 public:
  virtual ~AgentDoor() = default;
  virtual Result<AgentOpened> open(HistoryId history, std::uint64_t term,
                                   const std::string& journal) = 0;
  virtual Result<AgentClaim> act(const AgentAct& act) = 0;
  virtual Result<AgentClaim> ask(const RequestId& request) = 0;
};
/// Error NOT_REACHED: nobody listens, or it refuses the kernel's key.
using Connect = std::function<Result<std::unique_ptr<AgentDoor>>(const std::string& node)>;
Connect connect_with(ClusterSettings cluster, transport::KeyPair own);

/// What an errand came back with.
struct Word {
  /// not_sent: the act never left, or the question's term; it can't arrive any more. lost: nothing
  /// may be concluded. said: the agent's claim.
  enum class Kind { not_sent, lost, said };
  Kind kind = Kind::lost;
  AgentClaim claim;            ///< said; of not_sent only `promised`, if the agent told it
  Error error;                 ///< not_sent, lost
  bool promised_term = false;  ///< a settlement's: its term is promised, no other is needed
};

/// Whom to ask about what. `journal` empty: whichever answers.
struct Inquiry {
  std::string node;
  RequestId request;
  std::string journal;
  std::uint64_t term = 0;
  friend bool operator==(const Inquiry&, const Inquiry&) = default;
};

/// Opens the term, then sends the act: once. Another journal than `journal` opens nothing.
Word carry_out(const Connect& connect, HistoryId history, const AgentAct& act,
               const std::string& journal);

/// Finds out what became of a request: opens the term first, so that nothing of the grant's can
/// begin any more; 0: it was opened before, or nothing shall be written.
/// The word of another journal than `journal` is lost: that one cannot know.
Word find_out(const Connect& connect, HistoryId history, const Inquiry& inquiry);

}  // namespace aeromq::postgresql
