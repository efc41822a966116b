#include "chaos/kill/drill.h"

#include <fmt/core.h>
#include <signal.h>

#include <algorithm>
#include <array>

#include "chaos/stack/processes.h"
#include "chaos/stack/told.h"

namespace aeromq::chaos {
namespace {

constexpr int kMissingMs = 15000;
constexpr int kDeadMs = 15000;
constexpr int kSecondMs = 10000;
constexpr std::array kKnownExits{0, 2, 10, 11, 12, 20, 30, 31, 137};

std::string lane_at(const std::string& point) { return lane_of(point.substr(0, point.find('.'))); }

const Pass* pass_of(const std::vector<Pass>& passes, const std::string& point) {
  const auto found = std::ranges::find(passes, point, &Pass::point);
  return found == passes.end() ? nullptr : &*found;
}

// F4.1: a client that dies before it submits. Nothing reaches the kernel, nothing is recorded, also
// not a while later: it is judged when the stack has long gone on.
class NeverSubmitted {
 public:
  NeverSubmitted(Scene& scene, const Drill& drill)
      : scene_(scene),
        applies_(drill.point == "client.submit.before_send" && !scene.words.empty()),
        after_(scene.recorder().last_record()),
        rows_(scene.recorder().last_seen().rows.size()) {}

  void judge(const DrillEnd& end) {
    if (!applies_ || !end.hit || !end.attempt.mutation) return;
    for (const auto& record : scene_.recorder().records())
      if (record.number > after_ && !record.request.empty() &&
          record.command == command_named(scene_.words))
        scene_.fault(fmt::format("F4.1: record {} ({}) of what was never submitted", record.number,
                                 record.stage));
    if (scene_.recorder().last_seen().rows.size() != rows_)
      scene_.fault("F4.1: the kernel decided what was never submitted");
    if (!end.attempt.request.empty())
      scene_.fault("F4.1: a request id of what was never submitted");
  }

