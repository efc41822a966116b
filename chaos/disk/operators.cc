#include "chaos/disk/operators.h"

#include <poll.h>

#include <algorithm>

#include "messages/digest.h"

namespace aeromq::chaos::disk {
namespace {

constexpr client::Timeouts kTimeouts{2000, 3000, 12000, 12000};
constexpr std::array kNodes{"a", "b", "c"};
constexpr int kAfterRefusalMs = 5;
constexpr unsigned kConfirmedOfTen = 9;
constexpr unsigned kLegalOfTen = 8;

std::string with_underscores(std::string_view text) {
  std::string made(text);
  std::ranges::replace(made, ' ', '_');
  return made;
}

std::string verdict_of(const Error& error) {
  return error.domain == Domain::kernel_rejection ? "rejected"
                                                  : with_underscores(text_of(error.outcome));
}

void put_error(Event& told, const Error& error) {
  told.verdict = verdict_of(error);
  told.final_ = told.verdict != "unknown";
  told.code = error.code;
  told.text = error.message;
  // A rejection that could not be recorded is told inside the disk's error.
  constexpr std::string_view kRejected = "; the kernel answered: rejected ";
  const auto at = error.message.find(kRejected);
  if (error.code != "AUDIT_UNAVAILABLE" || at == std::string::npos) return;
  const auto words = error.message.substr(at + kRejected.size());
  const auto colon = words.find(": ");
  told.verdict = "rejected";
  told.code = words.substr(0, colon);
  told.text = words.substr(std::min(colon, words.size() - 2) + 2);
}

}  // namespace

Person::Person(const std::filesystem::path& client_file, std::string lane, Notebook& notebook,
               std::uint64_t seed)
    : lane_(std::move(lane)), notebook_(notebook), random_(seed) {
  const auto settings = client::read_settings(client_file);
  if (!settings) return;
  auto client = client::Client::connect(*settings, kTimeouts);
  if (client) client_.emplace(std::move(*client));
}

bool Person::connected() { return client_ && client_->alive(); }

Event Person::tell(Event asked, const Result<client::Answer>& answer) {
  auto told = std::move(asked);
  told.kind = EventKind::told;
  if (!answer) {
    put_error(told, answer.error());
  } else if (const auto* view = std::get_if<client::ViewAnswer>(&*answer)) {
    told.verdict = "viewed";
    for (const auto& fact : view->view.facts)
      if (fact.name == "holder") holder_ = fact.value == "none" ? "" : fact.value;
    if (told.what == "outcome" && view->view.outcomes.size() == 1) {
      const auto& outcome = view->view.outcomes.front();
      told.verdict = with_underscores(text_of(outcome.verdict));
      told.final_ = outcome.final_;
      told.code = outcome.code;
      told.text = outcome.text;
    } else {
      told.number = view->record;
    }
  } else if (const auto* pending = std::get_if<client::Pending>(&*answer)) {
    told.verdict = "pending";
    told.number = pending->asked.record;
    told.token = to_hex(sha256(pending->asked.token.view()).view());
    told.digest = to_hex(pending->explanation_digest.view());
  } else if (const auto* executed = std::get_if<client::Executed>(&*answer)) {
    told.verdict = "executed";
    told.final_ = true;
    told.number = executed->record;
  } else if (const auto* failure = std::get_if<client::Failure>(&*answer)) {
    put_error(told, failure->error);
    told.number = failure->record;
  }
  notebook_.note(told);
  return told;
}

Event Person::ask(CommandName name, Submit command, const std::string& what, bool confirmed) {
  Event asked;
  asked.kind = EventKind::asked;
  asked.lane = lane_;
  asked.what = what;
  if (!client_) return asked;
  command.command = text_of(name);
  asked.principal = client_->welcome().principal;
  asked.command = command.command;
  asked.node = command.node;
  asked.digest = to_hex(sha256(encode(command)).view());
  const auto id = client_->next_request(name);
  if (!id) return asked;
  asked.request = what == "outcome" ? command.about : id->text();
  notebook_.note(asked);
  const auto answer = client_->submit(*id, command);
  auto told = tell(asked, answer);
  if (told.verdict != "pending") return told;
  const auto& pending = std::get<client::Pending>(*answer);
  asked.what = confirmed ? "confirm" : "abandon";
  asked.token = told.token;
  asked.digest = told.digest;
  notebook_.note(asked);
  return tell(asked, confirmed ? client_->confirm(pending, pending.asked.sentence)
                               : client_->abandon(pending));
}

std::optional<std::string> Person::look() {
  const auto told = ask(CommandName::inspect_cluster_state, {}, "submit", false);
  if (told.verdict != "viewed") return std::nullopt;
  return holder_;
}

Event Person::change(const std::string& holder, bool confirmed) {
  Submit command;
  command.reason = "drill";
  command.node = holder.empty() ? kNodes[random_() % kNodes.size()] : holder;
  return ask(holder.empty() ? CommandName::request_promotion : CommandName::request_demotion,
             command, "submit", confirmed);
}

Event Person::change() {
  auto holder = look().value_or("");
  if (random_() % 10 >= kLegalOfTen) holder = holder == "a" ? "b" : "a";  // the kernel says no
  return change(holder, random_() % 10 < kConfirmedOfTen);
}

Event Person::outcome(const std::string& request) {
  Submit command;
  command.about = request;
  return ask(CommandName::inspect_promotion_state, command, "outcome", false);
}

Operators::Operators(const std::filesystem::path& clients, Notebook& notebook, std::uint64_t seed) {
  for (const auto number : {1U, 2U, 3U}) {
    const std::string who = number == 3 ? "observer" : "operator";
    threads_.emplace_back([=, &notebook](const std::stop_token& stop) {
      Person person(clients / (who + ".toml"), "client." + who + "." + std::to_string(number),
                    notebook, seed * 8 + number);
      while (!stop.stop_requested() && person.connected()) {
        const bool heard = number == 3 ? person.look().has_value() : person.change().number != 0;
        if (!heard) ::poll(nullptr, 0, kAfterRefusalMs);
      }
    });
  }
}

void Operators::stop() {
  for (auto& thread : threads_) thread.request_stop();
  threads_.clear();
}

}  // namespace aeromq::chaos::disk
