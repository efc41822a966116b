// What a run that broke a promise leaves behind for people.
#pragma once
#include <filesystem>

#include "chaos/history/event.h"

namespace aeromq::chaos {

/// Writes history.jsonl and timeline.html into the folder, which must be there. Throws
/// std::filesystem::filesystem_error.
void write_evidence(const History& history, const std::filesystem::path& folder);

}  // namespace aeromq::chaos
