// Timelines: what a history file says, and whether one server's history is a beginning of
// another's. Numbers alone prove nothing: two servers may each have made a "timeline 2" of their
// own, or left timeline 1 at different places. Pure.
#pragma once
#include <string_view>
#include <vector>

#include "kernel/postgresql/sample.h"

namespace aeromq::postgresql {

/// Reads the content that TIMELINE_HISTORY answers, oldest first. Error MALFORMED for anything that
/// PostgreSQL would not read either: an unknown line, timelines out of order.
Result<std::vector<TimelineEnd>> parse_history(std::string_view content);

/// "0/40004E8" as a number. Error MALFORMED.
Result<Lsn> parse_lsn(std::string_view text);

/// One server's history: all WAL on `timeline` and its ancestors up to `position`.
struct History {
  std::uint32_t timeline = 0;
  std::vector<TimelineEnd> ancestors;
  Lsn position = 0;
};
History history_of(const NodeSample& node);

/// True if a server at (timeline, position) has written nothing that `history` did not pass
/// through, as far as timelines tell: it is on the same one, or left an ancestor before its end.
/// Positions on the same timeline are not compared here: that is a question of its own.
bool on_ancestry(const History& history, std::uint32_t timeline, Lsn position);

/// Where `history` left `timeline`; nothing if that is not one of its ancestors.
std::optional<Lsn> end_of(const History& history, std::uint32_t timeline);

}  // namespace aeromq::postgresql
