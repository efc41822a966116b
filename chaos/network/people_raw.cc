// People who do what no client of ours does: frames made by hand, one request id used again.
#include <fmt/format.h>
#include <unistd.h>

#include "chaos/network/people.h"
#include "messages/digest.h"
#include "process/entropy.h"

namespace aeromq::chaos::network {

namespace {

constexpr int kRepeatMs = 250;  // after the first answer, the others come soon or not at all
constexpr const char* kReason = "drill";

std::string hex_digest(ByteView octets) { return to_hex(sha256(octets).view()); }

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
  const auto received = next(peer, quick_timeouts().link_ms);
  if (!received || received->header.type != MessageType::welcome) return std::nullopt;
  auto welcome = decode<Welcome>(received->body);
  if (!welcome) return std::nullopt;
  return std::move(*welcome);
}

}  // namespace

// Reads all that comes until nothing does for a while.
void People::read_repeated(transport::Peer& peer, Event word,
                           std::optional<ConfirmationAsked>& pending) {
  int patience = quick_timeouts().answer_ms;
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
  options.connect_timeout_ms = quick_timeouts().connect_ms;
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
  const Confirm confirm{pending.token, sha256(pending.explanation), {}, "", pending.sentence};
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
  const Submit submit{std::string(text_of(command)), node, kReason, "", {}};
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
