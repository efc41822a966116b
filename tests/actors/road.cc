#include "tests/actors/road.h"

#include <gtest/gtest.h>

#include <sstream>

#include "messages/digest.h"

namespace aeromq {
namespace {

const std::vector<Grant>& grants() {
  static const std::vector<Grant> made{
      {"alice", Authority::operator_}, {"bob", Authority::operator_},
      {"otto", Authority::observer},   {"ada", Authority::auditor},
      {"twin", Authority::operator_},  {"twin", Authority::observer}};
  return made;
}

ConfirmationKeeper::TokenSource counting_tokens() {
  return [n = std::uint8_t{0}]() mutable {
    Token token;
    token.octets.fill(++n);
    return token;
  };
}

std::string first_word(std::string& rest) {
  std::istringstream in(rest);
  std::string word;
  in >> word;
  std::getline(in >> std::ws, rest);
  if (in.fail()) rest.clear();
  return word;
}

/// "a=1 b=2 c=the rest": the last key takes the rest of the line.
std::map<std::string, std::string> arguments(std::string rest, const std::string& last) {
  std::map<std::string, std::string> made;
  while (!rest.empty()) {
    if (rest.starts_with(last + "=")) {
      made[last] = rest.substr(last.size() + 1);
      break;
    }
    const auto word = first_word(rest);
    const auto at = word.find('=');
    made[word.substr(0, at)] = at == std::string::npos ? "" : word.substr(at + 1);
  }
  return made;
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> words;
  std::istringstream in(list);
  for (std::string word; std::getline(in, word, ',');) words.push_back(word);
  return words;
}

std::string error_text(const Error& error) {
  auto line = std::string(text_of(error.domain)) + " " + error.code + " (" +
              std::string(text_of(error.outcome)) + ")";
  if (!error.field.empty()) line += " field " + error.field;
  return line + ": " + error.message;
}

}  // namespace

Road::Road() : gate_(grants()), keeper_(counting_tokens(), 120'000) {}

std::string Road::take() { return std::exchange(log_, {}); }

void Road::play(const std::string& line) {
  auto rest = line;
  const auto subject = first_word(rest);
  const auto verb = first_word(rest);
  if (subject == "wait") {
    now_ = after_ms(now_, std::stoull(verb));
    tick();
  } else if (subject == "kernel" && verb == "silences") {
    kernel_.silence(rest);
  } else if (subject == "kernel" && verb == "dies-at-act") {
    lose_next_act_ = true;
  } else if (subject == "kernel" && verb == "dies-at-read") {
    lose_next_read_ = true;
  } else if (subject == "dispatcher" && verb == "restarts") {
    dispatcher_ = std::make_unique<Dispatcher>();
  } else if (subject == "broker" && verb == "resends-dispatch") {
    enter(rest, requests_.at(rest).dispatch);
  } else if (subject == "broker" && verb == "voids") {
    enter(rest, message(requests_.at(rest).id, VoidConfirmation{EndReason::client_gone}));
  } else if (verb == "submit") {
    const auto name = first_word(rest);
    submit(subject, name, rest);
  } else {
    const auto name = first_word(rest);
    answer(subject, verb, name, rest);
  }
  run();
}

void Road::submit(const std::string& principal, const std::string& name, const std::string& rest) {
  auto given = arguments(rest, "reason");
  Submit body{given["command"], given["node"], given["reason"], given["about"], given["successor"]};
  if (requests_.contains(body.about)) body.about = requests_.at(body.about).id.text();
  auto& known = requests_[name];
  known.id.counter = static_cast<std::uint32_t>(requests_.size());
  known.id.session.history.octets = {1, 2, 3, 4};
  const auto command = find_command(body.command);
  known.id.kernel_action = command && command_row(*command).kernel_action();
  known.principal = principal;
  enter(name, message(known.id, body));
}

void Road::answer(const std::string& principal, const std::string& verb, const std::string& name,
                  const std::string& rest) {
  auto& known = requests_.at(name);
  auto given = arguments(rest, "accept");
  auto token = known.asked.token;
  if (given.contains("token")) token.octets.fill(0xEE);
  known.principal = principal;
  if (verb == "abandon") return enter(name, message(known.id, Abandon{token}));
  ASSERT_EQ(verb, "confirm");
  auto digest = sha256(known.asked.explanation);
  if (given.contains("digest")) digest = {};
  const auto accept =
      given["accept"] == "given" ? known.asked.responsibility_sentence : given["accept"];
  const auto sentence = given.contains("sentence") ? given["sentence"] : known.asked.sentence;
  enter(name,
        message(known.id, Confirm{token, digest, split(given["acknowledge"]), accept, sentence}));
}

void Road::enter(const std::string& name, Envelope envelope) {
  // A confirmation that came too late meets a closed request; the broker would stop it, the cores
  // must survive it.
  requests_.at(name).last = MessageType::none;
  queue_.push_back(std::move(envelope));
}

void Road::run() {
  while (!queue_.empty()) {
    const auto envelope = queue_.front();
    queue_.pop_front();
    deliver(envelope);
  }
}

void Road::deliver(const Envelope& sent) {
  auto envelope = sent;
  const auto* route = find_route(envelope.type);
  ASSERT_NE(route, nullptr);
  const auto name = name_of_request(envelope.request);
  auto& known = requests_.at(name);
  // Checked as the broker does: nothing moves but along the table.
  const bool entering = route->sender == ActorRole::client || route->sender == ActorRole::broker;
  EXPECT_TRUE(entering || known.last == MessageType::none || route->follows.has(known.last))
      << route->name << " after " << aeromq::name_of(known.last);
  known.last = envelope.type;
  if (envelope.type == MessageType::dispatch) known.dispatch = envelope;
  if (envelope.type == MessageType::confirmation_asked)
    known.asked = *decode<ConfirmationAsked>(envelope.body);
  envelope.principal = known.principal;  // stamped by the broker, never by the sender
  write(std::string(text_of(route->sender)) + " -> " + std::string(text_of(route->receiver)) +
        ": " + std::string(route->name) + " " + name + told(envelope));
  switch (route->receiver) {
    case ActorRole::gate:
      return carry_out(route->receiver, gate_.on(envelope, now_));
    case ActorRole::explainer:
      return carry_out(route->receiver, explainer_.on(envelope, now_));
    case ActorRole::keeper:
      return carry_out(route->receiver, keeper_.on(envelope, now_));
    case ActorRole::writer:
      return carry_out(route->receiver, writer_.on(envelope, now_));
    case ActorRole::dispatcher:
      return carry_out(route->receiver, dispatcher_->on(envelope, now_));
    default:
      return;
  }
}

void Road::carry_out(ActorRole role, Step step) {
  EXPECT_TRUE(step.records.empty() || role == ActorRole::writer);
  EXPECT_TRUE(step.calls.empty() || role == ActorRole::dispatcher);
  for (const auto& record : step.records) write_record(record);
  for (const auto& made : step.calls) carry_out(role, call(made));
  for (auto& envelope : step.send) {
    EXPECT_EQ(find_route(envelope.type)->sender, role);
    queue_.push_back(std::move(envelope));
  }
}

Step Road::call(const KernelCall& call) {
  auto line = "kernel: " + std::string(text_of(call.kind));
  if (call.kind == CallKind::act) {
    line += " " + std::string(text_of(call.act.action)) + " " + call.act.node + " fencing epoch " +
            std::to_string(call.act.fencing_epoch) + " for " + call.act.principal;
    if (!call.act.successor.empty()) line += " successor " + call.act.successor;
    for (const auto& code : call.act.overrides) line += " override " + code;
  }
  write(line);
  auto& lose = call.kind == CallKind::act ? lose_next_act_ : lose_next_read_;
  if (std::exchange(lose, false)) return dispatcher_->on_kernel_lost(now_);
  return dispatcher_->on_answer(kernel_.answer(call), now_);
}

void Road::tick() {
  carry_out(ActorRole::keeper, keeper_.on_tick(now_));
  carry_out(ActorRole::writer, writer_.on_tick(now_));
  carry_out(ActorRole::dispatcher, dispatcher_->on_tick(now_));
}

std::string Road::name_of_request(const RequestId& id) const {
  for (const auto& [name, known] : requests_)
    if (known.id == id) return name;
  return "?";
}

void Road::write_record(const Record& record) {
  auto line = "record " + std::to_string(record.seq) + " " + std::string(text_of(record.stage)) +
              " by " + record.principal + " (" + std::string(text_of(record.authority)) + ")";
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) line.append(" ").append(name).append("=").append(value);
  };
  add("command", record.command);
  add("node", record.node);
  add("successor", record.successor);
  add("confirmation", record.confirmation == ConfirmationKind::never
                          ? ""
                          : std::string(text_of(record.confirmation)));
  for (const auto& id : record.acknowledged) add("acknowledged", id);
  add("responsibility", record.responsibility);
  add("token", record.token_digest.substr(0, 8));
  add("snapshot", record.snapshot == 0 ? "" : std::to_string(record.snapshot));
  add("fencing_epoch", record.fencing_epoch == 0 ? "" : std::to_string(record.fencing_epoch));
  add("kernel_code", record.kernel_code);
  for (const auto& effect : record.effects)
    add("effect", effect.name + ":" + effect.before + ">" + effect.after);
  add("error", record.error_code);
  add("failure", record.failure);
  add("outcome", record.outcome == RecordOutcome::none ? "" : std::string(text_of(record.outcome)));
  add("cause", record.cause == 0 ? "" : std::to_string(record.cause));
  write(line);
}

