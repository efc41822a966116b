#include "messages/error.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace aeromq {
namespace {

using enum Domain;
using enum Outcome;

// A code about a *repeat* never says "not executed": the first one may be executing (E1).
constexpr std::array kTable{
    ErrorRow{ErrorCode::invalid_input, "INVALID_INPUT", operator_input, not_executed, 2,
             "invalid input", "P7-F1"},
    ErrorRow{ErrorCode::unknown_command, "UNKNOWN_COMMAND", operator_input, not_executed, 2,
             "not one of the ten commands", "P7-S3"},
    ErrorRow{ErrorCode::no_authority, "NO_AUTHORITY", validation, not_executed, 10,
             "the authority of this principal does not allow this", "P7-A1,P7-A2"},
    ErrorRow{ErrorCode::duplicate_request, "DUPLICATE_REQUEST", validation, unknown, 12,
             "this request id was seen before; the first one stands, ask for its outcome", "P7-F3"},
    ErrorRow{ErrorCode::unknown_session, "UNKNOWN_SESSION", validation, unknown, 10,
             "this session does not belong to this connection; ask for the outcome", "P7-F1,P7-F3"},
    ErrorRow{ErrorCode::session_ended, "SESSION_ENDED", validation, not_executed, 10,
             "the dispatcher epoch that this session names has ended; renew the session",
             "P7-F1,P7-F2"},
    ErrorRow{ErrorCode::lease_too_short, "LEASE_TOO_SHORT", validation, not_executed, 10,
             "the session's lease ends before a confirmation could; renew the session", "P7-F1"},
    ErrorRow{ErrorCode::busy, "BUSY", validation, not_executed, 10, "too many requests", "P7-F1"},
    ErrorRow{ErrorCode::not_pending, "NOT_PENDING", validation, unknown, 10,
             "no confirmation is pending for this request; ask for its outcome", "P7-F1,P7-F3"},
    ErrorRow{ErrorCode::token_spent, "TOKEN_SPENT", validation, unknown, 10,
             "the confirmation of this request was already given; ask for its outcome", "P7-F3"},
    ErrorRow{ErrorCode::confirmation_mismatch, "CONFIRMATION_MISMATCH", validation, not_executed,
             10, "the confirmation does not match what was asked", "P7-A2,P7-F1"},
    ErrorRow{ErrorCode::acknowledgement_missing, "ACKNOWLEDGEMENT_MISSING", validation,
             not_executed, 10, "every listed risk must be acknowledged by its id, and no other",
             "P7-A2"},
    ErrorRow{ErrorCode::responsibility_not_accepted, "RESPONSIBILITY_NOT_ACCEPTED", validation,
             not_executed, 10,
             "an override needs the sentence of responsibility that was given with it", "P7-A2"},
    ErrorRow{ErrorCode::confirmation_expired, "CONFIRMATION_EXPIRED", validation, not_executed, 11,
             "the confirmation ran out", "P7-A2,P7-F1"},
    ErrorRow{ErrorCode::abandoned, "ABANDONED", validation, not_executed, 11,
             "the request was abandoned before it was confirmed", "P7-A2"},
    ErrorRow{ErrorCode::illegal_message, "ILLEGAL_MESSAGE", validation, unknown, 10,
             "this message has no legal route", "P7-F1,P7-S3"},
    ErrorRow{ErrorCode::audit_unavailable, "AUDIT_UNAVAILABLE", validation, not_executed, 10,
             "the audit log cannot be written, so nothing is accepted", "P7-O3,P7-F1"},
    ErrorRow{ErrorCode::name_taken, "NAME_TAKEN", validation, not_executed, 10,
             "an actor of this role is alive", "P7-F1"},
    ErrorRow{ErrorCode::version_not_supported, "VERSION_NOT_SUPPORTED", validation, not_executed,
             10, "this protocol version is not supported", "P7-F1"},
    ErrorRow{ErrorCode::mixed_view, "MIXED_VIEW", validation, not_executed, 10,
             "a view from more than one kernel snapshot is not shown", "P7-D1"},
    ErrorRow{ErrorCode::seal_invalid, "SEAL_INVALID", validation, not_executed, 10,
             "a stage's seal does not hold", "P7-F1"},
    ErrorRow{ErrorCode::audit_unreadable, "AUDIT_UNREADABLE", validation, not_executed, 10,
             "the audit log cannot be read", "P7-O3"},
    ErrorRow{ErrorCode::kernel_rejected, "KERNEL_REJECTED", kernel_rejection, not_executed, 20,
             "rejected by the kernel", "P7-E3"},
    ErrorRow{ErrorCode::actor_unavailable, "ACTOR_UNAVAILABLE", transport, not_executed, 31,
             "a process that this request needs is not there", "P7-F1,P7-F2"},
    ErrorRow{ErrorCode::stage_lost, "STAGE_LOST", transport, not_executed, 31,
             "the process that held this request was lost before dispatch", "P7-F2"},
    ErrorRow{ErrorCode::dispatch_lost, "DISPATCH_LOST", transport, unknown, 30,
             "the dispatcher was lost while it held this request; ask for the outcome", "P7-F2"},
    ErrorRow{ErrorCode::kernel_lost, "KERNEL_LOST", transport, unknown, 30,
             "the kernel was lost while it handled this request; ask for the outcome",
             "P7-F2,P6-F2"},
    ErrorRow{ErrorCode::kernel_unavailable, "KERNEL_UNAVAILABLE", transport, not_executed, 31,
             "the kernel cannot be reached", "P7-F2"},
    ErrorRow{ErrorCode::audit_lost, "AUDIT_LOST", transport, unknown, 30,
             "the audit writer was lost while it held this request; ask for the outcome",
             "P7-O3,P7-F2"},
    ErrorRow{ErrorCode::not_reached, "NOT_REACHED", transport, not_executed, 31,
             "no answer from the control plane; nothing was confirmed", "P7-F2"},
    ErrorRow{ErrorCode::answer_lost, "ANSWER_LOST", transport, unknown, 30,
             "no answer came; ask for the outcome, never send again", "P7-F2,P7-F3"},
    ErrorRow{ErrorCode::malformed, "MALFORMED", transport, unknown, 30,
             "a message could not be read", "P7-F1"},
};

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> parts;
  while (!list.empty()) {
    const auto comma = list.find(',');
    parts.emplace_back(list.substr(0, comma));
    list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
  }
  return parts;
}

}  // namespace

