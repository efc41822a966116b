// aeromq-audit-reader's handlers: an auditor's query -> a page of durable records. Never writes,
// never shows what is not durable, never delays the audit writer.
//
//   audit_read   a page      -> audit_answer
//                bad query   -> refused_by_reader (INVALID_INPUT with the field)
#pragma once
#include <functional>

#include "actors/step.h"
#include "messages/audit_page.h"

namespace aeromq {

class AuditReader {
 public:
  /// Answers one query from the log, up to its durable watermark.
  using Answers = std::function<Result<AuditPage>(const AuditQuery&)>;

  static constexpr ActorRole kRole = ActorRole::reader;
  static std::span<const MessageType> accepts();
  explicit AuditReader(Answers answers) : answers_(std::move(answers)) {}
  Step on(const Envelope& envelope, const Moment& now);
  Step on_tick(const Moment&) { return {}; }

 private:
  Answers answers_;
};

}  // namespace aeromq
