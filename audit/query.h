// Answers an auditor's question from a log, as one page that fits a message. The reader process and
// offline tools use the same code. Never writes; shows nothing that is not durable.
#pragma once
#include "audit/log_reader.h"
#include "messages/audit_page.h"
#include "messages/catalogue.h"

namespace aeromq::audit {

constexpr std::size_t kMaxPage = 48 * 1024;  ///< encoded octets of a page
constexpr std::uint64_t kTailDefault = 20;

/// Refreshes `reader` and answers `query`. A page that is full says in `next_seq` where to go on.
/// tail: the last `limit` records. query: those that match, from `from_seq` on. timeline: all of
/// one request with its gaps. verify: findings and exit code. export: with the stored octets.
/// Errors: INVALID_INPUT naming the field (`request`, `stage`, `command`, `principal`, `from_seq`,
/// `limit`) that is malformed, out of range, or not taken by this kind; AUDIT_UNAVAILABLE (I/O).
Result<AuditPage> answer_query(LogReader& reader, const AuditQuery& query);

}  // namespace aeromq::audit
