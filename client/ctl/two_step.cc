#include "client/ctl/two_step.h"

#include <set>

#include "client/ctl/dialogue.h"

namespace aeromq::ctl {
namespace {

Error bad(const std::string& what, const std::string& field) {
  return make_error(ErrorCode::invalid_input, what, field);
}

Result<std::string> text(const Json& value, const std::string& field) {
  if (!value.is_string()) return fail(bad("must be text", field));
  return value.get<std::string>();
}

/// The JSON library keeps the last of two equal keys in silence; a confirmation must not.
Result<Json> parse_object(const std::string& line) {
  std::set<std::string> seen;
  std::string twice;
  const auto watch = [&](int depth, Json::parse_event_t event, const Json& parsed) {
    if (event == Json::parse_event_t::key && depth == 1) {
      const auto key = parsed.get<std::string>();
      if (!seen.insert(key).second) twice = key;
    }
    return true;
  };
  auto value = Json::parse(line, watch, false);
  if (value.is_discarded() || !value.is_object())
    return fail(bad("one JSON object on one line is expected", "stdin"));
  if (!twice.empty()) return fail(bad("the key stands twice", twice));
  return value;
}

Result<void> read_member(const std::string& key, const Json& value, Reply& reply) {
  if (key == "acknowledge") {
    if (!value.is_array()) return fail(bad("must be a list of risk ids", key));
    for (const auto& one : value) {
      auto id = text(one, key);
      if (!id) return fail(id.error());
      reply.acknowledge.push_back(std::move(*id));
    }
    return {};
  }
  auto* target = key == "sentence"                ? &reply.sentence
                 : key == "accept_responsibility" ? &reply.accept_responsibility
                                                  : nullptr;
  if (target == nullptr) return fail(bad("the key is not known", key));
  auto sentence = text(value, key);
  if (!sentence) return fail(sentence.error());
  *target = trimmed(*sentence);
  return {};
}

}  // namespace

Json pending_json(const client::Pending& pending) {
  auto risks = Json::array();
  for (const auto& risk : pending.explanation.risks)
    risks.push_back({{"id", risk.id}, {"text", risk.text}});
  Json value{{"request", pending.request.text()},
             {"token", to_hex(pending.asked.token.view())},
             {"confirmation", std::string(text_of(pending.asked.confirmation))},
             {"sentence", pending.asked.sentence},
             {"expires_in_ms", pending.left_ms()},
             {"explanation", wire_json(pending.explanation)},
             {"explanation_digest", to_hex(pending.explanation_digest.view())},
             {"risks", std::move(risks)}};
  if (pending.asked.confirmation == ConfirmationKind::enhanced)
    value["responsibility_sentence"] = pending.asked.responsibility_sentence;
  return value;
}

Result<Reply> parse_reply(const std::string& line, const Token& token) {
  auto object = parse_object(line);
  if (!object) return fail(object.error());
  Reply reply;
  reply.confirm = object->contains("confirm");
  const std::string verb = reply.confirm ? "confirm" : "abandon";
  if (!object->contains(verb)) return fail(bad("one of confirm, abandon is expected", "confirm"));
  if (!reply.confirm && object->size() != 1) return fail(bad("abandon stands alone", "abandon"));
  for (const auto& [key, value] : object->items()) {
    if (key == verb) {
      auto named = text(value, key);
      if (!named) return fail(named.error());
      if (*named != to_hex(token.view())) return fail(bad("not the token that was asked for", key));
    } else if (auto read = read_member(key, value, reply); !read) {
      return fail(read.error());
    }
  }
  return reply;
}

}  // namespace aeromq::ctl
