// The hand's demotion: a stop in order, the proof that a standby has all of it, and only then the
// role on disk.
#include <poll.h>

#include "kernel/postgresql/agent/action.h"
#include "process/clock.h"
#include "process/kill_point.h"
#include "process/log.h"

namespace aeromq::postgresql {
namespace {

constexpr int kLookAgainMs = 50;
constexpr std::uint64_t kLastProcessMs = 5000;
/// The part of the stop deadline that a server whose last word is written and received may linger
/// while nothing of what it waits for gets less: an archiver that hangs, a standby that does not
/// take the end in.
constexpr std::uint64_t kLingerPart = 6;
constexpr std::uint64_t kLingerLookMs = 1000;

std::uint64_t boot_ms() { return process::now().boot_ns / kNanosPerMs; }
void pause() { ::poll(nullptr, 0, kLookAgainMs); }

/// A clock that begins anew whenever what it watches changes.
class Lingering {
 public:
  explicit Lingering(std::uint64_t most_ms) : most_ms_(most_ms) {}
  bool is_too_long(std::uint64_t watched) {
    if (since_ms_ == 0 || watched != watched_) since_ms_ = boot_ms();
    watched_ = watched;
    return boot_ms() - since_ms_ > most_ms_;
  }

 private:
  std::uint64_t most_ms_;
  std::uint64_t since_ms_ = 0;
  std::uint64_t watched_ = 0;
};

}  // namespace

void Hand::demote(const AgentAct& act, std::uint64_t began_ms) {
  if (too_old(act, began_ms) || is_not_there(act)) return;
  const auto& request = act.act.request;
  set_phase("stopping");
  journal_.step({request, StepName::asked, 0, 0});
  process::kill_point("pgagent.act.asked");
  if (too_old(act, began_ms)) return;
  const auto stopping = stop_in_order(act.act);
  process::kill_point("pgagent.demote.stopped");
  const auto control = instance_.control();
  if (instance_.process().running() || !control) {
    settle_and_start(*journal_.find(request), !control ? control.error().message
                                              : stopping.asked.ok()
                                                  ? "it did not end in time"
                                                  : as_words(stopping.asked.output));
    return;
  }
  // It is down, and not by this demotion: what it was, and since when, is another's story.
  if (!stopping.asked.ok()) {
    reject(request, {"NOT_RUNNING",
                     settings_.node + " had ended before it was asked to: " +
                         as_words(stopping.asked.output, 300) + log_words(),
                     {"P6-F1"}});
    start_if_safe();
    return;
  }
  if (!control->shut_down()) {
    reject(request, {"NOT_SHUT_DOWN_IN_ORDER",
                     settings_.node + " ended with the control state \"" + control->state + "\"" +
                         log_words(),
                     {"P6-S1"}});
    start_if_safe();
    return;
  }
  const StepEntry stopped{
      request, StepName::stopped, control->checkpoint, control->timeline(),
      instance_.shutdown_record_end(*control, control->checkpoint_timeline, control->checkpoint)
          .value_or(0)};
  journal_.step(stopped);
  process::kill_point("pgagent.demote.noted");
  hand_over(act, stopped, stopping.remark);
}

// PostgreSQL waits for its archiver and for every standby that is connected, however long. Once the
// control file says "shut down" no WAL is written any more, and once a standby has all of it the
// stop has done what it was for: to end what is left can lose nothing.
Hand::Stopping Hand::stop_in_order(const Act& act) {
  Stopping stopping{instance_.ask_to_stop(), {}};
  if (!stopping.asked.ok()) return stopping;
  const auto deadline = boot_ms() + settings_.stop_deadline_ms;
  const auto most_ms = settings_.stop_deadline_ms / kLingerPart;
  Lingering lingering(most_ms);
  std::uint64_t look_at = 0;
  while (instance_.process().running() && boot_ms() < deadline) {
    pause();
    const auto control = instance_.control_for_status();
    if (!control || !control->shut_down()) continue;
    const auto ready = instance_.ready_segments();
    if (!lingering.is_too_long(ready) || boot_ms() < look_at) continue;
    look_at = boot_ms() + kLingerLookMs;
    const StepEntry written{{}, StepName::stopped, control->checkpoint, control->timeline(), 0};
    if (!seen_of_receivers(act, written).empty()) continue;
    process::log_warning("stop_cut_short", {{"ready_segments", ready}});
    const auto end = instance_.stop(Instance::Stop::immediate);
    stopping.remark = "it was shut down, but had not ended " + std::to_string(most_ms) +
                      " ms later, and was ended at once";
    if (!end.ok()) process::log_warning("stop_failed", {{"said", as_words(end.output)}});
    break;
  }
  // A lock file is gone a moment before its process is.
  wait_for_last_process();
  return stopping;
}

void Hand::wait_for_last_process() const {
  const auto deadline = boot_ms() + kLastProcessMs;
  while (instance_.process().running() && !instance_.lock_file() && boot_ms() < deadline) pause();
}

void Hand::hand_over(const AgentAct& act, const StepEntry& stopped, const std::string& remark) {
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
  // From here on it is executed, whoever dies: settle() says the same. So its server is started
  // first, and the answer can tell how that went.
  start();
  process::kill_point("pgagent.demote.started");
  journal_.result(demoted_in_order(request, stopped, remark));
  process::kill_point("pgagent.act.result_written");
}

// If a successor was named, nobody else's receipt counts: they could not be promoted in its place
// by what was confirmed.
std::string Hand::seen_of_receivers(const Act& act, const StepEntry& stopped) {
  const auto sample = sight_.look();
  auto seen = (act.successor.empty() ? std::string("no standby is") : act.successor + " is not") +
              " strictly past the shutdown checkpoint " + position_text(stopped.value) + " of " +
              act.node + ":";
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
  seen.pop_back();
  return seen;
}

std::string Hand::wait_for_receiver(const Act& act, const StepEntry& stopped) {
  const auto deadline = boot_ms() + settings_.receive_deadline_ms;
  for (;;) {
    auto seen = seen_of_receivers(act, stopped);
    if (seen.empty() || boot_ms() >= deadline) return seen;
    pause();
  }
}

ResultEntry Hand::demoted(const RequestId& request, const StepEntry& stopped) const {
  const auto at = position_text(stopped.value);
  ResultEntry result;
  result.request = request;
  result.executed = true;
  result.shutdown_checkpoint = stopped.value;
  result.shutdown_end = stopped.end;
  result.timeline = stopped.timeline;
  result.text = settings_.node + " was shut down in order and is a standby; shutdown checkpoint " +
                at + " on timeline " + std::to_string(stopped.timeline);
  result.effects = {{"role", "primary", "standby"}, {"shutdown_checkpoint", "", at}};
  return result;
}

ResultEntry Hand::demoted_in_order(const RequestId& request, const StepEntry& stopped,
                                   const std::string& remark) const {
  auto result = demoted(request, stopped);
  if (!remark.empty()) result.text += "; " + remark;
  if (const auto ready = instance_.ready_segments(); ready != 0)
    result.text += "; " + std::to_string(ready) +
                   (ready == 1 ? " segment waits" : " segments wait") +
                   " in its archive_status for the archiver, and no other server archives them";
  if (const auto why = holds(); !why.empty()) {
    result.text += "; the server is down: " + why;
    result.effects.push_back({"server", "running", "down"});
  }
  result.text = as_words(result.text, 1024);
  return result;
}

}  // namespace aeromq::postgresql
