#include "conversation.h"

#include "broker/broker.h"
#include "messages/audit_page.h"
#include "messages/digest.h"
#include "messages/given.h"

namespace aeromq::docs {
namespace {

using broker::Broker;
using broker::Effects;
using broker::Link;
using broker::Side;

/// N octets that count up from `first`: easy to find in a dump.
template <class Id>
Id counted(std::uint8_t first) {
  Id id;
  for (auto& octet : id.octets) octet = first++;
  return id;
}

std::vector<Bytes> frames_of(const Header& header, const Bytes& body) {
  return {Bytes(kMagic.begin(), kMagic.end()), encode_header(header), body};
}

/// One broker, its actors as far as they are needed, and one client.
class Stage {
 public:
  Stage() : broker_(options(), kStart) {
    for (const auto role : {ActorRole::gate, ActorRole::explainer, ActorRole::keeper,
                            ActorRole::writer, ActorRole::dispatcher, ActorRole::reader}) {
      Hello hello;
      hello.role = role;
      hello.name = std::string(text_of(role));
      from_actor(role, MessageType::hello, {}, encode(hello));
    }
    Opened opened;
    opened.history = HistoryId{{0x5E, 0xED, 0x00, 0x01}};
    opened.dispatcher = 1;
    opened.epoch = 7;
    opened.kernel_ms = 3600000;
    opened.max_lease_ms = 300000;
    opened.cluster = "demo";
    from_actor(ActorRole::dispatcher, MessageType::opened, {}, encode(opened));
  }

  static broker::BrokerOptions options() {
    broker::BrokerOptions made;
    made.boot = counted<BootId>(0xB0);
    return made;
  }

  Effects from_actor(ActorRole role, MessageType type, const RequestId& request, Bytes body) {
    const auto name = std::string(text_of(role));
    const auto boot = type == MessageType::hello ? BootId{} : options().boot;
    auto effects =
        broker_.on_message({Side::control, name}, "uid:0",
                           frames_of({type, boot, ++seq_[name], request, {}}, body), kStart);
    // WELCOME tells an actor where both ends count from.
    if (type == MessageType::hello) seq_[name] = effects.send.front().header.seq;
    return effects;
  }
  Effects from_client(const std::vector<Bytes>& frames) {
    return broker_.on_message({Side::client, "client"}, "olga", frames, kStart);
  }