std::span<const ErrorRow> error_table() { return kTable; }

const ErrorRow& error_row(ErrorCode code) {
  const auto row = std::ranges::find(kTable, code, &ErrorRow::number);
  if (row == kTable.end()) std::abort();
  return *row;
}

const ErrorRow* find_error_row(std::string_view code) {
  const auto row = std::ranges::find(kTable, code, &ErrorRow::code);
  return row == kTable.end() ? nullptr : &*row;
}

Error make_error(ErrorCode code, std::string detail, std::string field) {
  const auto& row = error_row(code);
  std::string message(row.sentence);
  if (detail.starts_with(row.sentence))
    message = std::move(detail);
  else if (!detail.empty())
    message += ": " + detail;
  return {row.domain,       std::string(row.code), std::move(message),
          std::move(field), split(row.invariants), row.outcome};
}

Error make_error(ErrorCode code, std::string detail, Outcome outcome) {
  auto error = make_error(code, std::move(detail));
  error.outcome = outcome;
  return error;
}

std::string detail_of(const Error& error) {
  const auto* row = find_error_row(error.code);
  if (row == nullptr) return error.message;
  const auto words = std::string(row->sentence) + ": ";
  return error.message.starts_with(words) ? error.message.substr(words.size()) : error.message;
}

Error kernel_rejection(std::string code, std::string text, std::vector<std::string> invariants) {
  return {Domain::kernel_rejection, std::move(code),      std::move(text), {},
          std::move(invariants),    Outcome::not_executed};
}

int exit_code(const Error& error) {
  constexpr int kRejected = 20;
  constexpr int kUnknown = 30;
  constexpr int kNotReached = 31;
  if (error.domain == Domain::kernel_rejection) return kRejected;
  const auto* row = find_error_row(error.code);
  if (row == nullptr) return 1;
  // The outcome told is what a script acts on: it never reads as "not executed" if it may have
  // been.
  if (error.outcome != Outcome::not_executed && row->outcome == Outcome::not_executed)
    return kUnknown;
  if (error.outcome == Outcome::not_executed && row->exit_code == kUnknown) return kNotReached;
  return row->exit_code;
}

}  // namespace aeromq
