// What a request comes to, as a program sees it. Plain values: nothing here sends anything.
#pragma once
#include <chrono>
#include <variant>

#include "messages/audit_page.h"
#include "messages/catalogue.h"

namespace aeromq::client {

/// A read-only command's view, or a diagnostic's after its confirmation.
struct ViewAnswer {
  View view;
  std::uint64_t record = 0;  ///< audit sequence number
};

/// Nothing has happened yet: this is what would, and only confirm() can make it so, once.
struct Pending {
  RequestId request;
  ConfirmationAsked asked;
  Explanation explanation;
  Digest explanation_digest;  ///< SHA-256 of the explanation's octets as received
  std::chrono::steady_clock::time_point received;

  /// Left of the confirmation as this end reckons; the keeper's clock alone decides.
  std::uint64_t left_ms() const;
};

/// The kernel acted, and these are its words.
struct Executed {
  std::string command;
  ActAnswer answer;
  std::uint64_t record = 0;
};

/// The control plane's own word that the request ended otherwise; `error.outcome` says how.
struct Failure {
  Error error;
  std::uint64_t record = 0;  ///< 0 = could not be recorded
};

using Answer = std::variant<ViewAnswer, Pending, Executed, Failure>;

/// An answer with the request that it is about. The error side is this end's word, not the control
/// plane's: NOT_REACHED, ABANDONED (the connection ended while a confirmation was pending),
/// ANSWER_LOST, MALFORMED.
struct Answered {
  RequestId request;
  Result<Answer> answer;
};

/// One page of the audit log.
struct AuditReading {
  RequestId request;
  AuditPage page;
  std::uint64_t record = 0;  ///< the record of this very reading
};

}  // namespace aeromq::client
