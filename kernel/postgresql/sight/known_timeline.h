// When a server's timeline need not be asked for. IDENTIFY_SYSTEM alone tells it of a standby, and
// takes one of the places that standbys need; so what SQL can prove is not asked. Pure.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "kernel/postgresql/sample.h"

namespace aeromq::postgresql {

/// What one answer to facts_query() says of the server itself.
struct ServerWord {
  std::string run;             ///< one for each start of the server
  bool in_recovery = true;     ///< asked last of all; the sample's was asked first
  std::uint32_t timeline = 0;  ///< the one that a primary writes on; 0 in recovery
};

/// What earlier looks learnt from the server by IDENTIFY_SYSTEM and TIMELINE_HISTORY.
struct KnownTimeline {
  std::string run;
  std::uint32_t timeline = 0;
  std::uint32_t history_of = 0;  ///< whose history `ancestors` is; 0: nobody's
  std::vector<TimelineEnd> ancestors;
};

/// The timeline that the server has replayed to, or writes on; 0: it has to be asked for.
/// A standby's only ever grows while it runs, and is never newer than what it receives just now: if
/// it receives the very timeline that it was once seen on, or the first, it is on that one.
std::uint32_t proven_timeline(const NodeSample& seen, const ServerWord& word,
                              const KnownTimeline& known);

/// The ancestors of `timeline`, if no question is needed: the first has none, and a server never
/// changes a history file while it runs.
std::optional<std::vector<TimelineEnd>> known_ancestors(std::uint32_t timeline,
                                                        const ServerWord& word,
                                                        const KnownTimeline& known);

}  // namespace aeromq::postgresql
