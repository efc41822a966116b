#include "kernel/postgresql/agent/action.h"

#include <poll.h>

#include <algorithm>

#include "process/clock.h"
#include "process/kill_point.h"
#include "process/log.h"

namespace aeromq::postgresql {
namespace {

constexpr int kLookAgainMs = 50;
constexpr std::uint64_t kLastProcessMs = 5000;

std::uint64_t boot_ms() { return process::now().boot_ns / kNanosPerMs; }
void pause() { ::poll(nullptr, 0, kLookAgainMs); }

Effect effect(std::string name, std::string before, std::string after) {
  return {std::move(name), std::move(before), std::move(after)};
}

}  // namespace

std::vector<std::string> agent_kill_points() {
  return {"pgagent.open.received",   "pgagent.open.promised",    "pgagent.open.answered",
          "pgagent.act.received",    "pgagent.act.claimed",      "pgagent.act.validated",
          "pgagent.act.asked",       "pgagent.demote.stopped",   "pgagent.demote.noted",
          "pgagent.demote.received", "pgagent.demote.signalled", "pgagent.demote.started",
          "pgagent.promote.asked",   "pgagent.promote.seen",     "pgagent.act.result_written",
          "pgagent.act.answered",    "pgagent.settle.begun",     "pgagent.settle.stopped",
          "pgagent.settle.repaired", "pgagent.settle.written",   "pgagent.start.allowed",
          "pgagent.start.done"};
}

Hand::Hand(const AgentSettings& settings, const Instance& instance, Journal& journal, Sight sight)
    : settings_(settings), instance_(instance), journal_(journal), sight_(std::move(sight)) {}

void Hand::run(const AgentAct& act) {
  std::uint64_t began_ms = 0;
  set_phase("validating");
  const auto against = validate(act, began_ms);
  process::kill_point("pgagent.act.validated");
  if (against)
    reject(act.act.request, *against);
  else if (act.act.action == Action::demote)
    demote(act, began_ms);
  else
    promote(act, began_ms);
  set_phase({});
}

std::optional<kernel::Rejection> Hand::validate(const AgentAct& act, std::uint64_t& began_ms) {
  // Whoever judges by other members may not see the one that matters. A kernel of the first
  // version sends no list.
  if (const auto own = members_digest(settings_.cluster);
      !act.members.empty() && act.members != own)
    return kernel::Rejection{"MEMBERS_DIFFER",
                             "the kernel has the member list " + act.members + ", the agent of " +
                                 settings_.node + " has " + own,
                             {"P6-F1"}};
  Intent intent;
  intent.action = act.act.action;
  intent.node = act.act.node;
  intent.own = {act.act.request};
  intent.last_primary = act.last_primary;
  intent.shutdown_checkpoint = act.shutdown_checkpoint;
  intent.timeline = static_cast<std::uint32_t>(act.timeline);
  intent.successor = act.act.successor;
  const auto sample = sight_.look();
  began_ms = sample.began_ms;
  if (auto against = kernel::objection(sight_.judge(sample, intent), act.act.overrides))
    return against;
  const bool demotion = act.act.action == Action::demote;
  if (instance_.standby_signal() != demotion) return std::nullopt;
  return kernel::Rejection{
      demotion ? "NOT_PRIMARY" : "NOT_A_STANDBY",
      settings_.node + ": standby.signal is " + (demotion ? "" : "not ") + "in PGDATA",
      {demotion ? "P6-A1" : "P6-A3"}};
}

bool Hand::too_old(const AgentAct& act, std::uint64_t began_ms) {
  const auto age = boot_ms() - began_ms;
  if (age <= kMostValidationAgeMs) return false;
  reject(act.act.request, {"VALIDATION_TOO_OLD",
                           "the look that it was judged by was " + std::to_string(age) +
                               " ms old when the server was to be touched",
                           {"P6-F1"}});
  return true;
}

void Hand::reject(const RequestId& request, const kernel::Rejection& why) {
  ResultEntry result;
  result.request = request;
  result.code = why.code;
  result.text = as_words(why.text, 1024);
  result.invariants = why.invariants;
  journal_.result(result);
  process::kill_point("pgagent.act.result_written");
}

void Hand::promote(const AgentAct& act, std::uint64_t began_ms) {
  if (too_old(act, began_ms)) return;
  set_phase("promoting");
  journal_.step({act.act.request, StepName::asked, 0, 0});
  process::kill_point("pgagent.act.asked");
  if (too_old(act, began_ms)) return;
  const auto end = instance_.promote();
  process::kill_point("pgagent.promote.asked");
  const auto record = *journal_.find(act.act.request);
  if (!end.ok() || !wait_for_new_timeline(record)) {
    // What was asked may still come: only a stopped server can say that it did not.
    settle_and_start(record, end.ok() ? std::string() : as_words(end.output));
    return;
  }
  process::kill_point("pgagent.promote.seen");
  if (!instance_.sync_role()) {
    settle_and_start(record, "PGDATA could not be synced");
    return;
  }
  journal_.result(promoted(record, instance_.newest_history()));
  process::kill_point("pgagent.act.result_written");
}

bool Hand::wait_for_new_timeline(const ClaimRecord& record) const {
  const auto deadline = boot_ms() + settings_.promote_deadline_ms;
  do {
    const auto facts = facts_of(record);
    if (postgresql::settle(facts).step == SettleStep::executed) return facts.running;
    if (!facts.running) return false;
    pause();
  } while (boot_ms() < deadline);
  return false;
}

void Hand::demote(const AgentAct& act, std::uint64_t began_ms) {
  if (too_old(act, began_ms)) return;
  const auto& request = act.act.request;
  set_phase("stopping");
  journal_.step({request, StepName::asked, 0, 0});
  process::kill_point("pgagent.act.asked");
  if (too_old(act, began_ms)) return;
  const auto end = instance_.stop(Instance::Stop::fast);
  process::kill_point("pgagent.demote.stopped");
  // pg_ctl goes by the pid file, and its process takes that away a moment before it ends.
  if (end.ok()) wait_for_last_process();
  const auto control = instance_.control();
  if (instance_.process().running() || !control) {
    settle_and_start(*journal_.find(request),
                     control ? as_words(end.output) : control.error().message);
    return;
  }
  if (!control->shut_down()) {
    reject(request, {"NOT_SHUT_DOWN_IN_ORDER",
                     settings_.node + " ended with the control state \"" + control->state +
                         "\": " + as_words(end.output),
                     {"P6-S1"}});
    start_if_safe();
    return;
  }
  const StepEntry stopped{request, StepName::stopped, control->checkpoint, control->timeline()};
  journal_.step(stopped);
  process::kill_point("pgagent.demote.noted");
  hand_over(act, stopped);
}

void Hand::wait_for_last_process() const {
  const auto deadline = boot_ms() + kLastProcessMs;
  while (instance_.process().running() && boot_ms() < deadline) pause();
}

void Hand::hand_over(const AgentAct& act, const StepEntry& stopped) {
  const auto& request = act.act.request;
  set_phase("waiting for a standby to receive the shutdown checkpoint");
  const auto seen = wait_for_receiver(act.act, stopped);
  process::kill_point("pgagent.demote.received");
  if (!seen.empty()) {
    reject(request, {"CHECKPOINT_NOT_RECEIVED", seen, {"P6-S1"}});
    start_if_safe();
    return;
  }
  if (!instance_.make_standby()) {
    settle_and_start(*journal_.find(request), "standby.signal could not be written and synced");
    return;
  }
  process::kill_point("pgagent.demote.signalled");
  journal_.result(demoted(request, stopped));
  process::kill_point("pgagent.act.result_written");
  start();
  process::kill_point("pgagent.demote.started");
}

// If a successor was named, nobody else's receipt counts: they could not be promoted in its place
// by what was confirmed.
std::string Hand::wait_for_receiver(const Act& act, const StepEntry& stopped) {
  const auto deadline = boot_ms() + settings_.receive_deadline_ms;
  std::string seen;
  do {
    const auto sample = sight_.look();
    seen = (act.successor.empty() ? std::string("no standby is") : act.successor + " is not") +
           " strictly past the shutdown checkpoint " + position_text(stopped.value) +
           " of " + act.node + ":";
    for (const auto& other : sample.nodes) {
      if (other.node == act.node) continue;
      const bool counts = act.successor.empty() || other.node == act.successor;
      if (counts && other.answered && other.in_recovery && other.timeline == stopped.timeline &&
          other.position > stopped.value)
        return {};
      seen += " " + other.node + " " +
              (other.answered ? "at " + position_text(other.position) + " on timeline " +
                                    std::to_string(other.timeline)
                              : "did not answer") +
              ",";
    }
    pause();
  } while (boot_ms() < deadline);
  seen.pop_back();
  return seen;
}

ResultEntry Hand::promoted(const ClaimRecord& record, const HistoryFile& history) const {
  ResultEntry result;
  result.request = record.claim.request;
  result.executed = true;
  result.timeline = history.timeline;
  const auto at = position_text(history.switch_position);
  result.text = record.claim.node + " is primary on timeline " + std::to_string(history.timeline) +
                ", switched at " + at;
  result.effects = {
      effect("role", "standby", "primary"),
      effect("timeline",
             std::to_string(history.parent != 0 ? history.parent : record.claim.timeline),
             std::to_string(history.timeline)),
      effect("switch_position", "", at)};
  return result;
}

ResultEntry Hand::demoted(const RequestId& request, const StepEntry& stopped) const {
  const auto at = position_text(stopped.value);
  ResultEntry result;
  result.request = request;
  result.executed = true;
  result.shutdown_checkpoint = stopped.value;
  result.timeline = stopped.timeline;
  result.text = settings_.node + " was shut down in order and is a standby; shutdown checkpoint " +
                at + " on timeline " + std::to_string(stopped.timeline);
  result.effects = {effect("role", "primary", "standby"), effect("shutdown_checkpoint", "", at)};
  return result;
}

std::string Hand::phase() const {
  const std::lock_guard lock(mutex_);
  return phase_;
}
std::string Hand::holds() const {
  const std::lock_guard lock(mutex_);
  return holds_;
}
bool Hand::is_starting() const {
  const std::lock_guard lock(mutex_);
  return is_starting_;
}
void Hand::announce_start(bool as_primary) {
  const std::lock_guard lock(mutex_);
  is_starting_ = as_primary;
}
bool Hand::may_try_again() const {
  const std::lock_guard lock(mutex_);
  return may_try_again_ && boot_ms() < try_until_ms_;
}
void Hand::set_phase(const std::string& phase) {
  const std::lock_guard lock(mutex_);
  phase_ = phase;
}
void Hand::hold(const std::string& why, bool may_try_again) {
  const std::lock_guard lock(mutex_);
  if (why != holds_ && !why.empty()) process::log_warning("not_started", {{"why", why}});
  holds_ = cut(why, 512);
  if (may_try_again && !may_try_again_) try_until_ms_ = boot_ms() + settings_.start_deadline_ms;
  may_try_again_ = may_try_again;
}

}  // namespace aeromq::postgresql
