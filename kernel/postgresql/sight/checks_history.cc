// The checks of history: whether what the target has goes on from what everybody else has. P6-S2,
// and P6-S1 after a demotion in order.
#include "kernel/postgresql/sight/checks_parts.h"
#include "kernel/postgresql/sight/text.h"
#include "kernel/postgresql/sight/timeline.h"
#include "messages/text.h"

namespace aeromq::postgresql::detail {
namespace {

/// Why `node` is not on the target's ancestry.
std::string fork_text(const Case& at, const NodeSample& node) {
  if (node.timeline == 0) return timeline_silence(node);
  const auto text = node.node + " is on " + place(node) + "; " + at.target.node;
  const auto end = end_of(history_of(at.target), node.timeline);
  if (end)
    return text + " left timeline " + std::to_string(node.timeline) + " at " + position_text(*end);
  return text + " is on timeline " + std::to_string(at.target.timeline) +
         " and never was on that one";
}

/// The target's timeline is that of the checkpoint, or left it after the checkpoint.
bool on_its_timeline(const Case& at) {
  const auto timeline = at.intent.timeline;
  if (at.target.timeline == 0) return false;
  if (timeline == 0 || timeline == at.target.timeline) return true;
  const auto end = end_of(history_of(at.target), timeline);
  return end && at.intent.shutdown_checkpoint < *end;
}

/// A checkpoint behind the demotion's, or a primary, on any disk: somebody may have written after
/// it.
const NodeSample* wrote_after(const Case& at) {
  for (const auto& node : at.sample.nodes)
    if (node.agent && (node.agent->checkpoint > at.intent.shutdown_checkpoint ||
                       node.agent->durable_role == NodeRole::primary))
      return &node;
  return nullptr;
}

bool is_past(const Case& at) {
  return at.target.answered && at.target.position > at.intent.shutdown_checkpoint &&
         on_its_timeline(at);
}

}  // namespace

Check on_one_ancestry(const Case& at) {
  if (!at.target.answered) return {"TIMELINE_BEHIND", "P6-S2", silence(at.target), false, false};
  if (at.target.timeline == 0)
    return {"TIMELINE_BEHIND", "P6-S2", timeline_silence(at.target), false, false};
  const auto history = history_of(at.target);
  std::vector<std::string> forks;
  std::vector<std::string> seen;
  for (const auto& node : at.sample.nodes) {
    if (at.is_target(node) || !node.answered) continue;
    seen.push_back(node.node);
    if (node.timeline == 0 || !on_ancestry(history, node.timeline, node.position))
      forks.push_back(fork_text(at, node));
  }
  if (!forks.empty() && !at.target.timeline_error.empty())
    forks.push_back(timeline_silence(at.target));
  auto text = seen.empty()
                  ? std::string("no other server answered")
                  : names(seen) + (seen.size() == 1 ? " is" : " are") + " on the history of " +
                        at.target.node + ", timeline " + std::to_string(at.target.timeline);
  return {"TIMELINE_BEHIND", "P6-S2", forks.empty() ? std::move(text) : joined(forks),
          forks.empty(), false};
}

Check holds_the_most(const Case& at) {
  const auto& target = at.target;
  if (!target.answered) return {"PREFIX_VIOLATION", "P6-S2", silence(target), false, false};
  std::vector<std::string> ahead;
  for (const auto& node : at.sample.nodes)
    if (!at.is_target(node) && node.answered && node.position > target.position)
      ahead.push_back(node.node + " is at " + position_text(node.position) + ", " +
                      std::to_string(node.position - target.position) + " octets ahead");
  auto text = target.node + " is at " + position_text(target.position);
  text += ahead.empty() ? "; no server that answered is ahead" : "; " + joined(ahead);
  return {"PREFIX_VIOLATION", "P6-S2", std::move(text), ahead.empty(), false};
}

// Strictly: the position of a checkpoint is where its record begins.
Check passed_shutdown_checkpoint(const Case& at) {
  const auto& intent = at.intent;
  if (intent.shutdown_checkpoint == 0)
    return {"SHUTDOWN_CHECKPOINT_NOT_PASSED", "P6-S1",
            "no demotion of the last primary is on record, so there is no shutdown checkpoint to "
            "compare with",
            true, false};
  auto text = intent.last_primary + " shut down with its checkpoint at " +
              position_text(intent.shutdown_checkpoint);
  if (intent.timeline != 0) text += " on timeline " + std::to_string(intent.timeline);
  text += "; " +
          (at.target.answered ? at.target.node + " is on " + place(at.target) : silence(at.target));
  return {"SHUTDOWN_CHECKPOINT_NOT_PASSED", "P6-S1", std::move(text), is_past(at), false};
}

bool shutdown_proves(const Case& at) {
  return at.intent.shutdown_checkpoint != 0 && is_past(at) && wrote_after(at) == nullptr;
}

}  // namespace aeromq::postgresql::detail
