#include "actors/writer/record_maker.h"

#include "messages/digest.h"

namespace aeromq {
namespace {

RecordOutcome record_outcome(Outcome outcome) {
  switch (outcome) {
    case Outcome::executed:
      return RecordOutcome::executed;
    case Outcome::not_executed:
      return RecordOutcome::not_executed;
    case Outcome::unknown:
      break;
  }
  return RecordOutcome::unknown;
}

/// The filters of a query in one line: they are what was read, so they belong to the record.
std::string filters(const AuditQuery& query) {
  std::string line;
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) line.append(line.empty() ? "" : " ").append(name).append("=").append(value);
  };
  add("principal", query.principal);
  add("command", query.command);
  add("stage", query.stage);
  add("from_seq", query.from_seq == 0 ? "" : std::to_string(query.from_seq));
  add("limit", query.limit == 0 ? "" : std::to_string(query.limit));
  return line;
}

void put_command(Record& record, ByteView command) {
  if (command.empty()) return;
  record.command_digest = to_hex(sha256(command).view());
  if (const auto submit = decode<Submit>(command)) {
    record.command = submit->command;
    record.node = submit->node;
    record.reason = submit->reason;
    record.about = submit->about;
    record.successor = submit->successor;
    if (const auto name = find_command(submit->command))
      record.confirmation = command_row(*name).confirmation;
  } else if (const auto query = decode<AuditQuery>(command)) {
    record.command = "audit_" + std::string(text_of(query->kind));
    record.about = query->request;
    record.reason = filters(*query);
  }
}

}  // namespace

Record RecordMaker::make(Stage stage, const Moment& now) {
  Record record;
  record.seq = next_seq_++;
  record.stage = stage;
  record.wall_ns = now.wall_ns;
  record.boot_ns = now.boot_ns;
  record.boot = boot_;
  return record;
}

Record RecordMaker::make(Stage stage, const Envelope& envelope, Authority authority,
                         ByteView command, const Moment& now) {
  auto record = make(stage, now);
  if (!envelope.request.empty()) record.request = envelope.request.text();
  record.principal = envelope.principal;
  record.authority = authority;
  put_command(record, command);
  return record;
}

void put_error(Record& record, const Error& error) {
  constexpr std::size_t kMaxInvariants = 16;  // Record::error_invariants
  record.outcome = record_outcome(error.outcome);
  record.error_domain = text_of(error.domain);
  record.error_code = error.code;
  record.error_message = error.message;
  record.error_field = error.field;
  record.error_invariants = error.invariants;
  if (record.error_invariants.size() > kMaxInvariants)
    record.error_invariants.resize(kMaxInvariants);
}

void put_answer(Record& record, const ActAnswer& answer) {
  record.kernel_code = answer.code;
  record.kernel_text = answer.text;
  record.effects = answer.effects;
  record.snapshot = answer.snapshot;
}

}  // namespace aeromq
