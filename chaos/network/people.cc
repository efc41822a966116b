#include "chaos/network/people.h"

#include <fmt/format.h>

#include <algorithm>

#include "messages/digest.h"

namespace aeromq::chaos::network {
namespace {

constexpr int kConnectMs = 600;
constexpr int kLinkMs = 600;
constexpr int kAnswerMs = 1200;
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
  const Submit submit{std::string(text_of(command)), node, kReason, "", {}};
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
  told(event, client.confirm(*pending, pending->asked.sentence, std::move(risks),
                             pending->asked.responsibility_sentence));
}

void People::inspect(const std::string& who) {
  auto* seat = seat_of(who);
  if (seat == nullptr) return;
  auto& client = *seat->client;
  const Submit submit{std::string(text_of(CommandName::inspect_cluster_state)), "", "", "", {}};
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
  const Submit submit{
      std::string(text_of(CommandName::inspect_promotion_state)), "", "", about, {}};
  const auto request = client.next_request(CommandName::inspect_promotion_state);
  if (!request) return false;
  const auto principal = client.welcome().principal;
  asked(*seat, principal, about, "outcome", submit);
  const auto answer = client.submit(*request, submit);
  told(word(EventKind::told, *seat, about, "outcome", principal), answer);
  const auto* seen = answer ? std::get_if<client::ViewAnswer>(&*answer) : nullptr;
  return seen != nullptr && !seen->view.outcomes.empty() && seen->view.outcomes.front().final_;
}

}  // namespace aeromq::chaos::network
