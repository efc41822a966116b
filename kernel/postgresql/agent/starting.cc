// The hand's starts and stops beside an act: of a server that is down, by itself or by a person's
// order. A primary starts only if nobody speaks against it, or if a person has taken that on.
#include "kernel/postgresql/agent/action.h"
#include "kernel/postgresql/sight/text.h"
#include "process/kill_point.h"
#include "process/log.h"

namespace aeromq::postgresql {
namespace {

constexpr const char* kClaimOpen = "a request is open here, and its end is not decided";
constexpr const char* kStartVerb = "aeromq-pg-agent start --reason TEXT";

/// Why a person's order was not carried out; `unknown`: it may still be.
Error not_ordered(std::string code, std::string why, Outcome outcome = Outcome::not_executed) {
  auto error = kernel_rejection(std::move(code), std::move(why), {});
  error.outcome = outcome;
  return error;
}

/// Why `seen` speaks against a primary on `timeline` beside it; empty: it does not.
std::string against(const NodeSample* seen, const std::string& name, std::uint64_t timeline) {
  if (seen == nullptr || !seen->answered) return name + " does not answer";
  if (!seen->in_recovery) return "so is " + name;
  // A claim is journaled before its agent looks, and this start announced before this look: of
  // two that meet, one sees the other.
  if (!seen->agent) return "the agent of " + name + " does not answer";
  if (!seen->agent->open_claim.empty() || seen->agent->promote_signal)
    return "a promotion may be under way on " + name;
  if (seen->timeline > timeline) return name + " is on timeline " + std::to_string(seen->timeline);
  return {};
}

}  // namespace

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

Hand::Against Hand::against_start() {
  const auto control = instance_.control();
  if (!control) return {{settings_.node}, control.error().message};
  const auto timeline = control->timeline();
  Against found;
  const auto sample = sight_.look();
  for (const auto& node : settings_.cluster.nodes) {
    if (node.name == settings_.node) continue;
    const auto why = against(find_node(sample, node.name), node.name, timeline);
    if (why.empty()) continue;
    found.nodes.push_back(node.name);
    found.why += (found.why.empty()
                      ? "it is a primary on disk on timeline " + std::to_string(timeline) + ", and "
                      : "; and ") +
                 why;
  }
  return found;
}

void Hand::start_if_safe() {
  if (instance_.process().running()) return hold({});
  const auto note = journal_.last_note();
  if (note.what == "stop")
    return hold("stopped by uid " + std::to_string(note.uid) + ": " + note.reason);
  if (journal_.open_claim()) return hold("a claim is open and could not be settled", true);
  const bool as_primary = !instance_.standby_signal();
  announce_start(as_primary);
  const auto why = as_primary ? against_start().why : std::string();
  if (why.empty()) {
    process::kill_point("pgagent.start.allowed");
    start();
  } else {
    hold(why, true);
  }
  announce_start(false);
}

// After a power cut hosts come up in any order, and a start that comes hours later would surprise
// whoever has begun to repair things meanwhile: it is told, and left to a person.
void Hand::look_on() {
  if (instance_.process().running() || journal_.open_claim()) return;
  const bool as_primary = !instance_.standby_signal();
  const auto why = as_primary ? against_start().why : std::string();
  const std::lock_guard lock(mutex_);
  if (holds_.empty()) return;
  if (why.empty() && way_on_.empty())
    process::log_warning("may_be_started", {{"by", kStartVerb}, {"held_by", holds_}});
  way_on_ = why.empty() ? kStartVerb : "";
  if (!for_others_) return;
  holds_ = cut(why.empty() ? "nothing speaks against its start any more, but the time in which its "
                             "agent starts it by itself is over"
                           : why,
               512);
}

Result<std::string> Hand::order_start(std::uint64_t uid, const std::string& reason,
                                      const std::string& accepted) {
  if (journal_.open_claim()) return fail(not_ordered("CLAIM_OPEN", kClaimOpen));
  if (instance_.process().running()) return fail(not_ordered("SERVER_RUNS", "the server runs"));
  const bool as_primary = !instance_.standby_signal();
  announce_start(as_primary);
  const auto found = as_primary ? against_start() : Against{};
  if (!found.why.empty()) {
    const auto sentence = "start " + settings_.node + " as a primary beside " + names(found.nodes);
    {
      const std::lock_guard lock(mutex_);
      sentence_ = sentence;
    }
    if (accepted != sentence) {
      announce_start(false);
      return fail(not_ordered("START_REFUSED", found.why + ": two primaries would lose writes"));
    }
    process::log_warning("started_against", {{"uid", uid}, {"why", found.why}});
  }
  journal_.note({"start", uid, reason, as_words(found.why, 1000)});
  start();
  announce_start(false);
  if (const auto why = holds(); !why.empty()) return fail(not_ordered("NOT_STARTED", why));
  return found.why.empty() ? "the server runs" : "the server runs, against this: " + found.why;
}

/// "; n2 and n3 streamed from it ..."
std::string Hand::dependants() {
  const auto sample = sight_.look();
  const auto* own = find_node(sample, settings_.node);
  std::vector<std::string> all;
  for (const auto& node : sample.nodes)
    if (own != nullptr && node.node != settings_.node && streams_from(node, *own))
      all.push_back(node.node);
  return "; it was a primary" +
         (all.empty() ? std::string() : ", " + names(all) + " streamed from it") +
         ": nobody can write until it is started, or another is promoted";
}

Result<std::string> Hand::order_stop(std::uint64_t uid, const std::string& reason) {
  if (journal_.open_claim()) return fail(not_ordered("CLAIM_OPEN", kClaimOpen));
  // Of a server that is down, too, the word counts: whoever repairs PGDATA by hand must not see it
  // started under their hands, the moment that it looks like a standby.
  journal_.note({"stop", uid, reason, {}});
  if (!instance_.process().running()) {
    hold("stopped by uid " + std::to_string(uid) + ": " + reason);
    return "the server was down, and stays down";
  }
  const auto depends = instance_.standby_signal() ? std::string() : dependants();
  const auto end = instance_.stop(Instance::Stop::fast);
  if (instance_.process().running())
    return fail(not_ordered("NOT_STOPPED", as_words(end.output), Outcome::unknown));
  hold("stopped by uid " + std::to_string(uid) + ": " + reason);
  return "the server is stopped" + depends;
}

void Hand::watch() {
  if (instance_.process().running()) return hold({});
  // Whatever the agent did ended with a server that runs, or with why not: this one ended by
  // itself.
  if (holds().empty() && !journal_.open_claim())
    hold("it ended while the agent watched: only a person, or the agent's next start, starts it");
}

}  // namespace aeromq::postgresql
