// The checks of who belongs to the cluster: P6-F1, and P6-A1 where a stranger may be a primary.
#include "kernel/postgresql/sight/checks_parts.h"
#include "kernel/postgresql/sight/members.h"
#include "kernel/postgresql/sight/text.h"

namespace aeromq::postgresql::detail {

// A list that one of two judges does not have may name the primary that the other does not see. An
// agent that is not heard is said; whether it matters other checks say.
Check one_member_list(const Case& at) {
  return {"MEMBERS_DIFFER", "P6-F1", members_text(at.sample, at.rules),
          differing_members(at.sample, at.rules).empty(), false};
}

// The kernel asks nobody who is not in the settings: of all servers that one is the likeliest to
// write.
Check last_primary_known(const Case& at) {
  const auto& last = at.intent.last_primary;
  return {"HOLDER_NOT_IN_SETTINGS", "P6-F1", last_primary_text(at.sample, last),
          last.empty() || find_node(at.sample, last) != nullptr, false};
}

// Who sends WAL now lives, and nothing says that it is no primary. Of one that was not heard for
// long a forced promotion may take the risk.
Check no_unlisted_sender(const Case& at) {
  const auto senders = unlisted_senders(at.sample);
  const bool passes = senders.empty();
  const bool fresh = std::ranges::any_of(senders, &UnlistedSender::fresh);
  return {"UNLISTED_SENDER", "P6-A1",
          passes ? "no standby that answered streams from a server that is not in the settings"
                 : unlisted_senders_text(at.sample),
          passes, !passes && !fresh && at.force()};
}

}  // namespace aeromq::postgresql::detail
