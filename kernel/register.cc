#include "kernel/register.h"

#include <algorithm>
#include <array>

#include "kernel/report_bounds.h"
#include "messages/text.h"

namespace aeromq::kernel {
namespace {

const RegisteredNode* find(const Register& state, const std::string& node) {
  const auto at = state.nodes.find(node);
  return at == state.nodes.end() ? nullptr : &at->second;
}

const NodeReport* report_of(const Register& state, const std::string& node) {
  const auto* known = find(state, node);
  return known != nullptr && known->heard ? &known->heard->report : nullptr;
}

std::uint64_t age_ms(const HeardReport& heard, std::uint64_t now_ms) {
  return now_ms > heard.heard_ms ? now_ms - heard.heard_ms : 0;
}

std::string number(std::uint64_t value) { return std::to_string(value); }

/// "n2 reported as replica 120 ms ago"; ages are of the snapshot, so equal state = equal text.
std::string last_heard(const Register& state, const std::string& node, std::uint64_t now_ms) {
  const auto* known = find(state, node);
  if (known == nullptr || !known->heard)
    return node + " has not reported to this run of the kernel";
  return node + " reported as " + std::string(text_of(known->heard->report.role)) + " (" +
         known->heard->report.state + ") under fencing epoch " +
         number(known->heard->report.fencing_epoch) + " " + number(age_ms(*known->heard, now_ms)) +
         " ms before";
}

Check node_known(const Register& state, const std::string& node) {
  const bool known = find(state, node) != nullptr;
  return {"NODE_UNKNOWN", "P6-F1",
          known ? node + " is in the register" : node + " is not in the register", known, false};
}

Check authority_free(const Register& state) {
  const bool is_free = state.holder.empty();
  return {"AUTHORITY_HELD", "P6-A1",
          is_free ? "no node holds write authority"
                  : state.holder + " holds write authority under fencing epoch " +
                        number(state.fencing_epoch),
          is_free, false};
}

/// Evidence of life refuses, whatever is acknowledged: the holder reports at all, or any other
/// node but the target reports as primary.
Check no_living_primary(const Register& state, const std::string& target, std::uint64_t now_ms) {
  for (const auto& [name, node] : state.nodes) {
    if (name == target || !is_fresh(state, name, now_ms)) continue;
    if (name == state.holder || node.heard->report.role == NodeRole::primary)
      return {"PRIMARY_ALIVE", "P6-A1",
              last_heard(state, name, now_ms) + (name == state.holder
                                                     ? "; it holds write authority"
                                                     : "; write authority is not with it"),
              false, false};
  }
  return {"PRIMARY_ALIVE", "P6-A1", "no other node reports as a live primary", true, false};
}

/// Silence counts only once the kernel has listened as long as a report stays fresh: just after a
/// kernel restart everybody is silent.
Check listened_long_enough(const Register& state, const std::string& target, std::uint64_t now_ms) {
  const bool long_enough = now_ms >= state.listening_since_ms + state.stale_after_ms;
  for (const auto& [name, node] : state.nodes)
    if (!long_enough && name != target && !node.heard)
      return {"LISTENING_TOO_SHORT", "P6-F1",
              name + " has not reported, and this run of the kernel has listened for less than " +
                  number(state.stale_after_ms) + " ms",
              false, false};
  return {"LISTENING_TOO_SHORT", "P6-F1",
          "this run of the kernel has listened long enough for silence to count", true, false};
}

Check is_replica(const Register& state, const std::string& node) {
  const auto* report = report_of(state, node);
  const bool passes =
      node != state.holder && (report == nullptr || report->role != NodeRole::primary);
  std::string text = node + " is a replica";
  if (node == state.holder)
    text = node + " holds write authority already";
  else if (!passes)
    text = node + " reports as primary without write authority";
  return {"NOT_A_REPLICA", "P6-A3", std::move(text), passes, false};
}

Check report_fresh(const Register& state, const std::string& node, std::uint64_t now_ms) {
  const bool passes = is_fresh(state, node, now_ms);
  return {"REPORT_STALE", "P6-F1",
          last_heard(state, node, now_ms) + "; a report proves something for " +
              number(state.stale_after_ms) + " ms",
          passes, false};
}

/// P6-S2: the last primary's timeline. P6-S1: every octet that it acknowledged.
Check holds_history(const Register& state, const std::string& node) {
  const auto* report = report_of(state, node);
  const auto wanted = "timeline " + number(state.timeline) + " up to " +
                      position_text(state.acknowledged) + ", which " + state.last_primary +
                      " acknowledged";
  if (report == nullptr)
    return {"HISTORY_NOT_PREFIX", "P6-S2", node + " has not told its position; needed is " + wanted,
            false, false};
  const bool same_timeline = report->timeline == state.timeline;
  const bool holds_all = report->position >= state.acknowledged;
  auto text = node + " is on timeline " + number(report->timeline) + " at " +
              position_text(report->position) + "; needed is " + wanted;
  return {"HISTORY_NOT_PREFIX", same_timeline && !holds_all ? "P6-S1" : "P6-S2", std::move(text),
          same_timeline && holds_all, false};
}

/// The proof that the old primary stopped: its own fresh report, under the fencing epoch that the
/// demotion made, not as primary. Only force may do without it.
Check old_primary_stopped(const Register& state, Action action, std::uint64_t now_ms) {
  const auto& old = state.last_primary;
  const auto* report = report_of(state, old);
  const bool proven = state.holder.empty() && report != nullptr && is_fresh(state, old, now_ms) &&
                      report->role != NodeRole::primary && state.demoted_epoch != 0 &&
                      report->fencing_epoch >= state.demoted_epoch;
  auto text = last_heard(state, old, now_ms);
  if (!state.holder.empty())
    text += "; it holds write authority, no demotion was executed";
  else
    text += "; it was demoted under fencing epoch " + number(state.demoted_epoch);
  text += proven ? ": proven down" : ": not proven down";
  return {"OLD_PRIMARY_NOT_PROVEN_DOWN", "P6-A2", std::move(text), proven,
          action == Action::force_promote};
}

Check holds_authority(const Register& state, const std::string& node) {
  const bool passes = !state.holder.empty() && state.holder == node;
  return {"NOT_PRIMARY", "P6-A1",
          state.holder.empty() ? "no node holds write authority"
                               : state.holder + " holds write authority",
          passes, false};
}

constexpr std::uint64_t kRefusalShownMs = 600'000;

/// A node whose reports are refused says what cannot be: somebody should look at it.
void add_refused(KernelSnapshot& made, const std::string& name, const RegisteredNode& node,
                 std::uint64_t now_ms) {
  if (!node.refused || now_ms >= node.refused->at_ms + kRefusalShownMs) return;
  constexpr std::size_t kMostText = 512;  // Finding::text
  made.findings.push_back(
      {"REPORT_REFUSED", Severity::warning,
       cut(name + " sent a report that was refused: " + node.refused->why, kMostText)});
}

// What only a stopped primary can satisfy: docs/protocol.md names them.
constexpr std::array<std::string_view, 4> kByTheStop{
    "AUTHORITY_HELD", "PRIMARY_ALIVE", "HISTORY_NOT_PREFIX", "OLD_PRIMARY_NOT_PROVEN_DOWN"};

/// The register as it will be when `node` was demoted and has reported that it knows. A primary
/// that writes has always told of more than a replica's last report can hold: the successor is
/// measured by what had been told when it reported.
Register as_if_demoted(const Register& state, const std::string& node, const std::string& successor,
                       std::uint64_t now_ms) {
  auto after = state;
  if (after.holder != node) return after;
  apply(after, Action::demote, node);
  NodeReport last_word;
  if (const auto* report = report_of(state, node)) last_word = *report;
  last_word.role = NodeRole::replica;
  last_word.fencing_epoch = after.fencing_epoch;
  after.nodes[node].heard = HeardReport{std::move(last_word), now_ms, state.acknowledged};
  if (const auto* next = find(state, successor); next != nullptr && next->heard)
    after.acknowledged = std::min(after.acknowledged, next->heard->acknowledged);
  return after;
}

}  // namespace

Register create_register(HistoryId history, const std::string& cluster,
                         const std::vector<std::string>& nodes) {
  Register state;
  state.history = history;
  state.cluster = cluster;
  state.fencing_epoch = 1;
  state.timeline = 1;
  state.holder = nodes.front();
  state.last_primary = nodes.front();
  for (const auto& node : nodes) state.nodes[node] = {};
  return state;
}

bool is_fresh(const Register& state, const std::string& node, std::uint64_t now_ms) {
  const auto* known = find(state, node);
  return known != nullptr && known->heard && age_ms(*known->heard, now_ms) < state.stale_after_ms;
}

Succession succession_of(const Register& state, const std::string& node,
                         const std::string& successor, std::uint64_t now_ms) {
  return succession(
      node, successor, checks(state, Action::promote, successor, now_ms),
      checks(as_if_demoted(state, node, successor, now_ms), Action::promote, successor, now_ms),
      kByTheStop);
}

std::vector<Check> checks(const Register& state, Action action, const std::string& node,
                          std::uint64_t now_ms, const std::string& successor) {
  std::vector<Check> all{node_known(state, node)};
  // Of a node that is not in the register nothing is said but that.
  const bool known = all.front().passes;
  if (action == Action::demote) {
    if (known) all.push_back(holds_authority(state, node));
    if (known && !successor.empty())
      all.push_back(succession_of(state, node, successor, now_ms).ready);
    return all;
  }
  // Force replaces "nobody holds authority" by "the old primary is not proven down", which it may
  // override; evidence of life it may not.
  if (action == Action::promote) all.push_back(authority_free(state));
  all.push_back(no_living_primary(state, node, now_ms));
  if (action == Action::force_promote) all.push_back(listened_long_enough(state, node, now_ms));
  if (known) {
    all.push_back(is_replica(state, node));
    all.push_back(report_fresh(state, node, now_ms));
    all.push_back(holds_history(state, node));
  }
  all.push_back(old_primary_stopped(state, action, now_ms));
  return all;
}

std::optional<Rejection> judge(const Register& state, const Act& act, std::uint64_t now_ms) {
  if (act.fencing_epoch != state.fencing_epoch)
    return facts_changed("explained was fencing epoch " + number(act.fencing_epoch) +
                         ", now it is " + number(state.fencing_epoch));
  return objection(checks(state, act.action, act.node, now_ms, act.successor), act.overrides);
}

std::vector<Effect> apply(Register& state, Action action, const std::string& node) {
  const auto before = state;
  const auto or_none = [](const std::string& name) { return name.empty() ? "none" : name; };
  ++state.fencing_epoch;
  if (action == Action::demote) {
    state.holder.clear();
    state.demoted_epoch = state.fencing_epoch;
  } else {
    state.holder = node;
    state.last_primary = node;
    state.demoted_epoch = 0;
    ++state.timeline;
  }
  std::vector<Effect> effects{
      {"write_authority", or_none(before.holder), or_none(state.holder)},
      {"fencing_epoch", number(before.fencing_epoch), number(state.fencing_epoch)}};
  if (state.timeline != before.timeline)
    effects.push_back({"timeline", number(before.timeline), number(state.timeline)});
  return effects;
}

Result<bool> take_report(Register& state, const std::string& node, NodeReport report,
                         std::uint64_t now_ms) {
  const auto bad = [](const char* field, std::string what) {
    return fail(make_error(ErrorCode::invalid_input, std::move(what), field));
  };
  const auto at = state.nodes.find(node);
  if (at == state.nodes.end()) return bad("node", node + " is not in the register");
  if (report.role == NodeRole::none) return bad("role", "a report is as primary or as replica");
  if (report.fencing_epoch > state.fencing_epoch)
    return bad("fencing_epoch", "the register has not given this fencing epoch");
  if (report.timeline > state.timeline)
    return bad("timeline", "the register has not given this timeline");
  for (const auto* text : {&report.state, &report.host, &report.snapshot_label})
    if (has_control_characters(*text)) return bad("state", "control characters");
  if (auto good = plausible(state, node, report, now_ms); !good) return fail(good.error());
  // What the last primary tells, as holder or as its last word after a demotion, a successor must
  // hold. Raising it can only refuse a promotion, never allow one.
  const bool grew = node == state.last_primary && report.timeline == state.timeline &&
                    report.position > state.acknowledged;
  if (grew) state.acknowledged = report.position;
  at->second.heard = HeardReport{std::move(report), now_ms, state.acknowledged};
  return grew;
}

void keep_refused(Register& state, const std::string& node, const Error& why,
                  std::uint64_t now_ms) {
  if (const auto at = state.nodes.find(node); at != state.nodes.end())
    at->second.refused = RefusedReport{now_ms, detail_of(why)};
}

Result<void> lower_acknowledged(Register& state, std::uint64_t to, std::uint64_t now_ms) {
  const auto bad = [](const char* field, std::string what) {
    return fail(make_error(ErrorCode::invalid_input, std::move(what), field));
  };
  if (to >= state.acknowledged)
    return bad("to", "acknowledged is " + position_text(state.acknowledged) +
                         "; it can only be lowered, " + position_text(to) + " is not below it");
  const auto& raiser = state.last_primary;
  const auto* report = report_of(state, raiser);
  if (report == nullptr && now_ms < state.listening_since_ms + state.stale_after_ms)
    return bad(
        "to", raiser + " has not reported, and this run of the kernel has listened for less than " +
                  number(state.stale_after_ms) + " ms");
  if (is_fresh(state, raiser, now_ms) && report->timeline == state.timeline &&
      report->position > to)
    return bad("to", raiser + " is heard at " + position_text(report->position) +
                         ": it would raise the position again; stop its reports first");
  state.acknowledged = to;
  return {};
}

Assignment assignment(const Register& state, const std::string& node) {
  Assignment made{node,           NodeRole::none,     state.fencing_epoch,
                  state.timeline, state.acknowledged, {}};
  if (find(state, node) != nullptr)
    made.role = node == state.holder ? NodeRole::primary : NodeRole::replica;
  return made;
}

KernelSnapshot snapshot_of(const Register& state, std::uint64_t snapshot, std::uint64_t now_ms,
                           std::uint64_t wall_ms) {
  KernelSnapshot made;
  made.history = state.history;
  made.snapshot = snapshot;
  made.cluster = state.cluster;
  made.kernel_ms = now_ms;
  made.wall_ms = wall_ms;
  made.fencing_epoch = state.fencing_epoch;
  made.holder = state.holder;
  made.last_primary = state.last_primary;
  made.acknowledged = state.acknowledged;
  made.timeline = state.timeline;
  made.stale_after_ms = state.stale_after_ms;
  for (const auto& [name, node] : state.nodes) {
    NodeFacts facts;
    facts.node = name;
    facts.host = node.host;
    facts.assigned = name == state.holder ? NodeRole::primary : NodeRole::replica;
    facts.stale = !is_fresh(state, name, now_ms);
    if (node.heard) {
      const auto& report = node.heard->report;
      if (!report.host.empty()) facts.host = report.host;
      facts.reported = report.role;
      facts.state = report.state;
      facts.report_age_ms = age_ms(*node.heard, now_ms);
      facts.fencing_epoch = report.fencing_epoch;
      facts.timeline = report.timeline;
      facts.position = report.position;
      facts.lag = state.acknowledged > report.position ? state.acknowledged - report.position : 0;
      facts.snapshot_label = report.snapshot_label;
      facts.snapshot_position = report.snapshot_position;
    }
    add_refused(made, name, node, now_ms);
    made.nodes.push_back(std::move(facts));
  }
  return made;
}

}  // namespace aeromq::kernel
