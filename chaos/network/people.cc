#include "chaos/network/people.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "messages/digest.h"
#include "process/entropy.h"

namespace aeromq::chaos::network {
namespace {

constexpr int kConnectMs = 600;
constexpr int kLinkMs = 600;
constexpr int kAnswerMs = 1200;
constexpr int kRepeatMs = 250;
constexpr const char* kReason = "drill";

std::string hex_digest(ByteView octets) { return to_hex(sha256(octets).view()); }

// The words of a verdict have blanks for people, none in a history.
std::string plain(std::string_view words) {
  std::string text(words);
  std::ranges::replace(text, ' ', '_');
  return text;
}

}  // namespace

client::Timeouts quick_timeouts() {
  client::Timeouts timeouts;
  timeouts.connect_ms = kConnectMs;
  timeouts.link_ms = kLinkMs;
  timeouts.answer_ms = kAnswerMs;
  timeouts.audit_ms = kAnswerMs;
  return timeouts;
}

People::Seat* People::seat_of(const std::string& who) {
  auto& seat = clients_[who];
  if (seat.client && seat.client->alive()) return &seat;
  seat.client.reset();
  constexpr int kTries = 2;
  for (int i = 0; i < kTries; ++i) {
    const auto settings = way_(who);
    if (!settings) continue;
    auto made = client::Client::connect(*settings, quick_timeouts(), observer_);
    if (!made) continue;
    seat.client = std::move(*made);
    seat.lane = fmt::format("client.{}.{}", who, ++seats_[who]);
    return &seat;
  }
  return nullptr;
}

Event People::word(EventKind kind, const Seat& seat, const std::string& request,
                   const std::string& what, const std::string& principal) const {
  Event event;
  event.kind = kind;
  event.lane = seat.lane;
  event.run = 1;
  event.request = request;
  event.what = what;
  event.principal = principal;
  return event;
}

void People::asked(const Seat& seat, const std::string& principal, const std::string& request,
                   const std::string& what, const Submit& submit) {
  auto event = word(EventKind::asked, seat, request, what, principal);
  event.command = submit.command;
  event.node = submit.node;
  if (what == "submit") event.digest = hex_digest(encode(submit));
  chronicle_.look();
  chronicle_.add(std::move(event));
}

void People::tell_error(Event word, const Error& error, std::uint64_t record) {
  // That a question failed says nothing of what it was about.
  if (word.what == "outcome") return;
  word.verdict =
      error.domain == Domain::kernel_rejection ? "rejected" : plain(text_of(error.outcome));
  word.final_ = word.verdict != "unknown";
  word.code = error.code;
  word.text = error.message;
  word.number = record;
  chronicle_.add(std::move(word));
}

void People::told(const Event& word, const Result<client::Answer>& answer) {
  auto event = word;
  event.kind = EventKind::told;
  chronicle_.look();
  if (!answer) return tell_error(std::move(event), answer.error(), 0);
  if (const auto* failure = std::get_if<client::Failure>(&*answer))
    return tell_error(std::move(event), failure->error, failure->record);
  if (const auto* pending = std::get_if<client::Pending>(&*answer)) {
    event.verdict = "pending";
    event.number = pending->asked.record;
  } else if (const auto* executed = std::get_if<client::Executed>(&*answer)) {
    event.verdict = "executed";
    event.final_ = true;
    event.number = executed->record;
  } else {
    const auto& seen = std::get<client::ViewAnswer>(*answer);
    event.verdict = "viewed";
    event.final_ = true;
    event.number = seen.record;
    if (event.what == "outcome" && !seen.view.outcomes.empty()) {
      const auto& outcome = seen.view.outcomes.front();
      event.verdict = plain(text_of(outcome.verdict));
      event.final_ = outcome.final_;
      event.code = outcome.code;
      event.text = outcome.text;
    }
  }
  chronicle_.add(std::move(event));
}

void People::change(CommandName command, const std::string& node, Reply reply) {
  auto* seat = seat_of("operator");
  if (seat == nullptr) return;
  auto& client = *seat->client;
  const auto principal = client.welcome().principal;
  const Submit submit{std::string(text_of(command)), node, kReason, ""};
  const auto request = client.next_request(command);
  if (!request) return;
  const auto id = request->text();
  requests_.insert(id);
  asked(*seat, principal, id, "submit", submit);
  auto event = word(EventKind::told, *seat, id, "submit", principal);
  const auto answer = client.submit(*request, submit);
  told(event, answer);
  const auto* pending = answer ? std::get_if<client::Pending>(&*answer) : nullptr;
  if (pending == nullptr) return;
  if (reply == Reply::gone) {
    seat->client.reset();
    return;
  }
  event.what = reply == Reply::yes ? "confirm" : "abandon";
  auto decision = word(EventKind::asked, *seat, id, event.what, principal);
  decision.command = submit.command;
  decision.node = node;
  decision.token = hex_digest(pending->asked.token.view());
  if (reply == Reply::yes) decision.digest = to_hex(pending->explanation_digest.view());
  chronicle_.add(std::move(decision));
  if (reply == Reply::no) return told(event, client.abandon(*pending));
  std::vector<std::string> risks;
  const bool enhanced = pending->asked.confirmation == ConfirmationKind::enhanced;
  for (const auto& risk : pending->explanation.risks)
    if (enhanced) risks.push_back(risk.id);
  told(event, client.confirm(*pending, std::move(risks),
                             enhanced ? "I accept responsibility for this drill." : ""));
}

void People::inspect(const std::string& who) {
  auto* seat = seat_of(who);
  if (seat == nullptr) return;
  auto& client = *seat->client;
  const Submit submit{std::string(text_of(CommandName::inspect_cluster_state)), "", "", ""};
  const auto request = client.next_request(CommandName::inspect_cluster_state);
  if (!request) return;
  const auto principal = client.welcome().principal;
  asked(*seat, principal, request->text(), "submit", submit);
  told(word(EventKind::told, *seat, request->text(), "submit", principal),
       client.submit(*request, submit));
}

bool People::ask_outcome(const std::string& who, const std::string& about) {
  auto* seat = seat_of(who);
  if (seat == nullptr) return false;
  auto& client = *seat->client;
  const Submit submit{std::string(text_of(CommandName::inspect_promotion_state)), "", "", about};
  const auto request = client.next_request(CommandName::inspect_promotion_state);
  if (!request) return false;
  const auto principal = client.welcome().principal;
  asked(*seat, principal, about, "outcome", submit);
  const auto answer = client.submit(*request, submit);
  told(word(EventKind::told, *seat, about, "outcome", principal), answer);
  const auto* seen = answer ? std::get_if<client::ViewAnswer>(&*answer) : nullptr;
  return seen != nullptr && !seen->view.outcomes.empty() && seen->view.outcomes.front().final_;
}

// ---- frames of our own ------------------------------------------------------------------------

namespace {

// The next message within `timeout_ms`.
std::optional<transport::Received> next(transport::Peer& peer, int timeout_ms) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  for (;;) {
    if (auto received = peer.receive()) return received;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
                          deadline - std::chrono::steady_clock::now())
                          .count();
    if (left <= 0 || !peer.alive()) return std::nullopt;
    peer.wait(static_cast<int>(left));
  }
}

