#include "chaos/kill/command_class.h"

#include <signal.h>

#include <algorithm>

namespace aeromq::chaos {
namespace {

constexpr int kCheckMs = 15000;

bool ready(Scene&) { return true; }

bool aim_legal(Scene& scene) {
  const auto holder = scene.holder();
  scene.words = holder.empty() ? std::vector<std::string>{"promote", scene.promotable()}
                               : std::vector<std::string>{"demote", holder};
  return !scene.words.back().empty();
}

bool aim_outcome(Scene& scene) {
  if (!aim_legal(scene)) return false;
  scene.about = scene.mutate(scene.words, no).request;
  return !scene.about.empty();
}

bool aim_forced(Scene& scene) {
  if (!scene.demoted()) return false;
  scene.words = {"force-promote", scene.promotable()};
  return !scene.words.back().empty();
}

bool aim_rejected(Scene& scene) {
  scene.words = {"demote", scene.holder() == "a" ? "b" : "a"};
  return true;
}

auto looks(const std::string& who, std::vector<std::string> words) {
  return [who, words = std::move(words)](Scene& scene) {
    return look(scene.stack(), scene.recorder(), who, words);
  };
}

auto mutates(Reply reply) {
  return [reply = std::move(reply)](Scene& scene) { return scene.mutate(scene.words, reply); };
}

Attempt diagnose(Scene& scene) {
  Conversation conversation(scene.stack(), scene.recorder(), "operator", {"diag", "diagnostics"});
  conversation.answer(yes);
  return conversation.finish();
}

std::vector<std::string> with_reason(std::vector<std::string> words) {
  words.insert(words.end(), {"--reason", "drill"});
  return words;
}

Attempt by_an_observer(Scene& scene) {
  Conversation conversation(scene.stack(), scene.recorder(), "observer", with_reason(scene.words));
  conversation.answer(no);
  auto attempt = conversation.finish();
  attempt.mutation = true;
  return attempt;
}

// Waiting for what others do ends early when a fault has fired: then it may never come.
class Fired {
 public:
  explicit Fired(Scene& scene) : scene_(scene), armed_(scene.stack().armed()) {}
  bool operator()() const { return armed_ && !scene_.stack().armed(); }

 private:
  Scene& scene_;
  bool armed_;
};

// The end of a pending confirmation is recorded by others, after its client is gone.
Attempt client_gone(Scene& scene) {
  const Fired fired(scene);
  Conversation conversation(scene.stack(), scene.recorder(), "operator", with_reason(scene.words));
  conversation.kill();
  auto attempt = conversation.finish();
  attempt.mutation = true;
  poll_until(kCheckMs, [&] {
    if (attempt.request.empty() || fired()) return true;
    scene.recorder().look();
    return std::ranges::any_of(scene.recorder().records(), [&](const WitnessedRecord& record) {
      return record.request == attempt.request && record.stage == "confirmation_ended";
    });
  });
  return attempt;
}

// The age of the last report of node a; nothing if nobody tells, or if it never reported.
std::optional<std::uint64_t> report_age(Scene& scene) {
  const auto cluster = scene.stack().inspect({"inspect", "cluster"});
  if (!cluster) return std::nullopt;
  const auto& age = (*cluster)["nodes"][0]["report_age_ms"];
  return age.is_number_unsigned() ? std::optional(age.get<std::uint64_t>()) : std::nullopt;
}

// Nobody asks for anything: a node reports to the kernel.
Attempt node_reports(Scene& scene) {
  const Fired fired(scene);
  auto last = report_age(scene);
  poll_until(kCheckMs, [&] {
    const auto now = report_age(scene);
    const bool reported = last && now && *now < *last;
    last = now;
    return reported || fired();
  });
  return look(scene.stack(), scene.recorder(), "operator", {"inspect", "cluster"});
}

auto restarts(const std::string& process) {
  return [process](Scene& scene) {
    const auto pid = scene.stack().pid_of(process);
    if (pid > 0) ::kill(pid, SIGKILL);
    poll_until(kCheckMs, [&] {
      const auto fresh = scene.stack().pid_of(process);
      return fresh > 0 && fresh != pid;
    });
    return look(scene.stack(), scene.recorder(), "operator", {"inspect", "cluster"});
  };
}

}  // namespace

const std::vector<CommandClass>& command_classes() {
  static const std::vector<CommandClass> classes{
      {"inspection", ready, looks("operator", {"inspect", "cluster"})},
      {"inspection of an unknown node", ready, looks("operator", {"inspect", "node", "nowhere"})},
      {"wal", ready, looks("observer", {"diag", "wal"})},
      {"snapshots", ready, looks("auditor", {"diag", "snapshots"})},
      {"outcome", aim_outcome,
       [](Scene& scene) {
         return look(scene.stack(), scene.recorder(), "operator", {"outcome", scene.about});
       }},
      {"diagnostics, confirmed", ready, diagnose},
      {"mutation, confirmed", aim_legal, mutates(yes)},
      {"mutation, rejected by the kernel", aim_rejected, mutates(yes)},
      {"override, confirmed", aim_forced, mutates(yes)},
      {"override, a risk not acknowledged", aim_forced, mutates(forgetful)},
      {"mutation, declined", aim_legal, mutates(no)},
      {"mutation, its client gone", aim_legal, client_gone},
      {"mutation by an observer", aim_legal, by_an_observer},
      {"audit query", ready, looks("auditor", {"audit", "tail"})},
      {"audit query by an operator", ready, looks("operator", {"audit", "tail"})},
      {"a node's report", ready, node_reports},
      {"explainer restarted", ready, restarts("aeromq-explainer"), true},
      {"dispatcher restarted", ready, restarts("aeromq-dispatcher"), true},
      {"audit writer restarted", ready, restarts("aeromq-audit-writer"), true},
  };
  return classes;
}

const CommandClass* command_class(const std::string& name) {
  const auto& all = command_classes();
  const auto found = std::ranges::find(all, name, &CommandClass::name);
  return found == all.end() ? nullptr : &*found;
}

}  // namespace aeromq::chaos
