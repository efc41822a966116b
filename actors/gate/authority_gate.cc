#include "actors/gate/authority_gate.h"

#include "messages/text.h"

namespace aeromq {
namespace {

constexpr std::size_t kMaxCommand = 4096;   // what `command` and `query` fields carry
constexpr std::size_t kMaxConfirm = 16384;  // what AuthorisedConfirm carries

Step refuse(const Envelope& envelope, Error error, Authority authority, Bytes command = {}) {
  Refused refused{std::move(error), authority, std::move(command), {}, {}};
  return {{}, {}, {message(MessageType::refused_by_gate, envelope.request, refused)}};
}

Error bad(const char* field, std::string what) {
  return make_error(ErrorCode::invalid_input, std::move(what), field);
}

std::optional<Error> too_long(const Envelope& envelope, std::size_t most) {
  if (envelope.body.size() <= most) return std::nullopt;
  return bad("body", "at most " + std::to_string(most) + " octets");
}

Error no_authority(const Envelope& envelope, Authority authority) {
  return make_error(ErrorCode::no_authority,
                    envelope.principal + " is " + std::string(text_of(authority)));
}

std::optional<Error> check_query(const AuditQuery& query) {
  if (has_control_characters(query.principal))
    return bad("principal", "control characters are not allowed");
  if (has_control_characters(query.command))
    return bad("command", "control characters are not allowed");
  if (query.kind == AuditQueryKind::timeline && query.request.empty())
    return bad("request", "a timeline needs it");
  if (!query.request.empty()) {
    const auto request = RequestId::parse(query.request);
    if (!request) return bad("request", "not a request id: " + request.error().message);
  }
  const auto& stages = EnumNames<Stage>::value;
  if (!query.stage.empty() && std::ranges::find(stages, query.stage) == stages.end())
    return bad("stage", "not one of the stages of a record");
  return std::nullopt;
}

}  // namespace

std::span<const MessageType> AuthorityGate::accepts() {
  static constexpr std::array kTypes{MessageType::submit, MessageType::confirm,
                                     MessageType::audit_query};
  return kTypes;
}

AuthorityGate::AuthorityGate(std::span<const Grant> grants) { judge_by(grants); }

void AuthorityGate::judge_by(std::span<const Grant> grants) {
  authorities_.clear();
  for (const auto& grant : grants) {
    const auto [at, fresh] = authorities_.emplace(grant.principal, grant.authority);
    if (!fresh) at->second = Authority::none;
  }
}

Step AuthorityGate::on(const Envelope& envelope, const Moment&) {
  const auto authority = authority_of(envelope.principal);
  switch (envelope.type) {
    case MessageType::submit:
      return on_submit(envelope, authority);
    case MessageType::confirm:
      return on_confirm(envelope, authority);
    case MessageType::audit_query:
      return on_audit_query(envelope, authority);
    default:
      return refuse(envelope, make_error(ErrorCode::illegal_message), authority);
  }
}

Step AuthorityGate::on_tick(const Moment&) { return {}; }

Authority AuthorityGate::authority_of(const std::string& principal) const {
  const auto at = authorities_.find(principal);
  return at == authorities_.end() || principal.empty() ? Authority::none : at->second;
}

Step AuthorityGate::on_submit(const Envelope& envelope, Authority authority) const {
  if (auto error = too_long(envelope, kMaxCommand)) return refuse(envelope, *error, authority);
  const auto command = read_command(envelope.body, envelope.request);
  if (!command) return refuse(envelope, command.error(), authority, envelope.body);
  const auto& row = command->row();
  if (!may_submit(authority, row))
    return refuse(envelope, no_authority(envelope, authority), authority, envelope.body);
  Step step;
  if (row.confirmation == ConfirmationKind::never)
    step.send.push_back(message(envelope.request, Observe{authority, envelope.body}));
  else
    step.send.push_back(message(envelope.request, Survey{authority, envelope.body}));
  return step;
}

Step AuthorityGate::on_confirm(const Envelope& envelope, Authority authority) const {
  if (auto error = too_long(envelope, kMaxConfirm)) return refuse(envelope, *error, authority);
  const auto confirm = decode<Confirm>(envelope.body);
  if (!confirm) return refuse(envelope, confirm.error(), authority);
  if (authority != Authority::operator_)
    return refuse(envelope, no_authority(envelope, authority), authority);
  return {{}, {}, {message(envelope.request, AuthorisedConfirm{authority, envelope.body})}};
}

Step AuthorityGate::on_audit_query(const Envelope& envelope, Authority authority) const {
  if (auto error = too_long(envelope, kMaxCommand)) return refuse(envelope, *error, authority);
  const auto query = decode<AuditQuery>(envelope.body);
  if (!query) return refuse(envelope, query.error(), authority, envelope.body);
  if (auto error = check_query(*query)) return refuse(envelope, *error, authority, envelope.body);
  if (authority != Authority::auditor)
    return refuse(envelope, no_authority(envelope, authority), authority, envelope.body);
  return {{}, {}, {message(envelope.request, AuditRead{authority, envelope.body})}};
}

}  // namespace aeromq
