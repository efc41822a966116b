// Turns one stack's life into a history: what its people asked and were told, what the witnesses
// see in the kernel's file and in the audit log, what the processes and their supervisor say. A
// row, an effect or a durable record is written down when a witness first saw it, which is never
// before it was there: what is told is written down after a look, so that an honest stack is never
// accused.
#pragma once
#include <map>
#include <set>

#include "chaos/history/event.h"
#include "chaos/stack/log_witness.h"
#include "chaos/stack/stack.h"
#include "chaos/stack/witness.h"

namespace aeromq::chaos {

/// CLOCK_BOOTTIME, which the processes' own traces use too.
std::uint64_t boot_now();

/// The lane of a process, by the name that its supervisor or its kill points give it.
std::string lane_of(const std::string& process);

class Recorder {
 public:
  /// Writes down who may do what and what the kernel holds at the beginning.
  explicit Recorder(Stack& stack);

  /// One event of now, to be filled; valid until the next call of anything.
  Event& note(EventKind kind, const std::string& lane);
  Event& at(std::size_t index) { return history_[index]; }
  std::size_t size() const { return history_.size(); }

  /// What the register and the log hold that they did not hold at the last look, and the state.
  void look();
  /// What processes passed and what `aeromq up` printed since the last call. The points go into
  /// the history only if `with_points`.
  std::vector<Pass> follow(bool with_points);
  /// A process was ended by the harness.
  void killed(const std::string& lane, std::uint64_t at_ns);

  std::string principal(const std::string& who) const { return principals_.at(who); }
  /// The next run of a lane, counted from 1.
  std::uint64_t next_run(const std::string& lane) { return ++runs_[lane]; }
  /// The request of an ask whose person never learned the id: the newest one that entered the log
  /// behind record `after`, of this principal and command. Empty if the log has none.
  std::string stray_request(const std::string& principal, const std::string& command,
                            std::uint64_t after) const;
  std::uint64_t last_record() const { return records_.empty() ? 0 : records_.back().number; }
  /// Records that have become durable, in order.
  const std::vector<WitnessedRecord>& records() const { return records_; }
  const WitnessedRegister& last_seen() const { return seen_; }

  /// Stops the stack and reads everything back. The history is in order and numbered.
  History finish();

 private:
  void read_policy();
  void take_rows(const WitnessedRegister& now);
  void take_effects(const WitnessedRegister& now, const std::vector<WitnessedRow>& fresh);
  void take_news();
  void read_back();
  std::string executing_at(std::uint64_t at_ns) const;
  std::uint64_t seen_from(std::uint64_t at_ns) const;

  Stack& stack_;
  LogWitness log_;
  History history_;
  WitnessedRegister seen_;
  std::vector<WitnessedRecord> records_;
  std::map<std::string, std::string> principals_;  // operator -> root-operator
  std::map<std::string, std::uint64_t> runs_;
  std::map<pid_t, std::pair<std::string, std::uint64_t>> processes_;  // pid -> lane, run
};

/// The verdict of an independent program over a whole audit log: "whole", or "broken" and why.
Event verified(const std::filesystem::path& bin_dir, const std::filesystem::path& audit_dir);

}  // namespace aeromq::chaos
