#include "chaos/situations/play.h"

#include <fmt/core.h>
#include <poll.h>
#include <signal.h>

#include <algorithm>

#include "chaos/postgresql/writer.h"
#include "chaos/situations/fault.h"
#include "chaos/situations/heal.h"
#include "chaos/situations/person.h"
#include "chaos/stack/recorder.h"

namespace aeromq::chaos::situations {
namespace {

constexpr int kTakeHoldMs = 1500;
constexpr int kAfterDeedMs = 800;
constexpr int kFirstMs = 6000;
constexpr int kLastMs = 60000;
constexpr double kNsPerS = 1e9;

struct Laid {
  const Fault* fault = nullptr;
  std::string node;
};

class Player {
 public:
  Player(Scene& scene, const Plan& plan, Result& result)
      : scene_(scene), plan_(plan), result_(result), story_(result.story) {}

  void run() {
    keep_register();
    for (const auto& step : plan_.steps) take(step);
    for (auto at = laid_.rbegin(); at != laid_.rend(); ++at) {
      say("cure " + at->fault->name + " " + at->node);
      at->fault->cure(scene_, at->node);
    }
    scene_.thaw_all();
    active_.clear();
    say("heal");
    story_.whole = heal(scene_, story_);
    // By now every answer must be there.
    for (auto& deed : story_.deeds)
      if (!deed.final && !deed.request.empty()) {
        settle(scene_, deed, kLastMs);
        deed.disturbed = true;  // too much happened since: its files prove nothing
      }
    say(story_.whole ? "whole; switch over" : "not whole: " + story_.way);
    story_.switched = story_.whole && switch_over(scene_, story_);
    finish();
  }

 private:
  void say(const std::string& text) const {
    fmt::print("  {:6.1f} {}\n", static_cast<double>(boot_now() - began_) / kNsPerS, text);
    std::fflush(stdout);
  }

  // What a backup of the first minute would hold.
  void keep_register() {
    if (std::ranges::find(plan_.faults, "register-copied-back") == plan_.faults.end()) return;
    scene_.stack().stop();
    std::error_code none;
    std::filesystem::copy_file(scene_.stack().register_file(), scene_.copies() / "register-old",
                               none);
    scene_.restart_plane();
  }

  std::string node_of(const std::string& role) {
    const auto primary = scene_.primary();
    if (role == "primary" || role.empty()) return primary;
    const auto others = scene_.others(primary);
    return role == "heir" ? others.front() : others.back();
  }

  void take(const Step& step) {
    const auto node = node_of(step.role);
    switch (step.act) {
      case Act::inject:
        return inject(step, node);
      case Act::deed:
        return deed(step, node);
      case Act::look:
        story_.looks.push_back(look(scene_));
        say(fmt::format("inspect: exit {}", story_.looks.back().exit_code));
        return;
      case Act::question:
        for (auto& one : story_.deeds)
          if (one.final) settle(scene_, one, 0);
        return;
      case Act::restart_agent:
        say("agent of " + node + " is restarted");
        scene_.kill_agent(node);
        scene_.start_agent(node);
        return;
      case Act::kill_kernel:
        say("the kernel is killed");
        if (const auto pid = scene_.stack().pid_of("aeromq-kernel"); pid > 0) ::kill(pid, SIGKILL);
        ::poll(nullptr, 0, kTakeHoldMs);
        return;
      case Act::kill_server:
        say("the server of " + node + " is killed");
        scene_.foreign("kill-server", node);
        scene_.cluster().kill_postmaster(node);
        ::poll(nullptr, 0, kTakeHoldMs);
        return;
      case Act::cure:
      case Act::wait:
        ::poll(nullptr, 0, kTakeHoldMs);
        return;
    }
  }

  void inject(const Step& step, const std::string& node) {
    const auto& fault = fault_named(step.what);
    say("inject " + fault.name + " " + node);
    // A fault that half took hold is cured like one that did.
    laid_.push_back({&fault, node});
    if (fault.inject(scene_, node))
      active_.insert(fault.name);
    else
      result_.skipped.push_back(fault.name);
    ::poll(nullptr, 0,
           kTakeHoldMs);  // so that what follows from it can be seen; no verdict hangs on it
  }

  void deed(const Step& step, const std::string& node) {
    if (step.what != "switchover") return take_down(do_deed(scene_, step.what, node, step.yes));
    const auto primary = scene_.primary();
    for (auto& one : do_switchover(scene_, primary, node)) take_down(std::move(one));
  }

  void take_down(Deed done) {
    done.faults = active_;
    if (!done.final) settle(scene_, done, kFirstMs);
    say(fmt::format("{}{} {}: exit {} {} {}{}: {}", done.command == done.verb ? "" : "switchover: ",
                    done.verb, done.node, done.exit_code, done.verdict, done.code,
                    done.final ? "" : " (not final)", done.text.substr(0, 160)));
    for (const auto& check : done.checks)
      if (!check.passes)
        say(fmt::format("    {} fails{}", check.code,
                        done.acknowledged.contains(check.code) ? ", acknowledged" : ""));
    story_.deeds.push_back(std::move(done));
    ::poll(nullptr, 0, kAfterDeedMs);
  }

  void finish() {
    story_.servers = scene_.witness().servers();
    story_.acknowledged = scene_.witness().acknowledged();
    story_.cancelled = scene_.witness().cancelled();
    const auto primary = scene_.primary();
    const auto& server = scene_.server(primary);
    try {
      story_.present = postgresql::read_rows(fmt::format(
          "host={} port={} user=app dbname=app connect_timeout=5", server.host, server.port));
      // Only where all that is left follows one server do its rows decide.
      story_.rows_read = story_.whole;
    } catch (const std::exception&) {
      story_.rows_read = false;
    }
    story_.foreign = scene_.foreign_acts;
    story_.unlisted = scene_.unlisted;
    story_.unlisted_at = scene_.unlisted_at;
    for (auto& one : story_.deeds)
      for (const auto& act : story_.foreign)
        if ((act.node.empty() || act.node == one.node) && act.at_ns >= one.explained.from_ns &&
            act.at_ns <= one.looked_ns)
          one.disturbed = true;
  }

  Scene& scene_;
  const Plan& plan_;
  Result& result_;
  Story& story_;
  std::vector<Laid> laid_;
  std::set<std::string> active_;
  std::uint64_t began_ = boot_now();
};

}  // namespace

bool Result::against_us() const {
  return std::ranges::any_of(findings, [](const Finding& one) { return one.against_us; });
}

Result play(const std::filesystem::path& bin_dir, const Plan& plan, bool keep) {
  Result result;
  result.plan = plan;
  const auto began = boot_now();
  fmt::print("{}\n", text_of(plan));
  try {
    Scene scene(bin_dir, fmt::format("situation-{}", plan.seed), plan.synchronous);
    Player(scene, plan, result).run();
    result.findings = judge(result.story);
    if (keep && result.against_us()) {
      scene.keep();
      result.kept = scene.cluster().dir().string() + " " + scene.stack().dir().string();
    }
  } catch (const std::exception& fault) {
    result.broken = fault.what();
  }
  result.seconds = static_cast<double>(boot_now() - began) / kNsPerS;
  for (const auto& one : result.findings)
    fmt::print("  {} {}: {}\n", one.against_us ? "AGAINST US" : "apart", one.predicate, one.text);
  if (!result.broken.empty()) fmt::print("  BROKEN: {}\n", result.broken);
  fmt::print("  {:.0f} s\n", result.seconds);
  std::fflush(stdout);
  return result;
}

}  // namespace aeromq::chaos::situations
