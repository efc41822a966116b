#include "kernel/postgresql/agent/settle.h"

#include <algorithm>

namespace aeromq::postgresql {
namespace {

using enum SettleStep;

/// A new timeline counts when the server would really go on there: its history file is written
/// before the control file knows it, and a start in between would take up the OLD timeline.
bool has_new_timeline(const SettleFacts& facts) {
  return facts.history_now > facts.history_at_claim && facts.control_timeline >= facts.history_now;
}

Settled settle_demotion(const SettleFacts& facts) {
  // Written by us only after that step; a file that somebody else put there is not our demotion.
  if (facts.standby_signal && facts.stopped) return {executed, {}, "standby.signal is there"};
  // A shutdown cannot be called back, and one that hangs would leave neither a primary nor none.
  if (facts.running && facts.stopping) return {stop_first, {}, "the server is being stopped"};
  return {voided,
          {},
          facts.standby_signal ? "standby.signal is there, but not by this demotion"
                               : "standby.signal is not there"};
}

Settled settle_stopped_promotion(const SettleFacts& facts) {
  if (!facts.control_known) return {wait, {}, "the control file cannot be read"};
  const bool history_came = facts.history_now > facts.history_at_claim;
  Repair repair;
  repair.drop_promote_signal = true;
  if (facts.standby_signal)
    return {voided, repair, "the server was stopped and standby.signal is there"};
  if (has_new_timeline(facts))
    return {executed, {}, "standby.signal is gone and the server is on its new timeline"};
  // It would come back writable on the timeline of its old primary, and no check of timelines
  // could tell the two apart.
  repair.make_standby = true;
  repair.put_aside_history = history_came;
  return {voided, repair,
          history_came ? "standby.signal was gone, but the new timeline had not begun"
                       : "standby.signal was gone without a new timeline"};
}

Settled settle_promotion(const SettleFacts& facts) {
  if (!facts.running) return settle_stopped_promotion(facts);
  if (facts.control_known && facts.in_production && !facts.standby_signal &&
      has_new_timeline(facts))
    return {executed, {}, "the server runs out of recovery on a new timeline"};
  // "In recovery" proves nothing: a promotion that timed out may still come.
  return {stop_first, {}, "the server runs and is not seen out of recovery"};
}

}  // namespace

Settled settle(const SettleFacts& facts) {
  if (!facts.asked) return {voided, {}, "the server was never asked"};
  return facts.action == Action::demote ? settle_demotion(facts) : settle_promotion(facts);
}

std::uint64_t new_history(const std::vector<std::uint64_t>& at_claim,
                          const std::vector<std::uint64_t>& now) {
  std::uint64_t newest = 0;
  for (const auto timeline : now)
    if (std::ranges::find(at_claim, timeline) == at_claim.end())
      newest = std::max(newest, timeline);
  return newest;
}

}  // namespace aeromq::postgresql
