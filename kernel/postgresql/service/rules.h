// What the kernel of a PostgreSQL cluster decides, as pure functions of what it knows: what an act
// meets, why it is rejected, what an agent's word makes of an open grant. No I/O, no clock.
#pragma once
#include "kernel/postgresql/sample.h"
#include "kernel/postgresql/service/grants.h"
#include "kernel/postgresql/sight/checks.h"

namespace aeromq::postgresql {

/// What is done about an act. join: its own grant is open, so its end is the answer. go_on: nothing
/// is known against it; a fresh look decides.
enum class ActStep { repeat, join, refuse, reject, go_on };
struct ActDecision {
  ActStep step = ActStep::go_on;
  ActAnswer answer;  ///< of repeat, refuse, reject
  friend bool operator==(const ActDecision&, const ActDecision&) = default;
};

/// In this order: the ledger, the request's own unsettled grant, what refuses it, another's open
/// grant. About a request that was granted nothing may be said but its own end (hole 4). Whether a
/// forced promotion may pass an open grant is for the checks to say.
ActDecision act_rule(const Act& act, const std::optional<kernel::LedgerRow>& row,
                     const std::vector<Grant>& unsettled, const std::optional<ActAnswer>& refusal);

/// The one of `unsettled` that is open, or nullptr.
const Grant* open_of(const std::vector<Grant>& unsettled);

/// Why an act is rejected by what a look showed: first FACTS_CHANGED, saying which fact moved, then
/// the first check that fails and may not be overridden, then what was not acknowledged.
std::optional<kernel::Rejection> judge(const kernel::Register& state,
                                       const std::vector<Check>& checks, const Act& act);

/// Which end a grant has. keep_asking: none yet.
enum class End { keep_asking, executed, rejected, not_executed };

/// What the journal's word makes of the grant, whoever asked for it. "No claim" is an end only if
/// nothing of the grant's term can begin any more.
End settle_rule(const Grant& grant, const AgentClaim& claim);
/// The same for the answer to the act itself: it was sent once, and this is what became of it.
End answer_rule(const Grant& grant, const AgentClaim& claim);

/// The register after an execution, and what it says of that.
std::vector<Effect> apply(kernel::Register& state, const Act& act, const AgentClaim& claim);

/// The ledger row's answer for an end, without its snapshot. Precondition: not keep_asking.
ActAnswer answer_of(End end, const AgentClaim& claim);

/// The outcome of a request whose grant is open. Without a word: its agent does not answer.
OutcomeAnswer outcome_of(const Grant& grant, const std::optional<AgentClaim>& claim,
                         std::uint64_t kernel_ms);
/// The same where no agent can be asked.
OutcomeAnswer outcome_unasked(const Grant& grant, std::uint64_t kernel_ms);

/// What the checks say of a grant that is open. A forced promotion may set it aside if its agent
/// does not answer: else a host that burnt in the middle of an act would hold its cluster for ever.
void add_open_grant(std::vector<Check>& checks, const Grant& grant, Action action,
                    const ClusterSample& sample);

/// TIMELINE_BEHIND knows the register's newest timeline, too: a target that never followed it would
/// begin a second one of the same number, and nothing that compares timelines could tell the two
/// apart. A forced promotion may take that upon itself, since the newest one's host may be lost.
void add_newest_timeline(std::vector<Check>& checks, const kernel::Register& state,
                         const Intent& intent, const ClusterSample& sample);

/// REGISTER_OLDER: no agent that is bound to `history` has promised a term that this register never
/// gave (`last`); `beyond`: one had, before.
Check register_check(HistoryId history, std::uint64_t last, std::uint64_t beyond,
                     const ClusterSample& sample);

/// AGENT_JOURNAL_CHANGED: the target's agent has the journal that the register knows.
Check journal_check(const std::string& known, const std::string& node, const ClusterSample& sample);

/// AGENT_BOUND_ELSEWHERE: the target's agent is bound to `history` or to none yet. After a new
/// register it takes no act until a person has bound it.
Check bound_check(HistoryId history, const std::string& node, const ClusterSample& sample);

}  // namespace aeromq::postgresql
