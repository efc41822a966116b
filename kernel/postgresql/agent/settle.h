// The rule that ends a claim whose action was cut off: facts of a server's files in, the result and
// what must be repaired out. Pure. Only the agent uses it, at its start or at a deadline, never to
// answer a question.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "messages/kernel.h"

namespace aeromq::postgresql {

/// What is known of one open claim and of the server beside it.
struct SettleFacts {
  Action action = Action::promote;
  bool asked = false;    ///< the journal has it that the server was to be touched from then on
  bool stopped = false;  ///< the journal has a demotion's shutdown checkpoint
  bool running = false;
  bool stopping = false;  ///< running, and a shutdown was asked for
  bool control_known = false;
  bool in_production = false;  ///< pg_controldata's word; only of a running server does it say more
  bool standby_signal = false;
  std::uint64_t history_at_claim = 0;  ///< newest history file's timeline when it was claimed
  std::uint64_t history_now = 0;
  std::uint64_t control_timeline = 0;  ///< where a start without standby.signal would go on
  friend bool operator==(const SettleFacts&, const SettleFacts&) = default;
};

/// What is next. `stop_first`: look again at a stopped server. `wait`: nothing can be said yet.
enum class SettleStep : std::uint8_t { executed, voided, stop_first, wait };

/// Before a voided claim's server may start again.
struct Repair {
  bool drop_promote_signal = false;
  bool make_standby = false;
  bool put_aside_history = false;  ///< the newest history file names a timeline that never began
  friend bool operator==(const Repair&, const Repair&) = default;
};

struct Settled {
  SettleStep step = SettleStep::wait;
  Repair repair;
  std::string why;  ///< one sentence of fact
  friend bool operator==(const Settled&, const Settled&) = default;
};

Settled settle(const SettleFacts& facts);

/// The newest timeline whose history file came after the claim; 0: none did. Numbers alone do not
/// tell: a file that was copied from elsewhere may bear a higher one than the promotion then takes.
std::uint64_t new_history(const std::vector<std::uint64_t>& at_claim,
                          const std::vector<std::uint64_t>& now);

}  // namespace aeromq::postgresql
