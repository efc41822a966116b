// What a node is asked, and how its answers are read into a sample. The questions only read, and
// none of them fails on a standby.
#pragma once
#include <libpq-fe.h>

#include <memory>
#include <string>
#include <vector>

#include "kernel/postgresql/sight/known_timeline.h"
#include "kernel/postgresql/sight/sampler.h"

namespace aeromq::postgresql {

struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using ResultPtr = std::unique_ptr<PGresult, ClearResult>;

inline constexpr const char* kApplicationName = "aeromq";

/// Several statements for one round trip: one snapshot, one moment.
std::string facts_query(Depth depth);
std::string history_query(std::uint32_t timeline);

/// What IDENTIFY_SYSTEM said. The timeline comes from here alone: pg_control_checkpoint() lags
/// behind it, by many timelines on an idle standby.
struct Identity {
  std::uint64_t system_identifier = 0;
  std::uint32_t timeline = 0;
  friend bool operator==(const Identity&, const Identity&) = default;
};
Result<Identity> read_identity(const std::vector<ResultPtr>& results);

/// Reads the answers to facts_query(depth). Error: MALFORMED, or no right to see other sessions:
/// without it every standby would look as if it streamed from nobody.
Result<ServerWord> read_facts(const std::vector<ResultPtr>& results, Depth depth,
                              NodeSample& sample);
/// The timeline of sample.position, where IDENTIFY_SYSTEM tells that of what was replayed.
std::uint32_t timeline_of_position(const NodeSample& sample, std::uint32_t replayed);
Result<std::vector<TimelineEnd>> read_history(const std::vector<ResultPtr>& results);

/// PostgreSQL's words in one line, as psql would show them, and the SQLSTATE if they name one
/// (PQERRORS_VERBOSE is how a refused connection tells it).
struct Words {
  std::string sqlstate;
  std::string text;
};
Words words_of(const char* message);

}  // namespace aeromq::postgresql
