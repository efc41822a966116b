// Every body that a client may send: the strict decoder, the structure check, the authority gate.
#include "actors/gate/authority_gate.h"
#include "tests/fuzz/bodies.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/input.h"

namespace aeromq::fuzz {
namespace {

constexpr std::array kTypes{
    MessageType::submit, MessageType::confirm, MessageType::audit_query, MessageType::abandon,
    MessageType::hello,  MessageType::renew,   MessageType::status_query};
constexpr std::array<const char*, 5> kPrincipals{"alice", "otto", "ada", "mallory", ""};

const AuthorityGate& gate() {
  static const std::vector<Grant> grants{{"alice", Authority::operator_},
                                         {"otto", Authority::observer},
                                         {"ada", Authority::auditor},
                                         {"mallory", Authority::none}};
  static const AuthorityGate made(grants);
  return made;
}

RequestId request_of(bool kernel_action) {
  RequestId request;
  request.session.epoch = 1;
  request.session.number = 1;
  request.counter = 7;
  request.kernel_action = kernel_action;
  return request;
}

/// What the gate lets through carries the client's own octets, and was allowed.
void check_passed(const Envelope& asked, const Envelope& sent) {
  Bytes carried;
  if (sent.type == MessageType::observe) carried = decode<Observe>(sent.body)->command;
  if (sent.type == MessageType::survey) carried = decode<Survey>(sent.body)->command;
  if (sent.type == MessageType::authorised_confirm)
    carried = decode<AuthorisedConfirm>(sent.body)->confirm;
  if (sent.type == MessageType::audit_read) carried = decode<AuditRead>(sent.body)->query;
  if (sent.type == MessageType::refused_by_gate) {
    const auto refused = decode<Refused>(sent.body);
    expect_tellable(refused->error);
    expect(refused->error.outcome == Outcome::not_executed || asked.type == MessageType::confirm ||
               refused->error.outcome == Outcome::unknown,
           "a refusal never says executed");
    return;
  }
  expect(carried == asked.body, "the gate passes on the client's own octets");
  expect(!asked.principal.empty() && asked.principal != "mallory",
         "without authority nothing passes");
  if (asked.type == MessageType::submit) {
    const auto command = read_command(asked.body, asked.request);
    expect(command.has_value(), "only a sound command passes");
    expect(asked.principal == "alice" || !command->row().operator_only,
           "an operator's command passes for an operator only");
  }
}

}  // namespace
}  // namespace aeromq::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace aeromq;
  fuzz::Input input(data, size);
  const auto type = fuzz::kTypes[input.choice(fuzz::kTypes.size())];
  const auto* principal = fuzz::kPrincipals[input.choice(fuzz::kPrincipals.size())];
  const auto request = fuzz::request_of(input.flag());
  const Envelope asked{type, request, principal, input.rest()};
  fuzz::round_trip_as(type, asked.body);
  auto gate = fuzz::gate();
  const auto accepts = AuthorityGate::accepts();
  if (std::ranges::find(accepts, type) == accepts.end()) return 0;
  const auto step = gate.on(asked, {});
  fuzz::expect_step(ActorRole::gate, step);
  fuzz::expect(step.send.size() == 1, "the gate gives one answer to one message");
  fuzz::check_passed(asked, step.send.front());
  fuzz::expect(step == gate.on(asked, {}), "the gate decides the same thing twice");
  return 0;
}
