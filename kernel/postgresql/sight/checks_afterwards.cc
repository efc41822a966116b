// The checks of whether it will work afterwards: a promotion that would end the server, a stop
// after which nothing could start again.
#include "kernel/postgresql/sight/checks_parts.h"
#include "kernel/postgresql/sight/promotable.h"
#include "kernel/postgresql/sight/text.h"

namespace aeromq::postgresql::detail {

Check replay_goes_on(const Case& at) {
  const auto& target = at.target;
  const auto lower = lower_limits(at.sample, target);
  auto text = !target.answered ? silence(target)
              : lower.empty()
                  ? "no setting of " + target.node + " is known to be lower than its replay needs"
                  : "replay on " + target.node + " cannot go on: " + joined(lower) +
                        "; PostgreSQL pauses it for that, and a promotion does not end "
                        "that pause but the server (\"insufficient parameter settings\")";
  return {"REPLAY_BLOCKED", "P6-F2", std::move(text), target.answered && lower.empty(), false};
}

Check has_disk(const Case& at) {
  const auto& target = at.target;
  const auto full = full_disks(target);
  const bool known = target.agent && target.agent->disk_size != 0;
  auto text = !known         ? "how much is free on the disks of " + target.node + " is not known"
              : full.empty() ? "the disks of " + target.node + " have room for a promotion"
                             : "the disk of " + target.node + " is full: " + joined(full) +
                                   ", and a promotion writes a WAL segment of its own";
  return {"TARGET_DISK_FULL", "P6-F2", std::move(text), full.empty(), false};
}

Check can_start_again(const Case& at) {
  const auto& target = at.target;
  const auto* trial = target.agent ? &target.agent->next_start : nullptr;
  const bool refused = trial != nullptr && !trial->refused.empty();
  auto text = refused ? target.node + " could not start again as a standby: " + trial->refused
              : trial != nullptr && trial->tried
                  ? "nothing was found that would keep " + target.node + " from starting again"
                  : "whether " + target.node + " could start again was not tried";
  return {"CANNOT_START_AGAIN", "P6-F2", std::move(text), !refused, false};
}

}  // namespace aeromq::postgresql::detail
