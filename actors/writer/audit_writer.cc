#include "actors/writer/audit_writer.h"

#include <utility>

#include "messages/digest.h"
#include "messages/text.h"

namespace aeromq {
namespace {

std::string hex_of(const Digest& digest) {
  return digest.empty() ? std::string{} : to_hex(digest.view());
}

Envelope error_answer(const RequestId& request, const Error& error, std::uint64_t record) {
  return message(request, ErrorAnswer{error, record});
}

/// One record with an error in it, and that error told.
Step told(const RequestId& request, Record record, const Error& error) {
  put_error(record, error);
  const auto seq = record.seq;
  return {{std::move(record)}, {}, {error_answer(request, error, seq)}};
}

/// A body inside a body that its maker had to refuse: with our words around it, it may not fit.
Error too_large() { return make_error(ErrorCode::malformed, "exceeds one message"); }

bool is_kernel_action(ByteView command) {
  const auto submit = decode<Submit>(command);
  const auto name = submit ? find_command(submit->command) : std::nullopt;
  return !name || command_row(*name).kernel_action();
}

/// What the operator is told of an act that did not execute; the row of its record.
struct Verdictless {
  Stage stage;
  std::string failure;
  Error error;
};

Verdictless not_executed(const Acted& acted) {
  const auto& answer = acted.answer;
  if (acted.lost) return {Stage::failed, "kernel lost", make_error(ErrorCode::kernel_lost)};
  if (answer.status == ActStatus::duplicate) {
    const auto first = answer.first_executed ? std::string("the first one was executed")
                                             : "the first one was rejected: " + answer.code;
    return {Stage::refused, "duplicate", make_error(ErrorCode::duplicate_request, first)};
  }
  // `refused` left no ledger row: recorded as failed and told as the end of its session, never as
  // rejected, so that `outcome` ("not executed, final") says the same.
  if (answer.status == ActStatus::refused)
    return {Stage::failed, "kernel refused",
            make_error(ErrorCode::session_ended, answer.code + ": " + answer.text)};
  return {Stage::rejected, "", kernel_rejection(answer.code, answer.text, answer.invariants)};
}

/// What may be claimed about a request when a message about it could not be read.
Outcome outcome_when_unreadable(MessageType type) {
  switch (type) {
    case MessageType::acted:
    case MessageType::report:
    case MessageType::refused_by_dispatcher:
    case MessageType::refused_by_keeper:
      return Outcome::unknown;
    default:
      return Outcome::not_executed;
  }
}

}  // namespace

std::span<const MessageType> AuditWriter::accepts() {
  using enum MessageType;
  static constexpr std::array kTypes{observed,
                                     asked,
                                     confirmed,
                                     acted,
                                     ended,
                                     refused_by_gate,
                                     audit_answer,
                                     refused_by_dispatcher,
                                     report,
                                     refused_by_explainer,
                                     refused_by_keeper,
                                     refused_by_reader};
  return kTypes;
}

Step AuditWriter::on(const Envelope& envelope, const Moment& now) {
  if (look_) {
    if (auto away = turn_away(envelope, look_())) {
      ++turned_away_;
      return std::move(*away);
    }
  }
  switch (envelope.type) {
    case MessageType::observed:
      return on_observed(envelope, now);
    case MessageType::asked:
      return on_asked(envelope, now);
    case MessageType::confirmed:
      return on_confirmed(envelope, now);
    case MessageType::acted:
      return on_acted(envelope, now);
    case MessageType::refused_by_gate:
    case MessageType::refused_by_dispatcher:
    case MessageType::refused_by_explainer:
    case MessageType::refused_by_keeper:
    case MessageType::refused_by_reader:
      return on_refused(envelope, now);
    case MessageType::ended:
      return on_ended(envelope, now);
    case MessageType::audit_answer:
      return on_audit_answer(envelope, now);
    case MessageType::report:
      return on_report(envelope, now);
    default:
      return unreadable(envelope, make_error(ErrorCode::illegal_message), now);
  }
}

Step AuditWriter::on_tick(const Moment& now) {
  Step step;
  if (auto clock = clock_record(now)) step.records.push_back(std::move(*clock));
  if (turned_away_ > 0 && look_().room == Room::enough) step.records.push_back(room_record(now));
  return step;
}

Step AuditWriter::begin(const Moment& now, std::uint64_t log_wall_ns) {
  Step step{{maker_.make(Stage::run_begins, now)}, {}, {}};
  wall_ns_ = log_wall_ns;
  if (auto clock = clock_record(now)) step.records.push_back(std::move(*clock));
  return step;
}

Step AuditWriter::end(const Moment& now) {
  Step step;
  if (turned_away_ > 0) step.records.push_back(room_record(now));
  step.records.push_back(maker_.make(Stage::run_ends, now));
  return step;
}

// Times order nothing here, but a person who reads them must be told where they went back.
std::optional<Record> AuditWriter::clock_record(const Moment& now) {
  const auto before = std::exchange(wall_ns_, now.wall_ns);
  constexpr std::uint64_t kToleranceNs = 1000 * kNanosPerMs;
  if (before <= now.wall_ns || before - now.wall_ns < kToleranceNs) return std::nullopt;
  auto record = maker_.make(Stage::control_plane, now);
  record.failure = "clock went back";
  record.error_message = "the wall clock is " +
                         std::to_string((before - now.wall_ns) / kNanosPerMs) +
                         " ms behind where it was";
  return record;
}

Record AuditWriter::room_record(const Moment& now) {
  const auto many = std::exchange(turned_away_, 0);
  auto record = maker_.make(Stage::control_plane, now);
  record.failure = "disk full";
  put_error(record, make_error(ErrorCode::audit_unavailable,
                               "the disk of " + std::string(look_().disk) + " was full: " +
                                   std::to_string(many) + " messages were turned away unrecorded"));
  return record;
}

Step AuditWriter::on_observed(const Envelope& envelope, const Moment& now) {
  const auto observed = decode<Observed>(envelope.body);
  if (!observed) return unreadable(envelope, observed.error(), now);
  if (observed->view.size() > kMaxNested) return unreadable(envelope, too_large(), now);
  const auto& command = observed->command;
  auto requested = maker_.make(Stage::requested, envelope, observed->authority, command, now);
  auto answered = maker_.make(Stage::answered, envelope, observed->authority, command, now);
  answered.snapshot = observed->snapshot;
  answered.fencing_epoch = observed->fencing_epoch;
  answered.snapshot_summary = observed->summary;
  answered.cause = requested.seq;
  const RequestResult result{answered.command, answered.seq, false, {}, observed->view};
  return {{std::move(requested), std::move(answered)}, {}, {message(envelope.request, result)}};
}

Step AuditWriter::on_asked(const Envelope& envelope, const Moment& now) {
  const auto asked = decode<Asked>(envelope.body);
  if (!asked) return unreadable(envelope, asked.error(), now);
  if (asked->explanation.size() > kMaxNested) return unreadable(envelope, too_large(), now);
  const auto explanation = decode<Explanation>(asked->explanation);
  if (!explanation) return unreadable(envelope, explanation.error(), now);
  const auto& command = asked->command;
  auto requested = maker_.make(Stage::requested, envelope, asked->authority, command, now);
  auto record = maker_.make(Stage::confirmation_asked, envelope, asked->authority, command, now);
  record.confirmation = explanation->confirmation;
  record.token_digest = hex_of(sha256(asked->token.view()));
  record.explanation_digest = hex_of(sha256(asked->explanation));
  record.snapshot = explanation->snapshot;
  record.fencing_epoch = explanation->fencing_epoch;
  record.snapshot_summary = asked->summary;
  record.cause = requested.seq;
  const ConfirmationAsked answer{
      asked->token, explanation->confirmation, asked->expires_in_ms,          asked->explanation,
      record.seq,   asked->sentence,           asked->responsibility_sentence};
  return {{std::move(requested), std::move(record)}, {}, {message(envelope.request, answer)}};
}

Step AuditWriter::on_confirmed(const Envelope& envelope, const Moment& now) {
  const auto body = decode<Confirmed>(envelope.body);
  if (!body) return unreadable(envelope, body.error(), now);
  // What can't be attributed does not execute (B5): no licence without who, what and which yes.
  const auto command = read_command(body->command, envelope.request);
  const bool attributable = command && !envelope.principal.empty() &&
                            body->authority == Authority::operator_ &&
                            body->confirmation != ConfirmationKind::never &&
                            body->confirmation == command->row().confirmation &&
                            !body->token_digest.empty() && !body->explanation_digest.empty();
  if (!attributable)
    return unreadable(envelope, make_error(ErrorCode::malformed, "not attributable"), now);
  auto confirmed = maker_.make(Stage::confirmed, envelope, body->authority, body->command, now);
  confirmed.token_digest = hex_of(body->token_digest);
  confirmed.explanation_digest = hex_of(body->explanation_digest);
  confirmed.acknowledged = body->acknowledged;
  confirmed.responsibility = body->responsibility;
  confirmed.snapshot = body->snapshot;
  confirmed.fencing_epoch = body->fencing_epoch;
  auto dispatched = maker_.make(Stage::dispatched, envelope, body->authority, body->command, now);
  dispatched.explanation_digest = confirmed.explanation_digest;
  dispatched.acknowledged = body->acknowledged;
  dispatched.snapshot = body->snapshot;
  dispatched.fencing_epoch = body->fencing_epoch;
  dispatched.cause = confirmed.seq;
  const Dispatch dispatch{body->authority,     body->command,      body->explanation_digest,
                          body->fencing_epoch, body->acknowledged, dispatched.seq};
  return {{std::move(confirmed), std::move(dispatched)}, {}, {message(envelope.request, dispatch)}};
}

Step AuditWriter::on_acted(const Envelope& envelope, const Moment& now) {
  const auto acted = decode<Acted>(envelope.body);
  if (!acted) return unreadable(envelope, acted.error(), now);
  return is_kernel_action(acted->command) ? kernel_acted(envelope, *acted, now)
                                          : diagnosed(envelope, *acted, now);
}

Record AuditWriter::acted_record(const Envelope& envelope, const Acted& acted, const Moment& now) {
  const bool executed = !acted.lost && acted.answer.status == ActStatus::executed;
  const auto other = executed ? Verdictless{Stage::executed, "", {}} : not_executed(acted);
  auto record = maker_.make(other.stage, envelope, acted.authority, acted.command, now);
  record.cause = acted.cause;
  record.failure = other.failure;
  if (!acted.lost) put_answer(record, acted.answer);
  if (executed) {
    record.outcome = RecordOutcome::executed;
    return record;
  }
  // Only an execution has effects; a repeat must not read as one.
  record.effects.clear();
  put_error(record, other.error);
  return record;
}

Step AuditWriter::kernel_acted(const Envelope& envelope, const Acted& acted, const Moment& now) {
  auto record = acted_record(envelope, acted, now);
  if (acted.lost || acted.answer.status != ActStatus::executed)
    return told(envelope.request, std::move(record), not_executed(acted).error);
  const RequestResult result{record.command, record.seq, true, acted.answer, {}};
  return {{std::move(record)}, {}, {message(envelope.request, result)}};
}

Step AuditWriter::diagnosed(const Envelope& envelope, const Acted& acted, const Moment& now) {
  const auto view =
      acted.view.size() > kMaxNested ? Result<View>(fail(too_large())) : decode<View>(acted.view);
  if (acted.lost || !view) {
    // Diagnostics only read, so whatever was lost, nothing was executed.
    const auto error =
        acted.lost
            ? make_error(ErrorCode::kernel_unavailable, "the connection to it ended")
            : make_error(ErrorCode::malformed, "no view of one snapshot", Outcome::not_executed);
    auto record = maker_.make(Stage::failed, envelope, acted.authority, acted.command, now);
    record.failure = acted.lost ? "kernel lost" : "malformed";
    record.cause = acted.cause;
    return told(envelope.request, std::move(record), error);
  }
  auto record = maker_.make(Stage::answered, envelope, acted.authority, acted.command, now);
  record.cause = acted.cause;
  record.snapshot = view->snapshot;
  record.fencing_epoch = view->fencing_epoch;
  const RequestResult result{record.command, record.seq, false, {}, acted.view};
  return {{std::move(record)}, {}, {message(envelope.request, result)}};
}

Step AuditWriter::on_refused(const Envelope& envelope, const Moment& now) {
  const auto refused = decode<Refused>(envelope.body);
  if (!refused) return unreadable(envelope, refused.error(), now);
  auto record = maker_.make(Stage::refused, envelope, refused->authority, refused->command, now);
  record.token_digest = hex_of(refused->token_digest);
  record.explanation_digest = hex_of(refused->explanation_digest);
  record.failure = "refused by " + std::string(text_of(find_route(envelope.type)->sender));
  if (refused->error.domain == Domain::kernel_rejection) {
    record.kernel_code = refused->error.code;
    record.kernel_text = cut(refused->error.message, 1024);
  }
  return told(envelope.request, std::move(record), refused->error);
}

Step AuditWriter::on_ended(const Envelope& envelope, const Moment& now) {
  const auto ended = decode<Ended>(envelope.body);
  if (!ended) return unreadable(envelope, ended.error(), now);
  auto record =
      maker_.make(Stage::confirmation_ended, envelope, ended->authority, ended->command, now);
  record.token_digest = hex_of(ended->token_digest);
  record.explanation_digest = hex_of(ended->explanation_digest);
  record.failure = text_of(ended->why);
  const auto error =
      ended->why == EndReason::expired
          ? make_error(ErrorCode::confirmation_expired)
          : make_error(ErrorCode::abandoned,
                       ended->why == EndReason::abandoned ? "" : std::string(text_of(ended->why)));
  return told(envelope.request, std::move(record), error);
}

Step AuditWriter::on_audit_answer(const Envelope& envelope, const Moment& now) {
  const auto answer = decode<AuditAnswer>(envelope.body);
  if (!answer) return unreadable(envelope, answer.error(), now);
  if (answer->answer.size() > kMaxNested) return unreadable(envelope, too_large(), now);
  auto record = maker_.make(Stage::audit_read, envelope, answer->authority, answer->query, now);
  const AuditResult result{record.seq, answer->answer};
  return {{std::move(record)}, {}, {message(envelope.request, result)}};
}

Step AuditWriter::on_report(const Envelope& envelope, const Moment& now) {
  const auto report = decode<Report>(envelope.body);
  if (!report) return unreadable(envelope, report.error(), now);
  Step step;
  const auto stage = envelope.request.empty() ? Stage::control_plane
                     : report->refusal        ? Stage::refused
                                              : Stage::failed;
  if (!report->counted.empty()) return counted_refusals(envelope, *report, now);
  auto late = report->late.empty() ? Result<Acted>(fail({})) : decode<Acted>(report->late);
  if (late && !is_kernel_action(late->command)) late = fail({});  // a view that nobody waits for
  auto record = late ? acted_record(envelope, *late, now)
                     : maker_.make(stage, envelope, Authority::none, report->command, now);
  if (!late) put_error(record, report->error);
  if (record.failure.empty() || !late) record.failure = report->failure;
  record.lost = report->lost;
  // The broker knows who waits, and tells them once it knows that this is durable.
  step.send.push_back(message(envelope.request, Reported{report->nonce, record.seq}));
  step.records.push_back(std::move(record));
  return step;
}

Step AuditWriter::counted_refusals(const Envelope& envelope, const Report& report,
                                   const Moment& now) {
  auto record = maker_.make(Stage::refusals_counted, envelope, Authority::none, {}, now);
  put_error(record, report.error);
  record.failure = report.failure;
  record.counted = report.counted;
  const auto seq = record.seq;
  return {{std::move(record)}, {}, {message(envelope.request, Reported{report.nonce, seq})}};
}

Step AuditWriter::unreadable(const Envelope& envelope, const Error& fault, const Moment& now) {
  const auto outcome = outcome_when_unreadable(envelope.type);
  auto detail = std::string(name_of(envelope.type));
  if (!fault.field.empty()) detail += ", field " + fault.field;
  auto record = maker_.make(Stage::control_plane, envelope, Authority::none, {}, now);
  record.failure = "malformed";
  auto step = told(envelope.request, std::move(record),
                   make_error(ErrorCode::malformed, std::move(detail), outcome));
  // Nobody is known to wait behind a report that can't be read.
  if (envelope.type == MessageType::report) step.send.clear();
  return step;
}

}  // namespace aeromq
