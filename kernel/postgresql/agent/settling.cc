// The hand's other half: ending claims that were cut off, and starting a server that is down.
#include "kernel/postgresql/agent/action.h"
#include "process/kill_point.h"
#include "process/log.h"

namespace aeromq::postgresql {
namespace {

constexpr const char* kClaimOpen = "a request is open here, and its end is not decided";

/// Why a person's order was not carried out; `unknown`: it may still be.
Error not_ordered(std::string code, std::string why, Outcome outcome = Outcome::not_executed) {
  auto error = kernel_rejection(std::move(code), std::move(why), {});
  error.outcome = outcome;
  return error;
}

}  // namespace

SettleFacts Hand::facts_of(const ClaimRecord& record) const {
  SettleFacts facts;
  facts.action = record.claim.action;
  facts.asked = record.asked();
  facts.stopped = record.stopped().has_value();
  facts.history_at_claim = record.claim.history_file;
  const auto process = instance_.process();
  facts.running = process.running();
  facts.stopping = process.stopping;
  // The history before the control file: a timeline that both name has begun for certain.
  facts.history_now = instance_.newest_history().timeline;
  facts.standby_signal = instance_.standby_signal();
  if (const auto control = instance_.control()) {
    facts.control_known = true;
    facts.in_production = control->in_production();
    facts.control_timeline = control->timeline();
  }
  return facts;
}

bool Hand::settle_open() {
  const auto record = journal_.open_claim();
  if (!record) return true;
  process::kill_point("pgagent.settle.begun");
  // What a dead agent left running would touch the server after its claim was given up.
  if (!instance_.end_strays()) {
    process::log_warning("not_settled", {{"why", "a pg_ctl of an earlier agent does not end"}});
    return false;
  }
  const bool settled = settle(*record, {});
  set_phase({});
  return settled;
}

bool Hand::settle(const ClaimRecord& record, const std::string& said) {
  set_phase("settling");
  auto facts = facts_of(record);
  auto settled = postgresql::settle(facts);
  if (settled.step == SettleStep::stop_first && stop_for_settling()) {
    process::kill_point("pgagent.settle.stopped");
    facts = facts_of(record);
    settled = postgresql::settle(facts);
  }
  if (settled.step == SettleStep::stop_first || settled.step == SettleStep::wait) {
    process::log_warning("not_settled",
                         {{"request", record.claim.request.text()}, {"why", settled.why}});
    return false;
  }
  if (record.asked() && (!repair(settled.repair, facts) || !instance_.sync_role())) {
    process::log_error("not_settled", {{"request", record.claim.request.text()},
                                       {"why", "PGDATA could not be repaired and synced"}});
    return false;
  }
  process::kill_point("pgagent.settle.repaired");
  write_settled(record, facts, settled, said);
  process::kill_point("pgagent.settle.written");
  return true;
}

void Hand::settle_and_start(const ClaimRecord& record, const std::string& said) {
  if (settle(record, said)) start_if_safe();
}

bool Hand::stop_for_settling() {
  for (const auto how : {Instance::Stop::fast, Instance::Stop::immediate}) {
    if (!instance_.process().running()) return true;
    const auto end = instance_.stop(how);
    if (!end.ok()) process::log_warning("stop_failed", {{"said", as_words(end.output)}});
  }
  // Never SIGKILL: a server that cannot be stopped is one that may still act.
  return !instance_.process().running();
}

bool Hand::repair(const Repair& repair, const SettleFacts& facts) {
  // standby.signal first: whatever else fails, the server comes back as what it was.
  if (repair.make_standby && !instance_.make_standby()) return false;
  if (repair.drop_promote_signal && !instance_.drop_promote_signal()) return false;
  return !repair.put_aside_history || instance_.put_aside_history(facts.history_now);
}

void Hand::write_settled(const ClaimRecord& record, const SettleFacts& facts,
                         const Settled& settled, const std::string& said) {
  ResultEntry result;
  if (settled.step == SettleStep::executed && record.claim.action == Action::demote)
    result = demoted(record.claim.request, *record.stopped());
  else if (settled.step == SettleStep::executed)
    result = promoted(record, instance_.newest_history());
  else
    result.code = "VOIDED";
  result.request = record.claim.request;
  result.settled = true;
  std::string text = result.text.empty() ? "" : result.text + "; ";
  text += "settled by the agent: " + settled.why;
  if (settled.repair.make_standby) text += "; standby.signal was restored";
  if (settled.repair.put_aside_history)
    text += "; the history of timeline " + std::to_string(facts.history_now) + " was put aside";
  if (!said.empty()) text += "; " + said;
  if (!result.executed && record.asked()) text += log_words();
  result.text = as_words(text, 1024);
  if (!result.executed) result.invariants = {"P6-A2", "P6-F2"};
  journal_.result(result);
  process::log_warning("settled", {{"request", record.claim.request.text()},
                                   {"executed", result.executed},
                                   {"why", result.text}});
}

std::string Hand::log_words() const {
  const auto log = instance_.log_since(log_mark_);
  return log.empty() ? std::string() : "; its log: " + log;
}

void Hand::start() {
  if (instance_.process().running()) return;
  const auto phase_before = phase();
  log_mark_ = instance_.mark_log();
  set_phase("starting");
  const auto end = instance_.start();
  set_phase(phase_before);
  process::kill_point("pgagent.start.done");
  process::log_info("started", {{"ok", end.ok()}, {"said", as_words(end.output)}});
  if (end.ok() || instance_.process().running()) return hold({});
  // pg_ctl knows no reason; the server's own log does.
  const auto log = instance_.log_since(log_mark_);
  hold("it did not start: " + (log.empty() ? as_words(end.output) : log));
  const std::lock_guard lock(mutex_);
  log_end_ = log;
}

std::string Hand::why_unsafe() {
  const auto control = instance_.control();
  if (!control) return control.error().message;
  const auto sample = sight_.look();
  for (const auto& node : settings_.cluster.nodes) {
    if (node.name == settings_.node) continue;
    const auto* seen = find_node(sample, node.name);
    if (seen == nullptr || !seen->answered)
      return "it is a primary on disk, and " + node.name + " does not answer";
    if (!seen->in_recovery) return "it is a primary on disk, and so is " + node.name;
    // A claim is journaled before its agent looks, and this start announced before this look: of
    // two that meet, one sees the other.
    if (!seen->agent)
      return "it is a primary on disk, and the agent of " + node.name + " does not answer";
    if (!seen->agent->open_claim.empty() || seen->agent->promote_signal)
      return "it is a primary on disk, and a promotion may be under way on " + node.name;
    if (seen->timeline > control->timeline())
      return "it is a primary on disk on timeline " + std::to_string(control->timeline()) +
             ", and " + node.name + " is on timeline " + std::to_string(seen->timeline);
  }
  return {};
}

void Hand::start_if_safe() {
  if (instance_.process().running()) return hold({});
  const auto note = journal_.last_note();
  if (note.what == "stop")
    return hold("stopped by uid " + std::to_string(note.uid) + ": " + note.reason);
  if (journal_.open_claim()) return hold("a claim is open and could not be settled", true);
  const bool as_primary = !instance_.standby_signal();
  announce_start(as_primary);
  const auto why = as_primary ? why_unsafe() : std::string();
  if (why.empty()) {
    process::kill_point("pgagent.start.allowed");
    start();
  } else {
    hold(why, true);
  }
  announce_start(false);
}

Result<std::string> Hand::order_start(std::uint64_t uid, const std::string& reason) {
  if (journal_.open_claim()) return fail(not_ordered("CLAIM_OPEN", kClaimOpen));
  if (instance_.process().running()) return fail(not_ordered("SERVER_RUNS", "the server runs"));
  journal_.note({"start", uid, reason});
  start();
  if (const auto why = holds(); !why.empty()) return fail(not_ordered("NOT_STARTED", why));
  return "the server runs";
}

Result<std::string> Hand::order_stop(std::uint64_t uid, const std::string& reason) {
  if (journal_.open_claim()) return fail(not_ordered("CLAIM_OPEN", kClaimOpen));
  // Of a server that is down, too, the word counts: whoever repairs PGDATA by hand must not see it
  // started under their hands, the moment that it looks like a standby.
  journal_.note({"stop", uid, reason});
  if (!instance_.process().running()) {
    hold("stopped by uid " + std::to_string(uid) + ": " + reason);
    return "the server was down, and stays down";
  }
  const auto end = instance_.stop(Instance::Stop::fast);
  if (instance_.process().running())
    return fail(not_ordered("NOT_STOPPED", as_words(end.output), Outcome::unknown));
  hold("stopped by uid " + std::to_string(uid) + ": " + reason);
  return "the server is stopped";
}

void Hand::watch() {
  if (instance_.process().running()) return hold({});
  // Whatever the agent did ended with a server that runs, or with why not: this one ended by
  // itself.
  if (holds().empty() && !journal_.open_claim())
    hold("it ended while the agent watched: only a person, or the agent's next start, starts it");
}

}  // namespace aeromq::postgresql