std::optional<Welcome> greet(transport::Peer& peer) {
  Hello hello;
  hello.name = "twice";
  hello.incarnation = process::fresh<Incarnation>();
  hello.minor = kMinor;
  hello.pid = static_cast<std::uint64_t>(::getpid());
  if (!peer.send(RequestId{}, hello)) return std::nullopt;
  const auto received = next(peer, kLinkMs);
  if (!received || received->header.type != MessageType::welcome) return std::nullopt;
  auto welcome = decode<Welcome>(received->body);
  if (!welcome) return std::nullopt;
  return std::move(*welcome);
}

}  // namespace

// Reads all that comes until nothing does for a while.
void People::read_repeated(transport::Peer& peer, Event word,
                           std::optional<ConfirmationAsked>& pending) {
  int patience = kAnswerMs;
  while (const auto received = next(peer, patience)) {
    if (received->header.request.text() != word.request) continue;
    patience = kRepeatMs;
    chronicle_.look();
    auto event = word;
    switch (received->header.type) {
      case MessageType::confirmation_asked:
        if (auto asked = decode<ConfirmationAsked>(received->body)) {
          event.verdict = "pending";
          event.number = asked->record;
          chronicle_.add(std::move(event));
          pending = std::move(*asked);
        }
        break;
      case MessageType::result:
        if (const auto result = decode<RequestResult>(received->body); result && result->executed) {
          event.verdict = "executed";
          event.final_ = true;
          event.number = result->record;
          chronicle_.add(std::move(event));
        }
        break;
      case MessageType::error:
      case MessageType::broker_error:
        if (const auto error = decode<ErrorAnswer>(received->body))
          tell_error(std::move(event), error->error, error->record);
        break;
      default:
        break;
    }
  }
}

