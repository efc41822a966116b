#include "chaos/situations/person.h"

#include <poll.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <regex>

#include "chaos/stack/recorder.h"
#include "chaos/stack/told.h"

namespace aeromq::chaos::situations {
namespace {

using nlohmann::json;

constexpr int kExplainMs = 30000;
// The kernel waits 30 s for an agent here, the client somewhat longer.
constexpr int kActMs = 90000;
constexpr int kLookMs = 30000;
constexpr int kAgainMs = 400;

std::string request_in(const std::string& text) {
  static const std::regex id("(?:[0-9A-HJKMNP-TV-Z]{4}-){7}[0-9A-HJKMNP-TV-Z]{4}");
  std::smatch found;
  return std::regex_search(text, found, id) ? found.str() : std::string();
}

std::string text_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::vector<Check> checks_of(const json& explanation) {
  std::vector<Check> checks;
  if (!explanation.contains("checks")) return checks;
  for (const auto& one : explanation["checks"])
    checks.push_back(
        {text_at(one, "code"), one.value("passes", false), one.value("overridable", false)});
  return checks;
}

void take(Deed& deed, const Event& told) {
  deed.verdict = told.verdict;
  deed.final = told.final_;
  deed.code = told.code;
  deed.text = told.text;
  if (told.final_ && !told.verdict.empty()) deed.verdicts.push_back(told.verdict);
}

std::string reply_to(const json& pending, bool yes, Deed& deed) {
  json reply{{"confirm", pending["token"]}, {"acknowledge", json::array()}};
  if (pending.contains("risks") && yes)
    for (const auto& risk : pending["risks"]) reply["acknowledge"].push_back(risk["id"]);
  reply["sentence"] = text_at(pending, "sentence");
  if (text_at(pending, "confirmation") == "enhanced")
    reply["accept_responsibility"] = text_at(pending, "responsibility_sentence");
  if (yes)
    for (const auto& check : deed.checks)
      if (!check.passes && check.overridable) deed.acknowledged.insert(check.code);
  return reply.dump() + "\n";
}

}  // namespace

Deed do_deed(Scene& scene, const std::string& verb, const std::string& node, bool yes) {
  Deed deed;
  deed.verb = deed.command = verb;
  deed.node = node;
  deed.before = read_files(scene.cluster());
  deed.explained.from_ns = boot_now();
  const auto child = scene.stack().two_step("operator", {verb, node, "--reason", "a situation"});
  const auto line = child->read_line(kExplainMs);
  deed.explained.to_ns = boot_now();
  auto pending = json::parse(line.value_or(""), nullptr, false);
  std::string first = line.value_or("");
  deed.overdue = !line && child->pid() > 0 &&
                 deed.explained.to_ns - deed.explained.from_ns >
                     static_cast<std::uint64_t>(kExplainMs) * 900'000U;
  if (pending.is_object() && pending.contains("token")) {
    deed.request = request_in(first);
    deed.checks = checks_of(pending["explanation"]);
    deed.acted.from_ns = boot_now();
    child->write(reply_to(pending, yes, deed));
  }
  const auto ended = child->wait(kActMs);
  if (deed.acted.from_ns != 0) deed.acted.to_ns = boot_now();
  deed.exit_code = ended.exit_code;
  deed.overdue = deed.overdue || ended.exit_code == 137;
  const auto told = told_of({ended.exit_code, ended.out.empty() ? first : ended.out, ended.err},
                            deed.acted.from_ns != 0 ? "confirm" : "submit");
  if (deed.request.empty()) deed.request = told.request;
  take(deed, told);
  if (deed.text.empty()) deed.text = ended.err;
  deed.settled_ns = boot_now();
  deed.after = read_files(scene.cluster());
  deed.looked_ns = boot_now();
  return deed;
}

// Each line is a question with a token, the answer to one, or the client's own last word.
std::vector<Deed> do_switchover(Scene& scene, const std::string& from, const std::string& to) {
  std::vector<Deed> deeds;
  const auto begin = [&](const std::string& verb, const std::string& node) {
    Deed deed;
    deed.verb = verb;
    deed.command = "switchover";
    deed.node = node;
    deed.before = read_files(scene.cluster());
    deed.explained.from_ns = boot_now();
    deeds.push_back(std::move(deed));
  };
  const auto end = [&](const std::string& line, int exit_code) {
    auto& deed = deeds.back();
    if (deed.acted.from_ns != 0) deed.acted.to_ns = boot_now();
    take(deed, told_of({0, line, ""}, deed.acted.from_ns != 0 ? "confirm" : "submit"));
    deed.exit_code = deed.verdict == "executed" ? 0 : exit_code;
    deed.settled_ns = boot_now();
    deed.after = read_files(scene.cluster());
    deed.looked_ns = boot_now();
  };
  begin("demote", from);
  const auto child =
      scene.stack().two_step("operator", {"switchover", from, to, "--reason", "a situation"});
  while (const auto line =
             child->read_line(deeds.back().acted.from_ns != 0 ? kActMs : kExplainMs)) {
    const auto said = json::parse(*line, nullptr, false);
    if (!said.is_object() || said.contains("switchover")) continue;
    if (said.contains("token")) {
      if (deeds.back().acted.to_ns != 0) begin("promote", to);
      auto& deed = deeds.back();
      deed.explained.to_ns = boot_now();
      deed.request = request_in(*line);
      deed.checks = checks_of(said["explanation"]);
      deed.acted.from_ns = boot_now();
      child->write(reply_to(said, true, deed));
    } else if (deeds.back().acted.to_ns == 0) {
      constexpr int kRejected = 20;
      end(*line, kRejected);
    }
  }
  const auto ended = child->wait(kLookMs);
  auto& last = deeds.back();
  last.overdue = ended.exit_code == 137;
  if (last.looked_ns == 0) {
    if (last.explained.to_ns == 0) last.explained.to_ns = boot_now();
    end(ended.out + ended.err, ended.exit_code);
  }
  return deeds;
}

void settle(Scene& scene, Deed& deed, int most_ms) {
  if (deed.request.empty() || deed.acted.from_ns == 0) return;
  const auto end = boot_now() + static_cast<std::uint64_t>(most_ms) * 1'000'000U;
  const bool was_final = deed.final;
  do {
    const auto ended =
        run(scene.stack().ctl_words("operator", "json", {"outcome", deed.request}), kLookMs);
    if (ended.exit_code == 137) deed.overdue = true;
    const auto told = told_of({ended.exit_code, ended.out, ended.err}, "outcome");
    if (told.final_) {
      take(deed, told);
      break;
    }
    if (!deed.final) deed.verdict = told.verdict;
    ::poll(nullptr, 0, kAgainMs);
  } while (boot_now() < end);
  if (was_final) return;  // asked again: by now its files may be a later deed's
  deed.settled_ns = boot_now();
  deed.after = read_files(scene.cluster());
  deed.looked_ns = boot_now();
}

Look look(Scene& scene) {
  Look seen;
  seen.window.from_ns = boot_now();
  const auto ended =
      run(scene.stack().ctl_words("operator", "json", {"inspect", "cluster"}), kLookMs);
  seen.window.to_ns = boot_now();
  seen.exit_code = ended.exit_code;
  seen.overdue = ended.exit_code == 137;
  const auto told = json::parse(ended.out, nullptr, false);
  if (told.is_object() && told.contains("nodes"))
    for (const auto& node : told["nodes"])
      if (!node.value("stale", false) && node.value("answered", true))
        seen.answered.insert(text_at(node, "name"));
  return seen;
}

}  // namespace aeromq::chaos::situations
