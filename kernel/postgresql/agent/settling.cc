// The hand's ending of claims that were cut off.
#include "kernel/postgresql/agent/action.h"
#include "process/kill_point.h"
#include "process/log.h"

namespace aeromq::postgresql {

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
  const auto histories = instance_.histories();
  facts.history_now = histories.empty() ? 0 : histories.back();
  // A claim of an earlier version has only the newest one's number.
  if (!record.claim.histories.empty()) {
    const auto came = new_history(record.claim.histories, histories);
    facts.history_now = came != 0 ? came : record.claim.history_file;
    if (came != 0) facts.history_at_claim = std::min(facts.history_at_claim, came - 1);
  }
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
    result = promoted(record, instance_.history(facts.history_now));
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

}  // namespace aeromq::postgresql
