#include "chaos/kill/command_class.h"

#include <signal.h>

#include <nlohmann/json.hpp>
#include <regex>

namespace aeromq::chaos {
namespace {

using nlohmann::json;

constexpr int kAnswerMs = 25000;
constexpr int kCheckMs = 15000;
const std::vector<std::string> kNodes{"a", "b", "c"};

std::string request_in(const std::string& text) {
  static const std::regex id("(?:[0-9A-HJKMNP-TV-Z]{4}-){7}[0-9A-HJKMNP-TV-Z]{4}");
  std::smatch found;
  return std::regex_search(text, found, id) ? found.str() : std::string();
}

std::string holder_of(Stack& stack) {
  std::string holder;
  poll_until(kCheckMs, [&] {
    const auto promotion = stack.inspect({"inspect", "cluster"});
    if (!promotion) return false;
    for (const auto& node : (*promotion)["nodes"])
      if (node["assigned"] == "primary") holder = node["node"];
    return true;
  });
  return holder;
}

// A node whose promotion every check of the kernel would let pass now; empty if none.
std::string promotable(Stack& stack) {
  std::string found;
  poll_until(kCheckMs, [&] {
    for (const auto& node : kNodes) {
      const auto explained = stack.inspect({"explain", "promote", node});
      if (!explained) continue;
      bool passes = true;
      for (const auto& check : (*explained)["checks"]) passes = passes && check["passes"] == true;
      if (passes) found = node;
    }
    return !found.empty();
  });
  return found;
}

using Reply = std::function<std::string(const json& pending)>;

std::string yes(const json& pending) {
  json reply{
      {"confirm", pending["token"]}, {"acknowledge", json::array()}, {"accept_responsibility", ""}};
  if (pending["confirmation"] == "enhanced") {
    for (const auto& risk : pending["risks"]) reply["acknowledge"].push_back(risk["id"]);
    reply["accept_responsibility"] = "I accept responsibility for this drill.";
  }
  return reply.dump() + "\n";
}

std::string no(const json& pending) { return json{{"abandon", pending["token"]}}.dump() + "\n"; }

std::string forgetful(const json& pending) {
  return json{{"confirm", pending["token"]},
              {"acknowledge", json::array()},
              {"accept_responsibility", "I accept."}}
             .dump() +
         "\n";
}

Attempt answer(Stack& stack, const std::string& who, std::vector<std::string> words,
               const Reply& reply, bool confirms) {
  Attempt attempt;
  auto child = stack.two_step(who, std::move(words));
  std::string first;
  if (const auto line = child->read_line(kAnswerMs)) {
    first = *line;
    const auto pending = json::parse(first, nullptr, false);
    if (!pending.is_discarded() && pending.contains("token")) {
      child->write(reply(pending));
      attempt.confirmed = confirms;
    }
  }
  const auto ended = child->wait(kAnswerMs);
  attempt.exit_code = ended.exit_code;
  attempt.words = first + "\n" + ended.out + ended.err;
  attempt.request = request_in(attempt.words);
  return attempt;
}

Attempt look(Stack& stack, const std::string& who, std::vector<std::string> words) {
  const auto ended = stack.ctl(who, std::move(words));
  return {request_in(ended.out + ended.err), false, false, ended.exit_code, ended.out + ended.err};
}

Attempt mutate(Stack& stack, std::vector<std::string> words, const Reply& reply, bool confirms) {
  words.insert(words.end(), {"--reason", "drill"});
  auto attempt = answer(stack, "operator", std::move(words), reply, confirms);
  attempt.mutation = true;
  return attempt;
}

// Demotes whoever holds authority; true when nobody does.
bool demoted(Stack& stack) {
  const auto holder = holder_of(stack);
  return holder.empty() || mutate(stack, {"demote", holder}, yes, true).exit_code == 0;
}

// Preparing finds out, so that the armed point is not spent on looking around.
struct Target {
  std::vector<std::string> words;
  std::string request;
} target;

bool aim_legal(Stack& stack) {
  const auto holder = holder_of(stack);
  target.words = holder.empty() ? std::vector<std::string>{"promote", promotable(stack)}
                                : std::vector<std::string>{"demote", holder};
  return !target.words.back().empty();
}

bool aim_outcome(Stack& stack) {
  if (!aim_legal(stack)) return false;
  target.request = mutate(stack, target.words, no, false).request;
  return !target.request.empty();
}

bool aim_forced(Stack& stack) {
  if (!demoted(stack)) return false;
  target.words = {"force-promote", promotable(stack)};
  return !target.words.back().empty();
}

bool aim_rejected(Stack& stack) {
  const auto holder = holder_of(stack);
  target.words = {"demote", holder == "a" ? "b" : "a"};
  return true;
}

Attempt client_gone(Stack& stack) {
  auto words = target.words;
  words.insert(words.end(), {"--reason", "drill"});
  auto child = stack.two_step("operator", words);
  const auto line = child->read_line(kAnswerMs);
  Attempt attempt;
  attempt.mutation = true;
  attempt.request = line ? request_in(*line) : "";
  child->kill(SIGKILL);
  attempt.exit_code = child->wait(kAnswerMs).exit_code;
  if (!attempt.request.empty())
    poll_until(kCheckMs, [&] {
      return !stack.armed() ||
             stack.read_log({"timeline", attempt.request}).out.find("confirmation_ended") !=
                 std::string::npos;
    });
  return attempt;
}

Attempt part_restart(Stack& stack, const std::string& process) {
  const auto pid = stack.pid_of(process);
  if (pid > 0) ::kill(pid, SIGKILL);
  poll_until(kCheckMs, [&] {
    const auto fresh = stack.pid_of(process);
    return fresh > 0 && fresh != pid;
  });
  return look(stack, "operator", {"inspect", "cluster"});
}

bool ready(Stack&) { return true; }

}  // namespace

const std::vector<CommandClass>& command_classes() {
  static const std::vector<CommandClass> classes{
      {"inspection", ready,
       [](Stack& s) {
         return look(s, "operator", {"inspect", "cluster"});
       }},
      {"inspection of an unknown node", ready,
       [](Stack& s) {
         return look(s, "operator", {"inspect", "node", "nowhere"});
       }},
      {"wal", ready,
       [](Stack& s) {
         return look(s, "observer", {"diag", "wal"});
       }},
      {"snapshots", ready,
       [](Stack& s) {
         return look(s, "auditor", {"diag", "snapshots"});
       }},
      {"outcome", aim_outcome,
       [](Stack& stack) {
         return look(stack, "operator", {"outcome", target.request});
       }},
      {"diagnostics, confirmed", ready,
       [](Stack& s) {
         return answer(s, "operator", {"diag", "diagnostics"}, yes, true);
       }},
      {"mutation, confirmed", aim_legal,
       [](Stack& s) { return mutate(s, target.words, yes, true); }},
      {"mutation, rejected by the kernel", aim_rejected,
       [](Stack& s) { return mutate(s, target.words, yes, true); }},
      {"override, confirmed", aim_forced,
       [](Stack& s) { return mutate(s, target.words, yes, true); }},
      {"override, a risk not acknowledged", aim_forced,
       [](Stack& s) { return mutate(s, target.words, forgetful, false); }},
      {"mutation, declined", aim_legal,
       [](Stack& s) { return mutate(s, target.words, no, false); }},
      {"mutation, its client gone", aim_legal, client_gone},
      {"mutation by an observer", aim_legal,
       [](Stack& s) {
         auto words = target.words;
         words.insert(words.end(), {"--reason", "drill"});
         auto attempt = answer(s, "observer", words, no, false);
         attempt.mutation = true;
         return attempt;
       }},
      {"audit query", ready,
       [](Stack& s) {
         return look(s, "auditor", {"audit", "tail"});
       }},
      {"audit query by an operator", ready,
       [](Stack& s) {
         return look(s, "operator", {"audit", "tail"});
       }},
      {"explainer restarted", ready, [](Stack& s) { return part_restart(s, "aeromq-explainer"); }},
      {"dispatcher restarted", ready,
       [](Stack& s) { return part_restart(s, "aeromq-dispatcher"); }},
      {"audit writer restarted", ready,
       [](Stack& s) { return part_restart(s, "aeromq-audit-writer"); }},
  };
  return classes;
}

}  // namespace aeromq::chaos
