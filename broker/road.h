// One request's linear stage machine: the last message about it, and who holds it now. It only
// moves forward along the route table; a request that is closed never opens again.
#pragma once
#include "broker/effects.h"
#include "messages/time.h"

namespace aeromq::broker {

struct Road {
  RequestId request;
  std::string principal;
  std::string client;  ///< connection that asked; empty once it is gone
  MessageType last = MessageType::none;
  std::uint64_t deadline_boot_ns = 0;  ///< of the stage; 0 = none (a person is thinking)
  Bytes command;                       ///< the submit body, for a report about it
  bool audit_query = false;            ///< else a command
  bool waiting = false;      ///< a recorded dispatch that waits for the dispatcher's credit
  bool handed_over = false;  ///< its dispatch went to the dispatcher: it may have executed

  /// Who has it now; client = a confirmation is pending.
  ActorRole holder() const { return find_route(last)->receiver; }
  /// May `route` come next? (Its sender was checked: each type has only one.)
  bool awaits(const Route& route) const { return route.follows.has(last) && !waiting; }
  bool pending() const { return last == MessageType::confirmation_asked; }
  /// Has the person said yes?
  bool confirmed() const;
};

/// Does the loss of `lost` end this road? The dispatcher's epoch ends every request that has not
/// yet been answered by it; the keeper's memory ends every pending confirmation; so does the next
/// audit writer's "run begins" in every reader of the log, up to the record of the yes.
bool ends_with(const Road& road, ActorRole lost);

/// What a person is told when the road ends here: not executed, unless it was handed over.
Error loss_error(const Road& road, ActorRole lost, const std::string& name);

}  // namespace aeromq::broker