std::optional<People::Raw> People::connect_raw() {
  const auto settings = way_("operator");
  if (!settings) return std::nullopt;
  transport::PeerOptions options;
  options.endpoint = settings->endpoint;
  options.curve =
      transport::CurveClient{settings->server_key, {settings->public_key, settings->secret_key}};
  options.connect_timeout_ms = kConnectMs;
  auto peer = transport::Peer::connect(options);
  if (!peer) return std::nullopt;
  auto welcome = greet(*peer);
  // A session without a kernel names no kernel's history, so nothing could ever be final.
  if (!welcome || welcome->session.epoch == 0) return std::nullopt;
  return Raw{std::move(*peer),
             std::move(*welcome),
             {fmt::format("client.operator.{}", ++seats_["operator"]), std::nullopt}};
}

// The submit `times` times; what is pending afterwards.
std::optional<ConfirmationAsked> People::submit_raw(Raw& raw, const RequestId& request,
                                                    const Submit& submit, int times) {
  const auto& principal = raw.welcome.principal;
  requests_.insert(request.text());
  for (int i = 0; i < times; ++i) {
    asked(raw.seat, principal, request.text(), "submit", submit);
    if (!raw.peer.send(request, submit)) break;
  }
  std::optional<ConfirmationAsked> pending;
  read_repeated(raw.peer, word(EventKind::told, raw.seat, request.text(), "submit", principal),
                pending);
  return pending;
}

void People::decide_raw(Raw& raw, const RequestId& request, const Submit& submit,
                        const ConfirmationAsked& pending, const std::string& what, int times) {
  const auto& principal = raw.welcome.principal;
  const Confirm confirm{pending.token, sha256(pending.explanation), {}, ""};
  for (int i = 0; i < times; ++i) {
    auto said = word(EventKind::asked, raw.seat, request.text(), what, principal);
    said.command = submit.command;
    said.node = submit.node;
    said.token = hex_digest(confirm.token.view());
    if (what == "confirm") said.digest = to_hex(confirm.explanation_digest.view());
    chronicle_.add(std::move(said));
    const bool sent = what == "confirm" ? raw.peer.send(request, confirm)
                                        : raw.peer.send(request, Abandon{confirm.token});
    if (!sent) break;
  }
  std::optional<ConfirmationAsked> none;
  read_repeated(raw.peer, word(EventKind::told, raw.seat, request.text(), what, principal), none);
}

void People::repeat(CommandName command, const std::string& node, Again again) {
  auto raw = connect_raw();
  if (!raw) return;
  const RequestId request{raw->welcome.session, 1, command_row(command).kernel_action()};
  const Submit submit{std::string(text_of(command)), node, kReason, ""};
  if (again == Again::at_once) {
    if (const auto pending = submit_raw(*raw, request, submit, 2))
      decide_raw(*raw, request, submit, *pending, "confirm", 2);
    return;
  }
  // The first one ends unexecuted, and its person is told so: from then on it must stay so.
  if (const auto pending = submit_raw(*raw, request, submit, 1))
    decide_raw(*raw, request, submit, *pending, "abandon", 1);
  if (again == Again::elsewhere) raw = connect_raw();
  if (!raw) return;
  if (const auto pending = submit_raw(*raw, request, submit, 1))
    decide_raw(*raw, request, submit, *pending, "confirm", 1);
}

}  // namespace aeromq::chaos::network