std::string Road::told(const Envelope& envelope) const {
  switch (envelope.type) {
    case MessageType::error:
      return ": " + error_text(decode<ErrorAnswer>(envelope.body)->error);
    case MessageType::result: {
      const auto result = *decode<RequestResult>(envelope.body);
      if (result.executed) return ": executed, record " + std::to_string(result.record);
      const auto view = *decode<View>(result.view);
      auto line = ": view of snapshot " + std::to_string(view.snapshot);
      for (const auto& outcome : view.outcomes)
        line += ", outcome " + std::string(text_of(outcome.verdict));
      for (const auto& finding : view.findings) line += ", " + finding.code;
      return line;
    }
    case MessageType::confirmation_asked: {
      const auto asked = *decode<ConfirmationAsked>(envelope.body);
      const auto explanation = *decode<Explanation>(asked.explanation);
      auto line =
          ": " + std::string(text_of(asked.confirmation)) + ", \"" + explanation.action + "\"";
      for (const auto& check : explanation.checks)
        line += ", " + check.code + (check.passes ? " passes" : " fails");
      for (const auto& check : explanation.successor_checks)
        line +=
            ", " + explanation.successor + " " + check.code + (check.passes ? " passes" : " fails");
      for (const auto& risk : explanation.risks) line += ", risk " + risk.id;
      return explanation.cost.empty() ? line : line + ", cost: " + explanation.cost;
    }
    default:
      return {};
  }
}

}  // namespace aeromq
