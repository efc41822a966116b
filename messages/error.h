// The closed error table: four domains, stable codes, invariants, exit code (requirements H1-H4).
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "messages/fields.h"

namespace aeromq {

enum class Domain : std::uint8_t { operator_input, validation, kernel_rejection, transport };
template <>
struct EnumNames<Domain> {
  static constexpr std::array<std::string_view, 4> value{"OperatorInput", "Validation",
                                                         "KernelRejection", "Transport"};
};

/// What is known about the effect of the request that an error or a result speaks of.
enum class Outcome : std::uint8_t { not_executed, executed, unknown };
template <>
struct EnumNames<Outcome> {
  static constexpr std::array<std::string_view, 3> value{"not executed", "executed", "unknown"};
};

/// One error as it is told, recorded and sent. `code` is a name of the table, or the kernel's own
/// code verbatim when the domain is KernelRejection (D3).
struct Error {
  Domain domain = Domain::transport;
  std::string code;
  std::string message;
  std::string field;                    ///< the input field at fault; empty if none (H4)
  std::vector<std::string> invariants;  ///< ids such as "P7-F1"
  Outcome outcome = Outcome::unknown;
  static constexpr auto fields() {
    return std::tuple{Field{"domain", &Error::domain},         Field{"code", &Error::code, 64},
                      Field{"message", &Error::message, 2048}, Field{"field", &Error::field, 128},
                      Field{"invariants", &Error::invariants}, Field{"outcome", &Error::outcome}};
  }
  friend bool operator==(const Error&, const Error&) = default;
};

/// Numbers are stable and never reused; docs/protocol.md lists the same table (a test compares).
enum class ErrorCode : std::uint8_t {
  invalid_input = 1,
  unknown_command = 2,
  no_authority = 10,
  duplicate_request = 11,
  unknown_session = 12,
  session_ended = 13,
  lease_too_short = 14,
  busy = 15,
  not_pending = 16,
  token_spent = 17,
  confirmation_mismatch = 18,
  acknowledgement_missing = 19,
  responsibility_not_accepted = 20,
  confirmation_expired = 21,
  abandoned = 22,
  illegal_message = 23,
  audit_unavailable = 24,
  name_taken = 25,
  version_not_supported = 26,
  mixed_view = 27,
  seal_invalid = 28,
  audit_unreadable = 29,
  kernel_rejected = 40,
  actor_unavailable = 60,
  stage_lost = 61,
  dispatch_lost = 62,
  kernel_lost = 63,
  kernel_unavailable = 64,
  audit_lost = 65,
  not_reached = 66,
  answer_lost = 67,
  malformed = 68,
};

struct ErrorRow {
  ErrorCode number;
  std::string_view code;
  Domain domain;
  Outcome outcome;  ///< what the code says when its maker does not say otherwise
  int exit_code;    ///< of aeromq-ctl
  std::string_view sentence;
  std::string_view invariants;  ///< comma-separated
};

/// The whole table, in number order.
std::span<const ErrorRow> error_table();

/// The row of `code`. Every ErrorCode has one.
const ErrorRow& error_row(ErrorCode code);

/// The row whose text code is `code`, or nullptr (a kernel's own code).
const ErrorRow* find_error_row(std::string_view code);

/// The table's sentence, then ": detail" if there is a detail. A detail that begins with that
/// sentence, the message of an error of the same code, is told once. Same arguments, same bytes
/// (H3).
Error make_error(ErrorCode code, std::string detail = {}, std::string field = {});

/// The same with another outcome than the row's.
Error make_error(ErrorCode code, std::string detail, Outcome outcome);

/// The detail alone, for a place that has words of its own around it. The whole message if there is
/// none, or if make_error did not make it.
std::string detail_of(const Error& error);

/// A kernel's rejection, its code and words verbatim (D3).
Error kernel_rejection(std::string code, std::string text, std::vector<std::string> invariants);

/// aeromq-ctl's exit code for an error: the row's; 20 for a kernel's own code. Where the outcome
/// told is not the row's, the outcome decides: 30 if it may have executed, 31 if it has not.
int exit_code(const Error& error);

}  // namespace aeromq
