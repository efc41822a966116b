#include "kernel/postgresql/agent/action.h"

#include <poll.h>

#include <algorithm>

#include "process/clock.h"
#include "process/kill_point.h"
#include "process/log.h"

namespace aeromq::postgresql {
namespace {

constexpr int kLookAgainMs = 50;

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
  log_mark_ = instance_.mark_log();
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
  // Before the look: a server only moves on, so files that are ahead of it are another's.
  const auto files = instance_.control();
  const auto sample = sight_.look();
  began_ms = sample.began_ms;
  if (auto against = kernel::objection(sight_.judge(sample, intent), act.act.overrides))
    return against;
  const bool demotion = act.act.action == Action::demote;
  if (instance_.standby_signal() != demotion)
    return demotion ? std::nullopt : files ? files_differ(act, *files, sample) : std::nullopt;
  return kernel::Rejection{
      demotion ? "NOT_PRIMARY" : "NOT_A_STANDBY",
      settings_.node + ": standby.signal is " + (demotion ? "" : "not ") + "in PGDATA",
      {demotion ? "P6-A1" : "P6-A3"}};
}

// The server at the address was judged; what is promoted is what lies here. So the record that is
// the proof must lie here, too.
std::optional<kernel::Rejection> Hand::files_differ(const AgentAct& act, const ControlData& files,
                                                    const ClusterSample& sample) const {
  const auto differs = [&](const std::string& what) {
    return kernel::Rejection{"IDENTITY_MISMATCH",
                             "the server that answers at the address of " + settings_.node +
                                 " is not the one whose files its agent has: " + what,
                             {"P6-F1"}};
  };
  const auto* own = find_node(sample, settings_.node);
  if (own != nullptr && own->answered && files.minimum_recovery_end > own->position)
    return differs("it is at " + position_text(own->position) + ", the files have replayed to " +
                   position_text(files.minimum_recovery_end));
  if (act.shutdown_end == 0) return std::nullopt;
  const auto end = instance_.shutdown_record_end(files, act.timeline, act.shutdown_checkpoint);
  if (!end || *end == act.shutdown_end) return std::nullopt;
  return differs("the record of the shutdown checkpoint at " +
                 position_text(act.shutdown_checkpoint) + " on timeline " +
                 std::to_string(act.timeline) + " is not in its pg_wal");
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

bool Hand::is_not_there(const AgentAct& act) {
  const auto claim = journal_.find(act.act.request)->claim;
  const auto now = instance_.process();
  if (now.is(claim.postmaster, claim.started_ms)) return false;
  const auto verb = std::string(act.act.action == Action::demote ? "stop" : "promote");
  if (now.postmaster != 0 && claim.postmaster != 0)
    reject(act.act.request, {"IDENTITY_MISMATCH",
                             settings_.node + ": the server was started anew since this request " +
                                 "was claimed: process " + std::to_string(claim.postmaster) +
                                 " then, " + std::to_string(now.postmaster) + " now",
                             {"P6-F1"}});
  else
    reject(act.act.request,
           {"NOT_RUNNING",
            settings_.node + ": there was no server to " + verb + " in " + settings_.data +
                (now.running() && now.postmaster == 0 ? ": processes of it are there, but none "
                                                        "that would hear of it"
                                                      : ""),
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
  if (too_old(act, began_ms) || is_not_there(act)) return;
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
  journal_.result(promoted(record, instance_.history(facts_of(record).history_now)));
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
  if (auto alarm =
          judge_switch(record.claim.node,
                       {record.claim.shutdown_end, record.claim.shutdown_timeline}, history)) {
    result.text += "; ALARM " + alarm->code + ": " + alarm->text;
    result.effects.push_back(effect("alarm", "", alarm->code));
    process::log_error("alarm", {{"code", alarm->code}, {"what", alarm->text}});
    result.alarms.push_back(std::move(*alarm));
  }
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
std::string Hand::sentence() const {
  const std::lock_guard lock(mutex_);
  return sentence_;
}
std::string Hand::way_on() const {
  const std::lock_guard lock(mutex_);
  return way_on_;
}
std::uint64_t Hand::held_ms() const {
  const std::lock_guard lock(mutex_);
  return holds_.empty() ? 0 : boot_ms() - held_since_ms_;
}
bool Hand::looks_on() const {
  const std::lock_guard lock(mutex_);
  return !holds_.empty() && !(may_try_again_ && boot_ms() < try_until_ms_);
}
std::string Hand::log_end() const {
  const std::lock_guard lock(mutex_);
  return log_end_;
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
  if (holds_.empty()) held_since_ms_ = boot_ms();
  holds_ = cut(why, 512);
  way_on_.clear();
  if (why.empty()) log_end_.clear();
  for_others_ = may_try_again;
  if (may_try_again && !may_try_again_) try_until_ms_ = boot_ms() + settings_.start_deadline_ms;
  may_try_again_ = may_try_again;
}

}  // namespace aeromq::postgresql
