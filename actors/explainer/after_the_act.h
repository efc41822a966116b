// What happened, in words: a pure function of one durable record or one result, so that every
// reader says the same from the same octets. It states what is recorded and never guesses.
#pragma once
#include "messages/catalogue.h"
#include "messages/record.h"

namespace aeromq {

/// One sentence per line, the first the most important. Never empty.
std::vector<std::string> what_happened(const Record& record);

/// The same of what the control plane answered to a command on `node` (empty if it takes none).
std::vector<std::string> what_happened(const RequestResult& result, std::string_view node);

/// The same of the kernel's word about a request.
std::vector<std::string> what_happened(const OutcomeAnswer& outcome);

}  // namespace aeromq