 private:
  Scene& scene_;
  bool applies_;
  std::uint64_t after_;
  std::size_t rows_;
};

// Whoever looks learns that a part is missing: it is marked so, or nobody answers at all.
bool is_told_missing(Scene& scene) {
  const auto status = scene.stack().status();
  if (!status) return true;
  return std::ranges::any_of((*status)["parts"], [](const auto& part) {
    return !part["alive"].template get<bool>() || !is_alive(part["pid"].template get<pid_t>());
  });
}

void note_fault(Scene& scene, const std::string& what, const std::string& point,
                std::uint64_t at_ns) {
  auto& fault = scene.recorder().note(EventKind::fault, lane_at(point));
  fault.at_ns = at_ns;
  fault.what = what;
  fault.text = point;
}

void bring_back(Scene& scene, const Drill& drill) {
  auto& stack = scene.stack();
  if (drill.restart == Restart::late) {
    if (!poll_until(kMissingMs, [&] { return is_told_missing(scene); }))
      scene.fault("nobody was told that a part is missing");
    stack.release_supervisor();
  } else if (drill.restart == Restart::never) {
    judge_attempt(scene, look(stack, scene.recorder(), "operator", {"inspect", "cluster"}));
    stack.release_supervisor();
    stack.stop();
    scene.recorder().look();
    scene.recorder().follow(false);
    stack.start();
  }
}

// A kill in two steps: the process freezes at the point, the second point is armed, and only then
// does it die. So nothing that follows the first kill can outrun the arming.
bool kill_and_arm(Scene& scene, const Drill& drill, std::vector<Pass>& passes) {
  auto& stack = scene.stack();
  const auto more = scene.recorder().follow(true);
  passes.insert(passes.end(), more.begin(), more.end());
  const auto* pass = pass_of(passes, drill.point);
  if (pass == nullptr) return false;
  stack.arm(drill.second);
  ::kill(pass->pid, SIGKILL);
  note_fault(scene, "kill", drill.point, pass->boot_ns);
  return true;
}

bool settle(Scene& scene, const char* when) {
  if (scene.stack().settle()) return true;
  scene.fault(std::string("the stack did not come back ") + when);
  return false;
}

DrillEnd run_pair(Scene& scene, const Drill& drill) {
  auto& stack = scene.stack();
  DrillEnd end;
  std::vector<Pass> passes;
  auto words = scene.words;
  words.insert(words.end(), {"--reason", "drill"});
  Conversation conversation(stack, scene.recorder(), "operator", words);
  stack.arm(drill.point, "stop");
  conversation.answer(yes);
  end.hit = poll_until(kSecondMs, [&] { return !stack.armed() || conversation.over(); }) &&
            !stack.armed();
  if (end.hit && !kill_and_arm(scene, drill, passes)) scene.fault("the trace lacks a point");
  end.attempt = conversation.finish();
  end.attempt.mutation = true;
  // Not on the rest of the first road: then on the road of a person who issues it anew.
  if (end.hit && stack.armed()) {
    poll_until(kMissingMs, [&] { return stack.serves(); });
    if (stack.armed()) judge_attempt(scene, scene.mutate(scene.words, yes));
  }
  end.hit_second = end.hit && !stack.armed();
  scene.recorder().follow(true);
  if (end.hit_second) note_fault(scene, "kill", drill.second, boot_now());
  return end;
}

bool is_declared_dead(Scene& scene, const std::string& lane, pid_t pid) {
  if (lane == "broker" || lane == "kernel") return true;  // the client's end said so
  const auto status = scene.stack().status();
  if (!status) return true;
  return std::ranges::none_of((*status)["parts"], [&](const auto& part) {
    return part["pid"].template get<pid_t>() == pid && part["alive"].template get<bool>();
  });
}

// The frozen process returns only when everybody else has given it up.
void let_return(Scene& scene, const Drill& drill, const std::vector<Pass>& passes) {
  const auto* pass = pass_of(passes, drill.point);
  if (pass == nullptr) return scene.fault("the trace lacks a point");
  const auto lane = lane_at(drill.point);
  note_fault(scene, "stop", drill.point, pass->boot_ns);
  auto& stopped = scene.recorder().note(EventKind::stopped, lane);
  stopped.at_ns = pass->boot_ns;
  if (!poll_until(kDeadMs, [&] { return is_declared_dead(scene, lane, pass->pid); }))
    scene.fault("nobody declared the frozen " + lane + " dead");
  scene.recorder().look();
  scene.recorder().note(EventKind::continued, lane);
  ::kill(pass->pid, SIGCONT);
}

DrillEnd run_single(Scene& scene, const Drill& drill) {
  auto& stack = scene.stack();
  auto& recorder = scene.recorder();
  if (drill.restart != Restart::once) stack.hold_supervisor();
  stack.arm(drill.point, drill.stops ? "stop" : "kill");
  DrillEnd end;
  end.attempt = drill.command_class->run(scene);
  end.hit = !stack.armed();
  stack.disarm();
  const auto passes = recorder.follow(true);
  if (end.hit && drill.stops) let_return(scene, drill, passes);
  if (const auto* pass = pass_of(passes, drill.point); end.hit && !drill.stops && pass != nullptr) {
    note_fault(scene, "kill", drill.point, pass->boot_ns);
    if (drill.restart != Restart::once) recorder.killed(lane_at(drill.point), pass->boot_ns);
  }
  if (end.hit && !drill.stops)
    bring_back(scene, drill);
  else if (drill.restart != Restart::once)
    stack.release_supervisor();
  return end;
}

}  // namespace

void judge_attempt(Scene& scene, const Attempt& attempt) {
  if (std::ranges::find(kKnownExits, attempt.exit_code) == kKnownExits.end())
    scene.fault(fmt::format("exit code {}: {}", attempt.exit_code, attempt.words));
  if (!fits(attempt.exit_code, attempt.told))
    scene.fault(fmt::format("told \"{}\", exit code {}: {}", attempt.told.verdict,
                            attempt.exit_code, attempt.words));
}

void ask_outcome(Scene& scene, const Attempt& attempt) {
  if (attempt.mutation && !attempt.request.empty())
    look(scene.stack(), scene.recorder(), "operator", {"outcome", attempt.request});
}

std::string name_of(Restart restart) {
  constexpr std::array kNames{"once", "late", "never"};
  return kNames[static_cast<std::size_t>(restart)];
}

std::optional<Restart> restart_named(const std::string& name) {
  for (const auto restart : {Restart::once, Restart::late, Restart::never})
    if (name_of(restart) == name) return restart;
  return std::nullopt;
}

bool is_clients(const std::string& point) { return point.starts_with("client."); }

bool makes_sense(const Drill& drill) {
  if (drill.stops) return !is_clients(drill.point) && !drill.command_class->restarts;
  if (drill.restart == Restart::once) return true;
  return !is_clients(drill.point) && !drill.command_class->restarts;
}

std::string replay_of(const Drill& drill) {
  auto line = fmt::format("aeromq-chaos kill --class \"{}\" --point {}", drill.command_class->name,
                          drill.point);
  if (!drill.second.empty()) return line + " --pairs --second " + drill.second;
  if (drill.stops) return line + " --pauses";
  return line + " --restart " + name_of(drill.restart);
}

DrillEnd run_drill(Scene& scene, const Drill& drill) {
  scene.begin_drill(fmt::format("{} / {}{} / {}", drill.command_class->name, drill.point,
                                drill.second.empty() ? "" : " then " + drill.second,
                                drill.stops ? "stop" : name_of(drill.restart)),
                    replay_of(drill));
  DrillEnd end;
  if (!scene.settled && !settle(scene, "before")) return end;
  scene.settled = false;
  if (!drill.command_class->prepare(scene)) {
    scene.fault("the cluster could not be prepared");
    return end;
  }
  scene.recorder().look();
  scene.recorder().follow(false);
  NeverSubmitted never_submitted(scene, drill);
  end = drill.second.empty() ? run_single(scene, drill) : run_pair(scene, drill);
  judge_attempt(scene, end.attempt);
  if (!settle(scene, "after")) return end;
  scene.recorder().look();
  scene.recorder().follow(false);
  never_submitted.judge(end);
  ask_outcome(scene, end.attempt);
  scene.settled = true;
  return end;
}

}  // namespace aeromq::chaos
