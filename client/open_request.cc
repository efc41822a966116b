#include "client/open_request.h"

#include "messages/digest.h"

namespace aeromq::client {
namespace {

template <class T>
Result<T> read(ByteView body, const char* what) {
  auto read = decode<T>(body);
  if (!read) return fail(malformed(std::string(what) + ": " + read.error().message));
  return read;
}

Result<Answer> read_pending(const OpenRequest& open, const RequestId& request, ByteView body,
                            std::chrono::steady_clock::time_point now) {
  if (open.progress != Progress::submitted || !needs_confirmation(open.command))
    return fail(malformed("a confirmation was asked out of turn"));
  auto asked = read<ConfirmationAsked>(body, "confirmation_asked");
  if (!asked) return fail(asked.error());
  auto explanation = read<Explanation>(asked->explanation, "explanation");
  if (!explanation) return fail(explanation.error());
  // What is shown must be what was asked for: a person confirms what they read.
  const auto kind = command_row(*find_command(open.command.command)).confirmation;
  if (explanation->command != open.command.command || explanation->node != open.command.node ||
      explanation->successor != open.command.successor)
    return fail(malformed("the explanation is of another command"));
  if (asked->confirmation != kind || explanation->confirmation != kind)
    return fail(malformed("the explanation is for another kind of confirmation"));
  if (asked->token.empty()) return fail(malformed("confirmation_asked: no token"));
  if (asked->sentence.empty() ||
      asked->responsibility_sentence.empty() != (kind != ConfirmationKind::enhanced))
    return fail(malformed("confirmation_asked: no sentence to give back"));
  const auto digest = sha256(asked->explanation);
  return Pending{request, std::move(*asked), std::move(*explanation), digest, now};
}

Result<Answer> read_result(const OpenRequest& open, ByteView body) {
  auto result = read<RequestResult>(body, "result");
  if (!result) return fail(result.error());
  const auto name = find_command(open.command.command);
  const bool acts = name && command_row(*name).kernel_action();
  const auto expected =
      needs_confirmation(open.command) ? Progress::confirmed : Progress::submitted;
  if (open.progress != expected) return fail(malformed("a result came out of turn"));
  if (result->command != open.command.command)
    return fail(malformed("the result is of another command"));
  if (result->executed != acts) return fail(malformed("the result does not fit the command"));
  if (acts) {
    if (result->answer.status != ActStatus::executed)
      return fail(malformed("the result says executed, the kernel's answer does not"));
    return Executed{std::move(result->command), std::move(result->answer), result->record};
  }
  auto view = read<View>(result->view, "view");
  if (!view) return fail(view.error());
  return ViewAnswer{std::move(*view), result->record};
}

}  // namespace

bool needs_confirmation(const Submit& command) {
  const auto name = find_command(command.command);
  return name && command_row(*name).confirmation != ConfirmationKind::never;
}

Error malformed(const std::string& detail) { return make_error(ErrorCode::malformed, detail); }

Error lost(Progress progress, const std::string& why) {
  // Before the yes left nothing can have been executed; after it only the kernel can tell.
  if (progress == Progress::pending)
    return make_error(ErrorCode::abandoned, "while the question was open, " + why);
  return make_error(
      progress == Progress::confirmed ? ErrorCode::answer_lost : ErrorCode::not_reached, why);
}

Result<Answer> read_answer(const OpenRequest& open, const RequestId& request, MessageType type,
                           ByteView body, std::chrono::steady_clock::time_point now) {
  switch (type) {
    case MessageType::error:
    case MessageType::broker_error: {
      auto error = read<ErrorAnswer>(body, "error");
      if (!error) return fail(error.error());
      return Failure{std::move(error->error), error->record};
    }
    case MessageType::confirmation_asked:
      return read_pending(open, request, body, now);
    case MessageType::result:
      return read_result(open, body);
    default:
      return fail(malformed("not an answer to a command: " + std::string(name_of(type))));
  }
}

Result<AuditReading> read_audit_answer(const RequestId& request, MessageType type, ByteView body) {
  if (type == MessageType::error || type == MessageType::broker_error) {
    auto error = read<ErrorAnswer>(body, "error");
    return fail(error ? std::move(error->error) : error.error());
  }
  if (type != MessageType::audit_result)
    return fail(malformed("not an answer to an audit query: " + std::string(name_of(type))));
  auto result = read<AuditResult>(body, "audit_result");
  if (!result) return fail(result.error());
  auto page = read<AuditPage>(result->answer, "audit page");
  if (!page) return fail(page.error());
  return AuditReading{request, std::move(*page), result->record};
}

}  // namespace aeromq::client
