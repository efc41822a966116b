// What the audit writer turns away when its disk fills up, and in which order: observers first,
// then new mutations together with everybody's ordinary looks, last the questions of what became of
// a request. What became of a dispatch, that a confirmation was abandoned or ran out, and the end
// of runs are always recorded. Pure.
#pragma once
#include <functional>

#include "actors/step.h"

namespace aeromq {

/// How much room the log has.
enum class Room : std::uint8_t {
  enough,
  low,      ///< for operators: observers' looks and refusals are turned away
  reserve,  ///< no next segment can be made: only `outcome`, and what must be recorded
  last,     ///< the end of the reserve: only what must be recorded
};

struct DiskRoom {
  Room room = Room::enough;
  std::string_view disk;  ///< the folder that the log is in; as long-lived as who tells it
};
/// Tells the room of this moment.
using DiskLook = std::function<DiskRoom()>;

/// The step of a message that is turned away unrecorded: whoever waits is told why, with record 0.
/// Nothing: it is to be recorded.
std::optional<Step> turn_away(const Envelope& envelope, const DiskRoom& room);

}  // namespace aeromq
