#include "tests/client/scripted_broker.h"

#include <fstream>
#include <stdexcept>

#include "messages/digest.h"
#include "messages/given.h"

namespace aeromq::client {
namespace {

BootId boot_id(std::uint8_t first) {
  BootId boot;
  boot.octets[0] = first;
  return boot;
}

constexpr std::uint8_t kBoot = 7;
constexpr std::uint8_t kOtherBoot = 8;

SessionId session(std::uint32_t number) {
  SessionId made;
  made.history.octets = {1, 2, 3, 4};
  made.dispatcher = 1;
  made.epoch = 1;
  made.lease_end_s = 1000;
  made.number = number;
  return made;
}

template <class T>
T unwrap(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

}  // namespace

ScriptedBroker::ScriptedBroker(OnMessage on_message) : on_message_(std::move(on_message)) {
  context_ = unwrap(transport::Context::start({{"clients", {{{alice_.public_key, "alice"}}, {}}}}));
  transport::ListenerOptions options{"clients", server_.secret_key};
  listener_.emplace(unwrap(transport::Listener::bind(*context_, settings().endpoint, options)));
  thread_ = std::thread([this] { run(); });
}

ScriptedBroker::~ScriptedBroker() {
  stop_ = true;
  thread_.join();
  listener_.reset();
}

ClientSettings ScriptedBroker::settings() const {
  return {folder_.ipc(), server_.public_key, alice_.public_key, alice_.secret_key, {}, "test"};
}

ClientSettings ScriptedBroker::stranger() const {
  auto settings_of = settings();
  const auto key = transport::make_key_pair();
  settings_of.public_key = key.public_key;
  settings_of.secret_key = key.secret_key;
  return settings_of;
}

std::string ScriptedBroker::file() const {
  const auto path = folder_ / "client.toml";
  const auto of = settings();
  // Raw strings: a Z85 key may hold any of TOML's own characters but the single quote.
  std::ofstream(path) << "endpoint = '" << of.endpoint << "'\nserver_key = '" << of.server_key
                      << "'\npublic_key = '" << of.public_key << "'\nsecret_key = '"
                      << of.secret_key << "'\n";
  using std::filesystem::perms;
  std::filesystem::permissions(path, perms::owner_read | perms::owner_write);
  return path;
}

std::vector<MessageType> ScriptedBroker::seen() {
  const std::lock_guard lock(mutex_);
  std::vector<MessageType> types;
  for (const auto& [type, body] : seen_) types.push_back(type);
  return types;
}

std::size_t ScriptedBroker::count(MessageType type) {
  const auto types = seen();
  return static_cast<std::size_t>(std::ranges::count(types, type));
}

Bytes ScriptedBroker::last(MessageType type) {
  const std::lock_guard lock(mutex_);
  for (auto at = seen_.rbegin(); at != seen_.rend(); ++at)
    if (at->first == type) return at->second;
  return {};
}

void ScriptedBroker::post(std::function<void(Script&)> act) {
  const std::lock_guard lock(mutex_);
  posted_.push_back(std::move(act));
}

void ScriptedBroker::run() {
  Script script(*this);
  while (!stop_) {
    std::vector<std::function<void(Script&)>> posted;
    {
      const std::lock_guard lock(mutex_);
      posted.swap(posted_);
    }
    for (const auto& act : posted) act(script);
    if (!listener_) {
      ::poll(nullptr, 0, 2);
      continue;
    }
    transport::Listener* const listeners[] = {&*listener_};
    transport::wait_any(listeners, 2);
    while (listener_) {
      auto incoming = listener_->receive();
      if (!incoming) break;
      handle(std::move(*incoming));
    }
  }
}

void ScriptedBroker::handle(transport::Incoming incoming) {
  auto message = transport::from_frames(std::move(incoming.frames));
  if (!message) return;
  if (incoming.connection != connection_) {
    connection_ = incoming.connection;
    seq_ = 0;
  }
  {
    const std::lock_guard lock(mutex_);
    seen_.emplace_back(message->header.type, message->body);
  }
  Script script(*this);
  switch (message->header.type) {
    case MessageType::hello: {
      Welcome welcome;
      welcome.session = session(++sessions_);
      welcome.lease_ms = lease_ms;
      welcome.heartbeat_ms = 500;
      welcome.minor = minor;
      welcome.principal = "alice";
      welcome.cluster = "batman";
      return script.send({}, welcome);
    }
    case MessageType::renew:
      return script.send({}, Renewed{session(++sessions_), 300000});
    case MessageType::status_query: {
      Status status;
      status.build = "scripted";
      return script.send({}, status);
    }
    default:
      return on_message_(script, *message);
  }
}

void Script::send_raw(MessageType type, const RequestId& request, const Bytes& body) {
  if (!broker_.listener_) return;
  const Header header{
      type, boot_id(boot_change_ ? kOtherBoot : kBoot), ++broker_.seq_, request, {}};
  broker_.listener_->send(broker_.connection_, transport::to_frames(header, body));
}

View a_view(const std::string& command) {
  View view;
  view.command = command;
  view.cluster = "batman";
  view.snapshot = 4417;
  view.fencing_epoch = 5;
  view.wall_ms = 1'700'000'000'123;
  return view;
}

ConfirmationAsked a_question(const Submit& submit, std::uint64_t expires_in_ms) {
  Explanation explanation;
  explanation.command = submit.command;
  explanation.node = submit.node;
  explanation.cluster = "batman";
  explanation.action = "give write authority to node2";
  explanation.successor = submit.successor;
  if (!submit.successor.empty())
    explanation.successor_checks = {{"PRIMARY_EXISTS", "P6-A1", "node1 is one", false, false}};
  explanation.confirmation = command_row(*find_command(submit.command)).confirmation;
  if (explanation.confirmation == ConfirmationKind::enhanced)
    explanation.risks = {{"RISK_ONE", "P6-A2", "the old primary may live"},
                         {"RISK_TWO", "P6-S1", "writes may be lost"}};
  ConfirmationAsked asked;
  asked.token.octets.fill(0xAB);
  asked.confirmation = explanation.confirmation;
  asked.expires_in_ms = expires_in_ms;
  asked.explanation = encode(explanation);
  asked.record = 2;
  const auto given = given_for(explanation);
  asked.sentence = given.sentence;
  asked.responsibility_sentence = given.responsibility_sentence;
  return asked;
}

RequestResult a_view_result(const Submit& submit) {
  RequestResult result;
  result.command = submit.command;
  result.record = 3;
  result.view = encode(a_view(submit.command));
  return result;
}

RequestResult an_execution(const Submit& submit) {
  RequestResult result;
  result.command = submit.command;
  result.record = 9;
  result.executed = true;
  result.answer.status = ActStatus::executed;
  result.answer.effects = {{"holder", "", "node2"}};
  result.answer.snapshot = 4418;
  return result;
}

Submit a_command(CommandName name) {
  const auto& row = command_row(name);
  Submit submit;
  submit.command = text_of(name);
  if (row.takes_node) submit.node = "node2";
  if (row.takes_reason) submit.reason = "OPS-812";
  return submit;
}

void answer_well(Script& script, const transport::Received& message) {
  static thread_local Submit last;
  const auto& request = message.header.request;
  if (message.header.type == MessageType::abandon)
    return script.send(request, ErrorAnswer{make_error(ErrorCode::abandoned), 7});
  if (message.header.type == MessageType::submit) last = decode<Submit>(message.body).value();
  const bool asks =
      command_row(*find_command(last.command)).confirmation != ConfirmationKind::never;
  if (message.header.type == MessageType::submit && asks)
    return script.send(request, a_question(last));
  if (message.header.type == MessageType::confirm && request.kernel_action)
    return script.send(request, an_execution(last));
  script.send(request, a_view_result(last));
}

}  // namespace aeromq::client
