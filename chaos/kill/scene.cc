#include "chaos/kill/scene.h"

#include <fmt/core.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>

#include "chaos/stack/processes.h"
#include "chaos/timeline/evidence.h"

namespace aeromq::chaos {
namespace {

constexpr int kCheckMs = 15000;
const std::vector<std::string> kNodes{"a", "b", "c"};

std::filesystem::path fresh_dir(const std::string& name) {
  static unsigned number = 0;
  const auto dir = std::filesystem::temp_directory_path() /
                   fmt::format("aeromq-{}-{}.{}", name, getpid(), number++);
  std::filesystem::remove_all(dir);
  return dir;
}

}  // namespace

const std::vector<std::string>& stack_lanes() {
  static const std::vector<std::string> lanes{
      "kernel",     "broker", "writer", "reader",     "gate",       "explainer", "keeper",
      "dispatcher", "door",   "feed",   "reporter-a", "reporter-b", "reporter-c"};
  return lanes;
}

Scene::Scene(const std::filesystem::path& bin_dir, const std::string& name,
             const StackOptions& options)
    : stack_(std::make_unique<Stack>(bin_dir, fresh_dir(name), options)) {
  if (!stack_->settle()) throw std::runtime_error("the stack does not serve");
  recorder_ = std::make_unique<Recorder>(*stack_);
}

std::string Scene::holder() { return read_register(stack_->register_file()).holder; }

std::string Scene::promotable() {
  std::string found;
  poll_until(kCheckMs, [&] {
    for (const auto& node : kNodes) {
      const auto explained = stack_->inspect({"explain", "promote", node});
      if (!explained) continue;
      const auto& checks = (*explained)["checks"];
      if (!std::all_of(checks.begin(), checks.end(),
                       [](const auto& check) { return check["passes"] == true; }))
        continue;
      found = node;
      return true;
    }
    return false;
  });
  return found;
}

bool Scene::demoted() {
  const auto now = holder();
  return now.empty() || mutate({"demote", now}, yes).exit_code == 0;
}

Attempt Scene::mutate(std::vector<std::string> arguments, const Reply& reply) {
  arguments.insert(arguments.end(), {"--reason", "drill"});
  Conversation conversation(*stack_, *recorder_, "operator", std::move(arguments));
  conversation.answer(reply);
  auto attempt = conversation.finish();
  attempt.mutation = true;
  return attempt;
}

void Scene::begin_drill(const std::string& what, const std::string& replay) {
  marks_.push_back({boot_now(), what, replay});
  ++drills_;
}

void Scene::fault(const std::string& text) {
  const auto* drill = marks_.empty() ? nullptr : &marks_.back();
  faults_.push_back(drill == nullptr ? text : drill->what + ": " + text);
  fmt::print("FAULT: {}\n{}", faults_.back(),
             drill == nullptr ? "" : "  replay: " + drill->replay + "\n");
  std::fflush(stdout);
}

void Scene::ask_all_outcomes() {
  std::set<std::string> asked;
  for (std::size_t i = 0; i < recorder_->size(); ++i) {
    const auto event = recorder_->at(i);
    if (event.kind != EventKind::asked || event.what != "submit" || event.request.empty()) continue;
    const auto id = RequestId::parse(event.request);
    if (id && id->kernel_action && asked.insert(event.request).second)
      look(*stack_, *recorder_, "operator", {"outcome", event.request});
  }
}

void Scene::note_serving(const std::vector<std::string>& lanes) {
  for (const auto& lane : lanes) recorder_->note(EventKind::serves, lane);
}

// F4.2: whoever was asked and is gone has left no open question behind. The end of a writer's run
// ends its questions too: the record "run begins" stands for it.
void Scene::judge_forgotten_questions(const History& history) {
  std::map<std::string, std::uint64_t> open;
  for (const auto& event : history) {
    if (event.kind != EventKind::kept) continue;
    if (event.what == "run_begins") open.clear();
    if (event.what == "confirmation_asked")
      open[event.request] = event.number;
    else if (!event.request.empty() && event.what != "requested")
      open.erase(event.request);
  }
  for (const auto& [request, number] : open)
    fault(fmt::format("F4.2: record {} asks for a confirmation of {} whose end nobody recorded",
                      number, request));
}

const DrillMark* Scene::drill_at(std::uint64_t at_ns) const {
  const DrillMark* found = nullptr;
  for (const auto& mark : marks_)
    if (mark.at_ns <= at_ns) found = &mark;
  return found;
}

std::size_t Scene::finish(Coverage& coverage, const std::vector<std::string>& lanes) {
  const auto kernel = stack_->pid_of("aeromq-kernel");
  if (kernel <= 0) fault("there is no kernel to end the epochs of");
  if (kernel > 0) ::kill(kernel, SIGKILL);
  recorder_->killed("kernel", boot_now());
  recorder_->note(EventKind::healed, "harness");
  if (stack_->settle())
    note_serving(lanes);
  else
    fault("the stack did not come back at the end");
  recorder_->look();
  ask_all_outcomes();
  const auto history = recorder_->finish();
  const auto judgement = judge(history);
  coverage.add(history, judgement);
  judge_forgotten_questions(history);
  for (const auto& violation : judgement.violations) {
    const auto& event = history[violation.seq - 1];
    const auto* drill = drill_at(event.at_ns);
    fmt::print("VIOLATION: {} at event {}: {}\n", violation.predicate, violation.seq,
               violation.what);
    if (drill != nullptr) fmt::print("  during {}\n  replay: {}\n", drill->what, drill->replay);
  }
  const auto found = judgement.violations.size() + faults_.size();
  if (found > 0) {
    write_evidence(history, dir());
    stack_->keep();
    fmt::print("kept: {}\n", (dir() / "history.jsonl").string());
  }
  std::fflush(stdout);
  return found;
}

}  // namespace aeromq::chaos
