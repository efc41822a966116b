// A history as a file (one JSON object a line), as one number (a hash that equal runs share), and
// as one list made of several processes' lists. It must never reorder what one process wrote.
#pragma once
#include <filesystem>
#include <string_view>

#include "chaos/history/event.h"
#include "messages/result.h"

namespace aeromq::chaos {

/// One event as one JSON object, without the line's end. Empty and zero fields are left out.
std::string json_line(const Event& event);

/// The event in one line: exactly the known fields, each at most once, `seq`, `kind` and `lane`
/// always. Error INVALID_INPUT, field `history`.
Result<Event> read_event(std::string_view line);

/// Replaces the file. Throws std::filesystem::filesystem_error.
void write_history(const History& history, const std::filesystem::path& path);

/// The history in a file. `seq` must rise. Error INVALID_INPUT, field `history`; it names the line.
Result<History> read_history(const std::filesystem::path& path);

/// SHA-256 over every field of every event: equal exactly for equal histories.
Digest history_hash(const History& history);

/// One history out of several processes' parts, with `seq` given anew from 1. A part keeps its own
/// order. Parts whose events all carry the harness's seq go by it; a part without any is put in by
/// `at_ns`, which only a harness that stamps all lanes may rely on. Error INVALID_INPUT, field
/// `history`: a part with and without seq, a seq that falls, one seq in two places.
Result<History> merge_histories(std::vector<History> parts);

}  // namespace aeromq::chaos
