// Where an audit log's newest fact lies: the writer writes it, dispatcher, kernel and `aeromq up`
// read it.
#pragma once
#include <optional>
#include <string>

#include "messages/newest_fact.h"

namespace aeromq::process {

std::string newest_fact_path(const std::string& audit_dir);

/// Nothing: it is not there. Error INVALID_INPUT: it cannot be read.
Result<std::optional<NewestFact>> read_newest_fact(const std::string& audit_dir);

/// Durable when this returns.
Result<void> write_newest_fact(const std::string& audit_dir, const NewestFact& fact);

}  // namespace aeromq::process
