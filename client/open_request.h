// One request on the client's side: how far it has come, which answers it may get, and what can be
// said of it when none comes. Pure: it neither sends nor reads a clock of its own.
#pragma once
#include "client/answer.h"
#include "messages/envelope.h"

namespace aeromq::client {

enum class Progress : std::uint8_t {
  submitted,  ///< nothing can have been executed
  pending,    ///< a confirmation is asked
  confirmed,  ///< the yes was handed to the socket: from here on only an answer says what happened
  abandoned,  ///< the no was handed to the socket
  queried,    ///< an audit query
};

struct OpenRequest {
  Progress progress = Progress::submitted;
  Submit command;  ///< empty for an audit query
  std::chrono::steady_clock::time_point deadline;
};

/// An answer's body, read strictly and held against what was asked. Error MALFORMED: not an answer
/// to this, so its outcome is unknown.
Result<Answer> read_answer(const OpenRequest& open, const RequestId& request, MessageType type,
                           ByteView body, std::chrono::steady_clock::time_point now);

/// Like read_answer, for an audit query.
Result<AuditReading> read_audit_answer(const RequestId& request, MessageType type, ByteView body);

/// True for a command that is asked about before it is done.
bool needs_confirmation(const Submit& command);

/// What is known of a request whose connection ended, or whose answer did not come in time. A
/// question that was open ended with the connection, unanswered: it is ABANDONED.
Error lost(Progress progress, const std::string& why);

Error malformed(const std::string& detail);

}  // namespace aeromq::client
