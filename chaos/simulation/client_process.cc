#include "chaos/simulation/client_process.h"

#include <fmt/core.h>

#include "chaos/simulation/host_options.h"
#include "messages/digest.h"
#include "transport/frames.h"

namespace aeromq::chaos {
namespace {

std::string underscored(std::string_view text) {
  std::string made(text);
  std::ranges::replace(made, ' ', '_');
  return made;
}

/// Each between two spaces, so that one is never found within another.
std::string in_spaces(const std::vector<std::string>& words) {
  std::string made;
  for (const auto& word : words) made += " " + word + " ";
  return made;
}

}  // namespace

ClientProcess::ClientProcess(World& world, unsigned plane, std::string principal, unsigned number,
                             Process& broker)
    : Process(world, lane_of(plane, fmt::format("client.{}.{}", principal, number)), plane),
      principal_(std::move(principal)),
      broker_(broker) {
  life.faults_name = fmt::format("talk.{}", number);
}

Event& ClientProcess::note(EventKind kind, const RequestId& request, std::string what) {
  auto& event = world_.note(kind, *this);
  event.request = request.text();
  event.principal = principal_;
  event.what = std::move(what);
  return event;
}

void ClientProcess::start() {
  wire_ = world_.connect(*this, broker_, principal_);
  if (!wire_) return;
  Hello hello;
  hello.name = "simulated";
  hello.minor = kMinor;
  send(MessageType::hello, {}, encode(hello));
}

void ClientProcess::forget() {
  wire_.reset();
  open_.clear();
}

bool ClientProcess::send(MessageType type, const RequestId& request, const Bytes& body) {
  if (!wire_) return false;
  auto header = numbers_.next(type, request);
  if (!request.empty()) header.principal = claimed_principal;
  auto frames = transport::to_frames(header, body);
  if (!world_.send(*wire_, *this, {0, type, request, std::move(frames)})) return false;
  numbers_.sent();
  return true;
}

void ClientProcess::submit(const Submit& command) {
  const auto name = find_command(command.command);
  last_ = {session_, ++counter_, name && command_row(*name).kernel_action()};
  open_[last_] = {{client::Progress::submitted, command, {}}, {}, false};
  if (on_request) on_request(last_);
  send_submit(last_, command);
}

// No honest client does this: it answers a question that comes back like any other, but claims
// nothing of its own about the request.
void ClientProcess::submit_again(const RequestId& request, const Submit& command) {
  open_.try_emplace(request, Open{{client::Progress::submitted, command, {}}, {}, true});
  send_submit(request, command);
}

void ClientProcess::send_submit(const RequestId& request, const Submit& command) {
  const auto body = encode(command);
  auto& event = note(EventKind::asked, request, "submit");
  event.command = command.command;
  event.node = command.node;
  event.digest = to_hex(sha256(body).view());
  if (!send(MessageType::submit, request, body)) return give_up("the message was not sent");
  expect(request);
}

void ClientProcess::ask_outcome(const RequestId& about) {
  Submit command{
      std::string(text_of(CommandName::inspect_promotion_state)), {}, {}, about.text(), {}};
  note(EventKind::asked, about, "outcome");
  last_ = {session_, ++counter_, false};
  open_[last_] = {{client::Progress::submitted, command, {}}, about, false};
  if (!send(MessageType::submit, last_, encode(command)))
    return give_up("the message was not sent");
  expect(last_);
}

void ClientProcess::confirm(const RequestId& request, Confirm body) {
  auto& event = note(EventKind::asked, request, "confirm");
  event.token = to_hex(sha256(body.token.view()).view());
  event.digest = to_hex(body.explanation_digest.view());
  event.text = in_spaces(body.acknowledge);
  const auto at = open_.find(request);
  if (at != open_.end()) at->second.state.progress = client::Progress::confirmed;
  if (!send(MessageType::confirm, request, encode(body)))
    return give_up("the message was not sent");
  expect(request);
}

void ClientProcess::abandon(const RequestId& request, const Token& token) {
  note(EventKind::asked, request, "abandon").token = to_hex(sha256(token.view()).view());
  const auto at = open_.find(request);
  if (at != open_.end()) at->second.state.progress = client::Progress::abandoned;
  if (!send(MessageType::abandon, request, encode(Abandon{token})))
    return give_up("the message was not sent");
  expect(request);
}

// No answer in time: what the client says then is its own word.
void ClientProcess::expect(const RequestId& request) {
  world_.after(kAnswerTimeoutMs * kNanosPerMs, [this, request, run = life.run] {
    if (!life.alive || life.run != run) return;
    const auto at = open_.find(request);
    if (at == open_.end() || at->second.state.progress == client::Progress::pending) return;
    const auto open = std::move(at->second);
    open_.erase(at);
    if (open.claims())
      tell_error(request, client::lost(open.state.progress, "no answer came in time"), 0, "submit");
  });
}

void ClientProcess::give_up(const std::string& why) {
  for (const auto& [request, open] : std::exchange(open_, {}))
    if (open.claims()) tell_error(request, client::lost(open.state.progress, why), 0, "submit");
  wire_.reset();
}

void ClientProcess::lost(int) {
  give_up("the connection ended");
  world_.end(*this, "exit 0", Restart::never);
}

void ClientProcess::take(int, Parcel parcel) {
  auto received = transport::from_frames(std::move(parcel.frames));
  if (!received) numbers_.end();
  if (!received || !numbers_.accept(received->header)) {
    give_up("the broker broke the protocol");
    return world_.end(*this, "exit 0", Restart::never);
  }
  const auto& header = received->header;
  if (header.type == MessageType::probe) return;
  if (header.type == MessageType::welcome) {
    const auto welcome = decode<Welcome>(received->body);
    if (!welcome || std::exchange(greeted_, true)) return;
    session_ = welcome->session;
    if (on_welcome) on_welcome();
    return;
  }
  if (header.request.empty()) {
    give_up("the broker ended the session");
    return world_.end(*this, "exit 0", Restart::never);
  }
  world_.point("client.answer");
  const auto at = open_.find(header.request);
  if (at == open_.end()) {
    // To a repeat of somebody's id, or too late for an honest client to listen: it was told.
    const auto error = decode<ErrorAnswer>(received->body);
    if (error && (header.type == MessageType::error || header.type == MessageType::broker_error))
      tell_error(header.request, error->error, error->record, "repeat");
    return;
  }
  auto answer =
      client::read_answer(at->second.state, header.request, header.type, received->body, {});
  const std::string what = at->second.repeat ? "repeat" : "submit";
  if (!answer) {
    tell_error(header.request, answer.error(), 0, what);
    open_.erase(at);
    return;
  }
  const auto request = header.request;
  const bool pending = std::holds_alternative<client::Pending>(*answer);
  tell(request, *answer, what);
  if (pending)
    at->second.state.progress = client::Progress::pending;
  else
    open_.erase(at);
  if (on_answer) on_answer(request, *answer);
}

void ClientProcess::tell(const RequestId& request, const client::Answer& answer, std::string what) {
  if (const auto* failure = std::get_if<client::Failure>(&answer))
    return tell_error(request, failure->error, failure->record, std::move(what));
  auto& event = note(EventKind::told, request, std::move(what));
  if (const auto* pending = std::get_if<client::Pending>(&answer)) {
    event.verdict = "pending";
    event.number = pending->asked.record;
    std::vector<std::string> risks;
    if (pending->asked.confirmation == ConfirmationKind::enhanced)
      for (const auto& risk : pending->explanation.risks) risks.push_back(risk.id);
    event.text = in_spaces(risks);
  } else if (const auto* executed = std::get_if<client::Executed>(&answer)) {
    event.verdict = "executed";
    event.final_ = true;
    event.number = executed->record;
  } else {
    const auto& view = std::get<client::ViewAnswer>(answer);
    event.verdict = "viewed";
    event.number = view.record;
    const auto at = open_.find(request);
    if (view.view.outcomes.empty() || at == open_.end() || at->second.about.empty()) return;
    const auto& outcome = view.view.outcomes[0];
    auto& told = note(EventKind::told, at->second.about, "outcome");
    told.verdict = underscored(text_of(outcome.verdict));
    told.final_ = outcome.final_;
    told.code = outcome.code;
    told.text = outcome.text;
  }
}

void ClientProcess::tell_error(const RequestId& request, const Error& error, std::uint64_t record,
                               std::string what) {
  auto& event = note(EventKind::told, request, std::move(what));
  const bool ruled = request.kernel_action && error.domain == Domain::kernel_rejection;
  event.verdict = ruled ? "rejected" : underscored(text_of(error.outcome));
  event.final_ = event.verdict != "unknown";
  event.code = error.code;
  event.text = error.message;
  event.number = record;
}

}  // namespace aeromq::chaos
