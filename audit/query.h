// Answers an auditor's question from a log, as one page that fits a message. The reader process and
// offline tools use the same code. Never writes; shows nothing that is not durable.
#pragma once
#include <deque>
#include <functional>
#include <mutex>

#include "audit/log_reader.h"
#include "audit/verify.h"
#include "messages/audit_page.h"
#include "messages/catalogue.h"

namespace aeromq::audit {

constexpr std::size_t kMaxPage = 48 * 1024;  ///< encoded octets of a page
constexpr std::uint64_t kTailDefault = 20;

/// True when an answer has taken long enough: the page ends there, and says where to go on.
using Enough = std::function<bool()>;

/// Verifications that were begun and go on with the next question. Any thread.
class VerifyJobs {
 public:
  static constexpr std::size_t kMost = 4;  ///< the oldest goes first
  /// The one that has checked the records below `next`, taken out.
  std::optional<VerifyJob> take(std::uint64_t next);
  void keep(VerifyJob job);

 private:
  std::mutex mutex_;
  std::deque<VerifyJob> jobs_;
};

/// Refreshes `reader` and answers `query`. A page that is full says in `next_seq` where to go on.
/// tail: the last `limit` records. query: those that match, from `from_seq` on. timeline: all of
/// one request with its gaps. verify: findings and exit code; with `jobs` it may end before all is
/// checked: `next_seq` says so, exit code 1 too, and a question `from_seq` that goes on. export:
/// with the stored octets.
/// Errors: INVALID_INPUT naming the field (`request`, `stage`, `command`, `principal`, `from_seq`,
/// `limit`) that is malformed, out of range, or not taken by this kind; AUDIT_UNAVAILABLE (I/O).
Result<AuditPage> answer_query(LogReader& reader, const AuditQuery& query,
                               const Enough& enough = {}, VerifyJobs* jobs = nullptr);

}  // namespace aeromq::audit
