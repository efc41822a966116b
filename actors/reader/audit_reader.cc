#include "actors/reader/audit_reader.h"

namespace aeromq {
namespace {

constexpr std::array kAccepts{MessageType::audit_read};

Step refuse(const Envelope& envelope, const Error& error, const AuditRead& read) {
  Refused refused;
  refused.error = error;
  refused.authority = read.authority;
  refused.command = read.query;
  Step step;
  step.send.push_back(message(MessageType::refused_by_reader, envelope.request, refused));
  return step;
}

}  // namespace

std::span<const MessageType> AuditReader::accepts() { return kAccepts; }

Step AuditReader::on(const Envelope& envelope, const Moment&) {
  const auto read = decode<AuditRead>(envelope.body);
  if (!read) return refuse(envelope, read.error(), {});
  const auto query = decode<AuditQuery>(read->query);
  if (!query) return refuse(envelope, query.error(), *read);
  const auto page = answers_(*query);
  if (!page) return refuse(envelope, page.error(), *read);
  AuditAnswer answer;
  answer.authority = read->authority;
  answer.query = read->query;
  answer.answer = encode(*page);
  Step step;
  step.send.push_back(message(envelope.request, answer));
  return step;
}

}  // namespace aeromq
