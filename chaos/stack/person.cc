#include "chaos/stack/person.h"

#include <signal.h>

#include <regex>

#include "chaos/stack/processes.h"
#include "chaos/stack/told.h"
#include "messages/digest.h"

namespace aeromq::chaos {
namespace {

using nlohmann::json;

constexpr int kAnswerMs = 45000;  // beyond every limit of the client itself

std::string request_in(const std::string& text) {
  static const std::regex id("(?:[0-9A-HJKMNP-TV-Z]{4}-){7}[0-9A-HJKMNP-TV-Z]{4}");
  std::smatch found;
  return std::regex_search(text, found, id) ? found.str() : std::string();
}

// The digest under which a token may be written down: that of its octets, not of their text.
std::string digest_of_token(const std::string& hex) {
  Bytes octets;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    octets.push_back(static_cast<std::uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  return to_hex(sha256(octets).view());
}

std::size_t note_asked(Recorder& recorder, const std::string& lane, std::uint64_t run,
                       const std::string& who, const std::vector<std::string>& words) {
  auto& began = recorder.note(EventKind::began, lane);
  began.run = run;
  auto& asked = recorder.note(EventKind::asked, lane);
  asked.run = run;
  asked.principal = recorder.principal(who);
  asked.what = "submit";
  asked.command = command_named(words);
  asked.digest = digest_of(words);
  if (words.size() > 1 && !words[1].starts_with("-") && words[0] != "audit") asked.node = words[1];
  return recorder.size() - 1;
}

void note_told(Recorder& recorder, const std::string& lane, std::uint64_t run,
               const std::string& principal, const Attempt& attempt) {
  if (!attempt.told.verdict.empty()) {
    auto told = attempt.told;
    auto& event = recorder.note(EventKind::told, lane);
    told.at_ns = event.at_ns;
    told.lane = lane;
    told.run = run;
    told.principal = principal;
    event = told;
  }
  auto& ended = recorder.note(EventKind::ended, lane);
  ended.run = run;
  ended.what = attempt.exit_code == 128 + SIGKILL ? "killed" : std::to_string(attempt.exit_code);
}

}  // namespace

std::string yes(const json& pending) {
  json reply{{"confirm", pending["token"]}, {"sentence", pending["sentence"]}};
  if (pending["confirmation"] == "enhanced") {
    for (const auto& risk : pending["risks"]) reply["acknowledge"].push_back(risk["id"]);
    reply["accept_responsibility"] = pending["responsibility_sentence"];
  }
  return reply.dump() + "\n";
}

std::string no(const json& pending) { return json{{"abandon", pending["token"]}}.dump() + "\n"; }

std::string forgetful(const json& pending) {
  return json{{"confirm", pending["token"]},
              {"sentence", pending["sentence"]},
              {"acknowledge", json::array()},
              {"accept_responsibility", pending["responsibility_sentence"]}}
             .dump() +
         "\n";
}

Conversation::Conversation(Stack& stack, Recorder& recorder, std::string who,
                           std::vector<std::string> words)
    : stack_(stack),
      recorder_(recorder),
      who_(std::move(who)),
      words_(std::move(words)),
      lane_("client." + who_ + ".1"),
      run_(recorder.next_run(lane_)) {
  recorder_.look();
  after_ = recorder_.last_record();
  asked_ = note_asked(recorder_, lane_, run_, who_, words_);
  child_ = stack_.two_step(who_, words_);
  const auto line = child_->read_line(kAnswerMs);
  if (!line) return;
  first_ = *line;
  request_ = request_in(first_);
  recorder_.at(asked_).request = request_;
  auto parsed = json::parse(first_, nullptr, false);
  if (!parsed.is_object() || !parsed.contains("token")) return;
  pending_ = std::move(parsed);
  auto& told = recorder_.note(EventKind::told, lane_);
  told.run = run_;
  told.request = request_;
  told.principal = recorder_.principal(who_);
  told.what = "submit";
  told.verdict = "pending";
  told.digest = pending_["explanation_digest"];
  told.token = digest_of_token(pending_["token"]);
}

void Conversation::answer(const Reply& reply) {
  if (!asks()) return;
  const auto line = reply(pending_);
  const bool confirms = line.find("\"confirm\"") != std::string::npos;
  what_ = confirms ? "confirm" : "abandon";
  confirmed_ = confirms;
  auto& asked = recorder_.note(EventKind::asked, lane_);
  asked.run = run_;
  asked.request = request_;
  asked.principal = recorder_.principal(who_);
  asked.what = what_;
  asked.command = command_named(words_);
  asked.digest = pending_["explanation_digest"];
  asked.token = digest_of_token(pending_["token"]);
  child_->write(line);
}

void Conversation::kill() { child_->kill(SIGKILL); }
bool Conversation::over() const { return !is_alive(child_->pid()); }

Attempt Conversation::finish() {
  const auto ended = child_->wait(kAnswerMs);
  Attempt attempt;
  attempt.exit_code = ended.exit_code;
  attempt.confirmed = confirmed_;
  attempt.words = first_ + "\n" + ended.out + ended.err;
  attempt.told =
      told_of({ended.exit_code, ended.out.empty() ? first_ : ended.out, ended.err}, what_);
  attempt.request = request_.empty() ? attempt.told.request : request_;
  recorder_.look();
  const auto principal = recorder_.principal(who_);
  if (attempt.request.empty())
    attempt.request = recorder_.stray_request(principal, command_named(words_), after_);
  recorder_.at(asked_).request = attempt.request;
  note_told(recorder_, lane_, run_, principal, attempt);
  return attempt;
}

Attempt look(Stack& stack, Recorder& recorder, const std::string& who,
             std::vector<std::string> words) {
  const auto lane = "client." + who + ".1";
  const auto run = recorder.next_run(lane);
  const auto asked = note_asked(recorder, lane, run, who, words);
  const std::string what = words.front() == "outcome" ? "outcome" : "submit";
  recorder.at(asked).what = what;
  if (what == "outcome") {
    recorder.at(asked).request = words.back();
    recorder.at(asked).node.clear();
  }
  const auto ended = stack.ctl(who, words);
  Attempt attempt;
  attempt.exit_code = ended.exit_code;
  attempt.words = ended.out + ended.err;
  attempt.told = told_of({ended.exit_code, ended.out, ended.err}, what);
  if (what == "outcome") attempt.told.request = words.back();
  attempt.request = attempt.told.request;
  recorder.at(asked).request = attempt.request;
  recorder.look();
  note_told(recorder, lane, run, recorder.principal(who), attempt);
  return attempt;
}

}  // namespace aeromq::chaos
