// aeromq-audit-reader's handlers: an auditor's query -> a page of durable records. Never writes,
// never shows what is not durable, never delays the audit writer. A query may scan the whole log:
// it is given to a desk, and answered when the desk has its page.
//
//   audit_read   a page      -> audit_answer
//                bad query   -> refused_by_reader (INVALID_INPUT with the field)
//                desk full   -> refused_by_reader (BUSY)
#pragma once
#include <functional>
#include <map>

#include "actors/step.h"
#include "messages/audit_page.h"

namespace aeromq {

class AuditReader {
 public:
  /// Answers one query from the log, up to its durable watermark.
  using Answers = std::function<Result<AuditPage>(const AuditQuery&)>;
  struct Answered {
    RequestId request;
    Result<AuditPage> page;
  };
  /// Where queries are worked on while this actor goes on.
  struct Desk {
    std::function<bool(const RequestId&, const AuditQuery&)> ask;  ///< false: too many wait
    std::function<std::vector<Answered>()> answered;               ///< those that are ready
  };

  static constexpr ActorRole kRole = ActorRole::reader;
  static std::span<const MessageType> accepts();
  explicit AuditReader(Desk desk) : desk_(std::move(desk)) {}
  /// With a desk that answers at once.
  explicit AuditReader(Answers answers);
  Step on(const Envelope& envelope, const Moment& now);
  Step on_tick(const Moment& now);

 private:
  Step collect();

  Desk desk_;
  std::map<RequestId, AuditRead> open_;
};

}  // namespace aeromq
