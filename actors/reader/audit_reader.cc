#include "actors/reader/audit_reader.h"

#include <utility>

namespace aeromq {
namespace {

constexpr std::array kAccepts{MessageType::audit_read};

Step refuse(const RequestId& request, const Error& error, const AuditRead& read) {
  Refused refused;
  refused.error = error;
  refused.authority = read.authority;
  refused.command = read.query;
  Step step;
  step.send.push_back(message(MessageType::refused_by_reader, request, refused));
  return step;
}

Step answer(const RequestId& request, const AuditPage& page, const AuditRead& read) {
  AuditAnswer answer;
  answer.authority = read.authority;
  answer.query = read.query;
  answer.answer = encode(page);
  Step step;
  step.send.push_back(message(request, answer));
  return step;
}

AuditReader::Desk at_once(AuditReader::Answers answers) {
  auto ready = std::make_shared<std::vector<AuditReader::Answered>>();
  return {[answers = std::move(answers), ready](const RequestId& request, const AuditQuery& query) {
            ready->push_back({request, answers(query)});
            return true;
          },
          [ready] { return std::exchange(*ready, {}); }};
}

}  // namespace

AuditReader::AuditReader(Answers answers) : AuditReader(at_once(std::move(answers))) {}

std::span<const MessageType> AuditReader::accepts() { return kAccepts; }

Step AuditReader::on(const Envelope& envelope, const Moment&) {
  const auto& request = envelope.request;
  const auto read = decode<AuditRead>(envelope.body);
  if (!read) return refuse(request, read.error(), {});
  const auto query = decode<AuditQuery>(read->query);
  if (!query) return refuse(request, query.error(), *read);
  if (!desk_.ask(request, *query)) return refuse(request, make_error(ErrorCode::busy), *read);
  open_[request] = *read;
  return collect();
}

Step AuditReader::on_tick(const Moment&) { return collect(); }

Step AuditReader::collect() {
  Step step;
  for (auto& [request, page] : desk_.answered()) {
    const auto at = open_.find(request);
    if (at == open_.end()) continue;
    append(step,
           page ? answer(request, *page, at->second) : refuse(request, page.error(), at->second));
    open_.erase(at);
  }
  return step;
}

}  // namespace aeromq
