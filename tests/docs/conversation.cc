#include "conversation.h"

#include "broker/broker.h"
#include "messages/digest.h"

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
                            ActorRole::writer, ActorRole::dispatcher}) {
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

  const RequestId request{welcome->session, 1, true};
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
  relay(ActorRole::gate, MessageType::survey, encode(Survey{}));
  relay(ActorRole::dispatcher, MessageType::surveyed, encode(Surveyed{}));
  relay(ActorRole::explainer, MessageType::explained, encode(Explained{}));
  relay(ActorRole::keeper, MessageType::asked, encode(Asked{}));
  ConfirmationAsked asked;
  asked.token = counted<Token>(0x70);
  asked.expires_in_ms = 120000;
  asked.explanation = encode(example_explanation());
  asked.record = 42;
  const auto told = relay(ActorRole::writer, MessageType::confirmation_asked, encode(asked));
  if (!talk.fault.empty()) return talk;
  const auto& question = told.send.front();
  talk.messages.push_back({"CONFIRMATION_ASKED", frames_of(question.header, question.body)});

  Confirm confirm;
  confirm.token = asked.token;
  confirm.explanation_digest = sha256(asked.explanation);
  talk.explanation_digest = to_hex(confirm.explanation_digest.view());
  talk.messages.push_back(
      {"CONFIRM", frames_of({MessageType::confirm, boot, 3, request, {}}, encode(confirm))});
  expect(only(stage.from_client(talk.messages.back().frames), MessageType::confirm),
         "CONFIRM is not forwarded to the gate");
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
