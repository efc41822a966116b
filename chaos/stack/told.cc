#include "chaos/stack/told.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "messages/command.h"
#include "messages/digest.h"

namespace aeromq::chaos {
namespace {

using nlohmann::json;

constexpr int kKilledBySignal = 128;

json object_in(const std::string& text) {
  if (auto whole = json::parse(text, nullptr, false); whole.is_object()) return whole;
  json last;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (auto value = json::parse(line, nullptr, false); value.is_object()) last = std::move(value);
  return last;
}

std::string text_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// The words of a verdict have blanks for people, none in a history.
std::string plain(std::string words) {
  std::ranges::replace(words, ' ', '_');
  return words;
}

bool is_kernel_action(const std::string& request) {
  const auto id = RequestId::parse(request);
  return id && id->kernel_action;
}

void tell_error(Event& told, const json& error) {
  told.code = text_at(error, "code");
  told.text = text_at(error, "message");
  if (told.request.empty()) told.request = text_at(error, "request");
  const bool by_kernel = text_at(error, "domain") == "KernelRejection";
  // A look that the kernel refuses decides nothing: the ledger has no row of it.
  told.verdict =
      by_kernel && is_kernel_action(told.request) ? "rejected" : plain(text_at(error, "outcome"));
  told.final_ = told.verdict != "unknown";
}

void tell_outcome(Event& told, const json& answer) {
  told.verdict = plain(text_at(answer, "verdict"));
  told.final_ = answer.value("final", false);
  told.code = text_at(answer, "code");
  told.text = text_at(answer, "text");
}

struct Verb {
  std::vector<std::string> words;
  CommandName command;
};

const std::vector<Verb>& verbs() {
  static const std::vector<Verb> all{
      {{"inspect", "cluster"}, CommandName::inspect_cluster_state},
      {{"inspect", "node"}, CommandName::inspect_node},
      {{"inspect", "replication"}, CommandName::inspect_replication_status},
      {{"inspect", "promotion"}, CommandName::inspect_promotion_state},
      {{"outcome"}, CommandName::inspect_promotion_state},
      {{"diag", "diagnostics"}, CommandName::run_diagnostics},
      {{"diag", "wal"}, CommandName::inspect_wal},
      {{"diag", "snapshots"}, CommandName::inspect_snapshots},
      {{"explain", "promote"}, CommandName::request_promotion},
      {{"explain", "demote"}, CommandName::request_demotion},
      {{"explain", "force-promote"}, CommandName::force_promotion},
      {{"promote"}, CommandName::request_promotion},
      {{"demote"}, CommandName::request_demotion},
      {{"force-promote"}, CommandName::force_promotion}};
  return all;
}

const Verb* verb_of(const std::vector<std::string>& words) {
  for (const auto& verb : verbs())
    if (words.size() >= verb.words.size() &&
        std::equal(verb.words.begin(), verb.words.end(), words.begin()))
      return &verb;
  return nullptr;
}

}  // namespace

Event told_of(const Said& said, const std::string& what) {
  Event told;
  told.kind = EventKind::told;
  told.what = what;
  if (said.exit_code >= kKilledBySignal || said.exit_code < 0) return told;
  auto answer = object_in(said.out);
  if (!answer.is_object()) answer = object_in(said.err);
  if (!answer.is_object()) return told;
  told.request = text_at(answer, "request");
  if (what == "outcome") told.request.clear();  // the question's own id is not told
  if (answer.contains("record") && answer["record"].is_number_unsigned())
    told.number = answer["record"];
  if (answer.contains("error")) {
    tell_error(told, answer["error"]);
  } else if (answer.contains("domain")) {
    tell_error(told, answer);
  } else if (what == "outcome") {
    tell_outcome(told, answer);
    told.request = text_at(answer, "request");
  } else if (answer.contains("outcome")) {
    told.verdict = plain(text_at(answer, "outcome"));
    told.code = text_at(answer, "code");
    told.text = text_at(answer, "text");
    told.final_ = true;
  } else if (answer.contains("token")) {
    told.verdict = "pending";
  } else {
    told.verdict = "viewed";
    told.final_ = true;
  }
  // That a question about a request failed says nothing of the request.
  if (what == "outcome" && (answer.contains("domain") || answer.contains("error"))) {
    told.verdict = "unknown";
    told.final_ = false;
    told.request.clear();
  }
  return told;
}

bool fits(int exit_code, const Event& told) {
  const auto one_of = [&](std::initializer_list<int> codes) {
    return std::ranges::find(codes, exit_code) != codes.end();
  };
  if (told.verdict == "executed" || told.verdict == "no_kernel_change") return one_of({0});
  if (told.verdict == "viewed") return one_of({0, 40, 41, 42, 43, 44, 45, 49});
  if (told.verdict == "rejected") return one_of({20});
  if (told.verdict == "not_executed")
    return told.what == "outcome"
               ? one_of({told.final_ ? 10 : 30})
               : one_of({2, 10, 11, 31}) || (exit_code == 20 && !is_kernel_action(told.request));
  if (told.verdict == "unknown") return one_of({12, 30});
  if (told.verdict == "not_yet_decided") return one_of({30});
  return told.verdict.empty() && exit_code >= kKilledBySignal;
}

std::string command_named(const std::vector<std::string>& words) {
  if (const auto* verb = verb_of(words)) return std::string(text_of(verb->command));
  std::string line;
  for (const auto& word : words) line += (line.empty() ? "" : " ") + word;
  return line;
}

std::string digest_of(const std::vector<std::string>& words) {
  const auto* verb = verb_of(words);
  if (verb == nullptr) return {};
  Submit submit;
  submit.command = text_of(verb->command);
  for (std::size_t i = verb->words.size(); i < words.size(); ++i) {
    if (words[i] == "--reason" && i + 1 < words.size())
      submit.reason = words[++i];
    else if (verb->words.front() == "outcome")
      submit.about = words[i];
    else
      submit.node = words[i];
  }
  return to_hex(sha256(encode(submit)).view());
}

}  // namespace aeromq::chaos
