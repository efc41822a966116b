// What the control plane answers, as a client reads it: results, pending confirmations, errors,
// audit pages, link messages; and the words, JSON and YAML that aeromq-ctl makes of them.
#include "actors/explainer/after_the_act.h"
#include "audit/export.h"
#include "client/ctl/render/json.h"
#include "client/ctl/render/table.h"
#include "client/ctl/render/yaml.h"
#include "client/open_request.h"
#include "tests/fuzz/bodies.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/input.h"

namespace aeromq::fuzz {
namespace {

constexpr std::array kAnswers{MessageType::result, MessageType::confirmation_asked,
                              MessageType::error, MessageType::broker_error,
                              MessageType::audit_result};
constexpr std::array kLink{MessageType::welcome, MessageType::hello_refused, MessageType::renewed,
                           MessageType::status,  MessageType::goodbye,       MessageType::probe,
                           MessageType::ping};

client::OpenRequest open_request(Input& input) {
  client::OpenRequest open;
  open.progress = static_cast<client::Progress>(input.choice(5));
  const auto& row = command_table()[input.choice(command_table().size())];
  open.command.command = text_of(row.name);
  if (row.takes_node) open.command.node = "n2";
  return open;
}

/// Whatever came over the wire, a terminal gets no control character and no broken UTF-8 of it.
void expect_harmless(const std::string& text) {
  expect(detail::is_utf8(text), "what is shown is UTF-8");
  std::string lines = text;
  std::erase(lines, '\n');
  expect(!has_control_characters(lines), "no control character reaches a terminal");
}

template <class T>
void show(const T& value, const std::string& text) {
  expect_harmless(text);
  const ctl::Json json = ctl::wire_json(value);
  expect_harmless(ctl::json_text(json));
  expect_harmless(ctl::yaml_text(json));
  const auto line = ctl::json_line(json);
  expect(line.find('\n') == std::string::npos, "one value is one line");
  expect(ctl::Json::parse(line) == json, "the line is the value");
}

void check_words(const std::vector<std::string>& words) {
  expect(!words.empty() && !words.front().empty(), "there is always something to say");
}

void check_answer(const client::OpenRequest& open, MessageType type, ByteView body) {
  const auto answer = client::read_answer(open, {}, type, body, {});
  if (!answer) return expect_tellable(answer.error());
  if (const auto* executed = std::get_if<client::Executed>(&*answer)) {
    expect(open.progress == client::Progress::confirmed, "nothing executes before the yes");
    expect(executed->answer.status == ActStatus::executed, "executed is the kernel's word");
    check_words(what_happened(
        RequestResult{executed->command, executed->record, true, executed->answer, {}},
        open.command.node));
  } else if (const auto* pending = std::get_if<client::Pending>(&*answer)) {
    expect(open.progress == client::Progress::submitted, "a confirmation is asked once");
    expect(!pending->asked.token.empty() && pending->explanation.node == open.command.node,
           "what is shown is what was asked for");
    round_trip<Explanation>(pending->asked.explanation);
  } else if (const auto* shown = std::get_if<client::ViewAnswer>(&*answer)) {
    round_trip<View>(encode(shown->view));
    show(shown->view, ctl::view_text(shown->view));
  } else if (const auto* failure = std::get_if<client::Failure>(&*answer)) {
    show(failure->error, ctl::error_text(failure->error));
  }
}

void check_page(ByteView body) {
  const auto reading = client::read_audit_answer({}, MessageType::audit_result, body);
  if (!reading) return expect_tellable(reading.error());
  round_trip<AuditPage>(encode(reading->page));
  expect_harmless(ctl::audit_text(reading->page));
  expect_harmless(ctl::json_text(ctl::to_json(reading->page)));
  for (const auto& audited : reading->page.records) {
    const auto line = audit::json_line(audited);
    expect(line.find('\n') == std::string::npos && !has_control_characters(line),
           "a record is one safe line");
    check_words(what_happened(audited.record));
  }
}

/// The answer around an inner body, so that both are reached.
Bytes wrapped(Input& input, MessageType type, const client::OpenRequest& open) {
  if (type == MessageType::confirmation_asked) {
    ConfirmationAsked asked;
    asked.token.octets.fill(1);
    asked.confirmation = command_row(*find_command(open.command.command)).confirmation;
    asked.explanation = input.rest();
    return encode(asked);
  }
  if (type == MessageType::audit_result) return encode(AuditResult{1, input.rest()});
  RequestResult result;
  result.command = open.command.command;
  result.executed = input.flag();
  result.view = input.rest();
  return encode(result);
}

void inner(Input& input) {
  switch (input.choice(7)) {
    case 0:
      if (const auto view = round_trip<View>(input.rest())) show(*view, ctl::view_text(*view));
      break;
    case 1:
      if (const auto explained = round_trip<Explanation>(input.rest()))
        show(*explained, ctl::explanation_text(*explained));
      break;
    case 2:
      if (const auto page = round_trip<AuditPage>(input.rest()))
        expect_harmless(ctl::audit_text(*page));
      break;
    case 3:
      if (const auto outcome = round_trip<OutcomeAnswer>(input.rest())) {
        check_words(what_happened(*outcome));
        show(*outcome, ctl::outcome_text(*outcome));
      }
      break;
    case 4:
      if (const auto record = round_trip<Record>(input.rest())) {
        check_words(what_happened(*record));
        audit::json_line({*record, {}, {}});
      }
      break;
    case 5:
      if (const auto result = round_trip<RequestResult>(input.rest()))
        check_words(what_happened(*result, "n1"));
      break;
    default:
      if (const auto status = round_trip<Status>(input.rest()))
        show(*status, ctl::status_text(*status));
      break;
  }
}

}  // namespace
}  // namespace aeromq::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace aeromq;
  fuzz::Input input(data, size);
  const auto kind = input.choice(4);
  if (kind == 0) {
    const auto type = fuzz::kLink[input.choice(fuzz::kLink.size())];
    fuzz::round_trip_as(type, input.rest());
    return 0;
  }
  if (kind == 1) {
    fuzz::inner(input);
    return 0;
  }
  const auto type = fuzz::kAnswers[input.choice(fuzz::kAnswers.size())];
  const auto open = fuzz::open_request(input);
  const auto body = kind == 2 ? input.rest() : fuzz::wrapped(input, type, open);
  fuzz::round_trip_as(type, body);
  if (type == MessageType::audit_result)
    fuzz::check_page(body);
  else
    fuzz::check_answer(open, type, body);
  return 0;
}