 private:
  static constexpr Moment kStart{1'000'000'000'000, 1'800'000'000'000'000'000};
  Broker broker_;
  std::map<std::string, std::uint64_t> seq_;
};

/// True if exactly one message came out, of this type.
bool only(const Effects& effects, MessageType type) {
  return effects.send.size() == 1 && effects.send.front().header.type == type;
}

Explanation example_explanation() {
  Explanation explanation;
  explanation.command = "request_promotion";
  explanation.node = "n2";
  explanation.cluster = "demo";
  explanation.history = HistoryId{{0x5E, 0xED, 0x00, 0x01}};
  explanation.snapshot = 4417;
  explanation.fencing_epoch = 5;
  return explanation;
}

ConfirmationAsked question(const Explanation& explanation) {
  const auto given = given_for(explanation);
  ConfirmationAsked asked;
  asked.token = counted<Token>(0x70);
  asked.confirmation = explanation.confirmation;
  asked.expires_in_ms = 120000;
  asked.explanation = encode(explanation);
  asked.record = 42;
  asked.sentence = given.sentence;
  asked.responsibility_sentence = given.responsibility_sentence;
  return asked;
}

}  // namespace

Conversation hold_conversation() {
  Conversation talk;
  Stage stage;
  const auto boot = Stage::options().boot;
  const auto expect = [&](bool fine, const char* what) {
    if (!fine && talk.fault.empty()) talk.fault = what;
  };

  Hello hello;
  hello.name = "example";
  hello.incarnation = counted<Incarnation>(0x10);
  hello.minor = kMinor;
  hello.pid = 4711;
  hello.build = "example 1.0";
  talk.messages.push_back({"HELLO", frames_of({MessageType::hello, {}, 1, {}, {}}, encode(hello))});
  const auto welcomed = stage.from_client(talk.messages.back().frames);
  expect(only(welcomed, MessageType::welcome), "HELLO is not answered by WELCOME");
  if (!talk.fault.empty()) return talk;
  const auto& answer = welcomed.send.front();
  talk.messages.push_back({"WELCOME", frames_of(answer.header, answer.body)});
  const auto welcome = decode<Welcome>(answer.body);
  expect(welcome.has_value(), "WELCOME cannot be read");
  if (!talk.fault.empty()) return talk;

  RequestId request{welcome->session, 1, true};
  talk.request_text = request.text();
  const auto submit = encode(Submit{"request_promotion", "n2", "OPS-812: disk on n1", "", {}});
  talk.messages.push_back(
      {"SUBMIT", frames_of({MessageType::submit, boot, 2, request, {}}, submit)});
  expect(only(stage.from_client(talk.messages.back().frames), MessageType::submit),
         "SUBMIT is not forwarded to the gate");

  // What the actors say in between; the broker looks at their types alone.
  const auto relay = [&](ActorRole role, MessageType type, const Bytes& body) {
    auto effects = stage.from_actor(role, type, request, body);
    expect(only(effects, type), "a stage is not forwarded");
    return effects;
  };
  const auto explained = [&] {
    relay(ActorRole::gate, MessageType::survey, encode(Survey{}));
    relay(ActorRole::dispatcher, MessageType::surveyed, encode(Surveyed{}));
    relay(ActorRole::explainer, MessageType::explained, encode(Explained{}));
    relay(ActorRole::keeper, MessageType::asked, encode(Asked{}));
  };
  const auto write_down = [&](const char* name, const Effects& effects) {
    if (!talk.fault.empty()) return;
    const auto& said = effects.send.front();
    talk.messages.push_back({name, frames_of(said.header, said.body)});
  };
  std::uint64_t seq = 2;
  const auto say = [&](const char* name, MessageType type, const Bytes& body) {
    talk.messages.push_back({name, frames_of({type, boot, ++seq, request, {}}, body)});
    expect(only(stage.from_client(talk.messages.back().frames), type), name);
  };
  const auto ask = [&](const char* name, const Explanation& explanation) {
    explained();
    const auto asked = question(explanation);
    write_down(name, relay(ActorRole::writer, MessageType::confirmation_asked, encode(asked)));
    return asked;
  };
  const auto submit_next = [&](bool kernel_action, const Submit& command) {
    request = RequestId{welcome->session, ++request.counter, kernel_action};
    const Header header{MessageType::submit, boot, ++seq, request, {}};
    expect(only(stage.from_client(frames_of(header, encode(command))), MessageType::submit),
           "a further SUBMIT is not forwarded to the gate");
  };

  // Confirmed and executed.
  const auto asked = ask("CONFIRMATION_ASKED", example_explanation());
  Confirm confirm;
  confirm.token = asked.token;
  confirm.explanation_digest = sha256(asked.explanation);
  confirm.sentence = asked.sentence;
  talk.explanation_digest = to_hex(confirm.explanation_digest.view());
  say("CONFIRM", MessageType::confirm, encode(confirm));
  relay(ActorRole::gate, MessageType::authorised_confirm, encode(AuthorisedConfirm{}));
  relay(ActorRole::keeper, MessageType::confirmed, encode(Confirmed{}));
  relay(ActorRole::writer, MessageType::dispatch, encode(Dispatch{}));
  relay(ActorRole::dispatcher, MessageType::acted, encode(Acted{}));
  RequestResult result;
  result.command = "request_promotion";
  result.record = 45;
  result.executed = true;
  result.answer.status = ActStatus::executed;
  result.answer.effects = {{"holder", "none", "n2"}, {"fencing epoch", "5", "6"}};
  result.answer.snapshot = 4418;
  write_down("RESULT", relay(ActorRole::writer, MessageType::result, encode(result)));

  // An override, confirmed and rejected by the kernel.
  submit_next(true, {"force_promotion", "n3", "OPS-812: rack off", "", {}});
  auto forced = example_explanation();
  forced.command = "force_promotion";
  forced.node = "n3";
  forced.confirmation = ConfirmationKind::enhanced;
  forced.risks = {{"OLD_PRIMARY_NOT_PROVEN_DOWN", "P6-A2", "n2 may still take writes"}};
  const auto override_asked = ask("ENHANCED_CONFIRMATION_ASKED", forced);
  Confirm forcing;
  forcing.token = override_asked.token;
  forcing.explanation_digest = sha256(override_asked.explanation);
  forcing.acknowledge = {"OLD_PRIMARY_NOT_PROVEN_DOWN"};
  forcing.accept_responsibility = override_asked.responsibility_sentence;
  forcing.sentence = override_asked.sentence;
  say("ENHANCED_CONFIRM", MessageType::confirm, encode(forcing));
  relay(ActorRole::gate, MessageType::authorised_confirm, encode(AuthorisedConfirm{}));
  relay(ActorRole::keeper, MessageType::confirmed, encode(Confirmed{}));
  relay(ActorRole::writer, MessageType::dispatch, encode(Dispatch{}));
  relay(ActorRole::dispatcher, MessageType::acted, encode(Acted{}));
  const ErrorAnswer rejected{
      kernel_rejection("NODE_UNKNOWN", "n3 is not in the register", {"P6-F1"}), 50};
  write_down("ERROR", relay(ActorRole::writer, MessageType::error, encode(rejected)));

  // A no.
  submit_next(true, {"request_demotion", "n2", "OPS-813: kernel update", "", {}});
  explained();
  relay(ActorRole::writer, MessageType::confirmation_asked, encode(asked));
  say("ABANDON", MessageType::abandon, encode(Abandon{asked.token}));
  relay(ActorRole::keeper, MessageType::ended, encode(Ended{}));
  relay(ActorRole::writer, MessageType::error,
        encode(ErrorAnswer{make_error(ErrorCode::abandoned), 53}));

  // An auditor's question: its principal is another one, its frames are like these.
  request = RequestId{welcome->session, ++request.counter, false};
  AuditQuery query;
  query.limit = 1;
  say("AUDIT_QUERY", MessageType::audit_query, encode(query));
  relay(ActorRole::gate, MessageType::audit_read, encode(AuditRead{}));
  AuditPage page;
  page.durable = 53;
  relay(ActorRole::reader, MessageType::audit_answer, encode(AuditAnswer{}));
  write_down("AUDIT_RESULT", relay(ActorRole::writer, MessageType::audit_result,
                                   encode(AuditResult{54, encode(page)})));
  return talk;
}

std::string hex_dump(const Bytes& bytes) {
  constexpr std::size_t kPerLine = 16;
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0) text += i % kPerLine == 0 ? '\n' : ' ';
    text += to_hex(ByteView(bytes).subspan(i, 1));
  }
  return text;
}

}  // namespace aeromq::docs
