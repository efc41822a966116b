// What the agent does to its server, one thing at a time on one thread: a claimed act, the settling
// of a claim that was cut off, the start of a server that is down. Every wait is bounded; each
// durable step stands in the journal before the next one begins.
#pragma once
#include <functional>
#include <mutex>

#include "kernel/postgresql/agent/instance.h"
#include "kernel/postgresql/agent/journal.h"
#include "kernel/postgresql/agent/settle.h"
#include "kernel/postgresql/sight/checks.h"
#include "kernel/rejection.h"

namespace aeromq::postgresql {

/// How an action sees the cluster, and by what it judges: the sampler's look and the one list of
/// checks, or a test's own.
struct Sight {
  std::function<ClusterSample()> look;
  std::function<std::vector<Check>(const ClusterSample&, const Intent&)> judge;
};

/// What a validation may be old when the server is touched.
constexpr std::uint64_t kMostValidationAgeMs = 10'000;

/// The agent's hand on its server.
class Hand {
 public:
  Hand(const AgentSettings& settings, const Instance& instance, Journal& journal, Sight sight);

  /// Precondition: the journal has the claim, open. Ends with its result in the journal, or, when
  /// the server could neither be stopped nor read, with the claim still open: settle() again.
  void run(const AgentAct& act);
  /// Settles the open claim if there is one. False: it cannot be settled yet.
  bool settle_open();
  /// Starts a server that is down if that is safe. Why not: holds().
  void start_if_safe();
  /// A person's order. The error is why nothing was done.
  /// `accepted`: sentence_for() of what speaks against it, if a primary is to start in spite of
  /// that.
  Result<std::string> order_start(std::uint64_t uid, const std::string& reason,
                                  const std::string& accepted);
  /// What must be accepted, word by word, after an order_start() that was refused for it.
  std::string sentence() const;
  Result<std::string> order_stop(std::uint64_t uid, const std::string& reason);
  /// Nobody acts now: notes a server that ended by itself.
  void watch();
  /// The time to start by itself is over: looks on, so that status can tell what is missing.
  void look_on();
  /// True for a server that is down and that look_on() has something to say of.
  bool looks_on() const;

  // Of any thread.
  std::string phase() const;
  std::string holds() const;      ///< why the server is down and stays so; empty: nothing holds it
  std::uint64_t held_ms() const;  ///< for how long
  std::string way_on() const;     ///< the command that starts it now; empty: none would
  std::string log_end() const;    ///< what the server's log said of that
  /// A primary is about to start: for the others it counts as running.
  bool is_starting() const;
  /// True while the last start_if_safe() might succeed when it is tried again: for the start
  /// deadline after the first that did not. Then it is a person's.
  bool may_try_again() const;

 private:
  std::optional<kernel::Rejection> validate(const AgentAct& act, std::uint64_t& began_ms);
  std::optional<kernel::Rejection> files_differ(const AgentAct& act, const ControlData& files,
                                                const ClusterSample& sample) const;
  void promote(const AgentAct& act, std::uint64_t began_ms);
  void demote(const AgentAct& act, std::uint64_t began_ms);
  /// The server that was claimed is not the one that is there now: rejected.
  bool is_not_there(const AgentAct& act);
  /// How a stop in order went.
  struct Stopping {
    ChildEnd asked;      ///< what pg_ctl said of the question
    std::string remark;  ///< for the answer: what was cut short
  };
  Stopping stop_in_order(const Act& act);
  void wait_for_last_process() const;
  void hand_over(const AgentAct& act, const StepEntry& stopped, const std::string& remark);
  bool wait_for_new_timeline(const ClaimRecord& record) const;
  /// Empty: a standby, or the successor that was named, is strictly past the checkpoint; else what
  /// was seen instead.
  std::string seen_of_receivers(const Act& act, const StepEntry& stopped);
  std::string wait_for_receiver(const Act& act, const StepEntry& stopped);
  /// "; the server's log: ..." since the mark; empty: it said nothing.
  std::string log_words() const;
  bool too_old(const AgentAct& act, std::uint64_t began_ms);
  void reject(const RequestId& request, const kernel::Rejection& why);
  SettleFacts facts_of(const ClaimRecord& record) const;
  bool settle(const ClaimRecord& record, const std::string& said);
  void settle_and_start(const ClaimRecord& record, const std::string& said);
  bool stop_for_settling();
  bool repair(const Repair& repair, const SettleFacts& facts);
  void write_settled(const ClaimRecord& record, const SettleFacts& facts, const Settled& settled,
                     const std::string& said);
  ResultEntry promoted(const ClaimRecord& record, const HistoryFile& history) const;
  ResultEntry demoted(const RequestId& request, const StepEntry& stopped) const;
  ResultEntry demoted_in_order(const RequestId& request, const StepEntry& stopped,
                               const std::string& remark) const;
  void start();
  void announce_start(bool as_primary);
  /// Who speaks against this server's start as a primary, and why. The same look for everybody.
  struct Against {
    std::vector<std::string> nodes;
    std::string why;
  };
  Against against_start();
  std::string dependants();
  void set_phase(const std::string& phase);
  void hold(const std::string& why, bool may_try_again = false);

  const AgentSettings& settings_;
  const Instance& instance_;
  Journal& journal_;
  Sight sight_;
  LogMark log_mark_;          ///< when the act at hand, or the last start, began
  mutable std::mutex mutex_;  ///< of what follows
  std::string phase_;
  std::string holds_;
  std::string log_end_;
  std::string way_on_;
  std::string sentence_;
  std::uint64_t held_since_ms_ = 0;
  bool for_others_ = false;  ///< what holds it is how the others are
  bool may_try_again_ = false;
  std::uint64_t try_until_ms_ = 0;
  bool is_starting_ = false;
};

/// The kill points of an agent, `pgagent.<what>.<where>`.
std::vector<std::string> agent_kill_points();

}  // namespace aeromq::postgresql
