// Every single-event change of a history: what a broken system, or a lying one, would have left
// behind.
#pragma once
#include <functional>

#include "chaos/history/event.h"

namespace aeromq::chaos {

/// One change. `what` names the class that it belongs to, such as "delete effect",
/// "change told executed.verdict" or "swap spent, effect".
struct Mutation {
  std::string what;
  std::size_t at = 0;  ///< the place of the event, from 0
  History history;
};

/// What sort of event it is, as far as a rule cares: its kind with its what or its verdict.
std::string sort_of(const Event& event);

/// Takes each event out; puts each in twice; changes each field that is not empty, one at a time;
/// swaps each event but messages with the next one that is about the same request or about none.
void for_each_mutation(const History& history, const std::function<void(const Mutation&)>& take);

}  // namespace aeromq::chaos
