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
  Result<std::string> order_start(std::uint64_t uid, const std::string& reason);
  Result<std::string> order_stop(std::uint64_t uid, const std::string& reason);
  /// Nobody acts now: notes a server that ended by itself.
  void watch();

  // Of any thread.
  std::string phase() const;
  std::string holds() const;  ///< why the server is down and stays so; empty: nothing holds it
  /// A primary is about to start: for the others it counts as running.
  bool is_starting() const;
  /// True while the last start_if_safe() might succeed when it is tried again: for the start
  /// deadline after the first that did not. Then it is a person's.
  bool may_try_again() const;

 private:
  std::optional<kernel::Rejection> validate(const AgentAct& act, std::uint64_t& began_ms);
  void promote(const AgentAct& act, std::uint64_t began_ms);
  void demote(const AgentAct& act, std::uint64_t began_ms);
  void wait_for_last_process() const;
  void hand_over(const AgentAct& act, const StepEntry& stopped);
  bool wait_for_new_timeline(const ClaimRecord& record) const;
  std::string wait_for_receiver(const Act& act, const StepEntry& stopped);
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
  void start();
  void announce_start(bool as_primary);
  std::string why_unsafe();
  void set_phase(const std::string& phase);
  void hold(const std::string& why, bool may_try_again = false);

  const AgentSettings& settings_;
  const Instance& instance_;
  Journal& journal_;
  Sight sight_;
  mutable std::mutex mutex_;  ///< of what follows
  std::string phase_;
  std::string holds_;
  bool may_try_again_ = false;
  std::uint64_t try_until_ms_ = 0;
  bool is_starting_ = false;
};

/// The kill points of an agent, `pgagent.<what>.<where>`.
std::vector<std::string> agent_kill_points();

}  // namespace aeromq::postgresql
