// Which drills there are, in which scenes they run, and what they prove together.
#include <fmt/core.h>

#include <algorithm>
#include <random>

#include "chaos/kill/document.h"
#include "chaos/kill/drill.h"
#include "chaos/kill/kill_options.h"
#include "chaos/kill/tally.h"

namespace aeromq::chaos {
namespace {

// A new stack after so many drills: its log stays short enough to be verified again and again.
constexpr unsigned kDrillsOfAScene = 120;

// Listed by the programs, and out of this matrix's reach; each has its own test or its own reason.
std::string out_of_reach(const std::string& point) {
  if (point.find(".refused_by_explainer.") != std::string::npos)
    return "answers what only a faulty explainer would send";
  if (point.find(".refused_by_reader.") != std::string::npos)
    return "answers what `aeromq-ctl` never asks a reader";
  if (point.rfind("kernel.fence.", 0) == 0)
    return "a fence ends the dispatcher for good: tests/kernel kills there, tests/system fences";
  if (point == "audit-writer.log.rotate")
    return "no writer lives long enough here to fill a segment: tests/audit kills it there";
  return {};
}

StackOptions stack_options(const KillOptions& options) {
  StackOptions made;
  made.settings["stale_after_ms"] = "900";
  if (options.pauses) {
    made.settings["stage_timeout_ms"] = "400";
    made.settings["heartbeat_ms"] = "100";
  }
  return made;
}

class Matrix {
 public:
  explicit Matrix(const KillOptions& options) : options_(options) {}

  int run() {
    auto drills = plan();
    choose(drills);
    for (const auto& drill : drills) {
      if (scene_ && scene_->drills() >= kDrillsOfAScene) close();
      carry_out(drill);
    }
    listed_ = scene().stack().kill_points();
    close();
    judge_coverage();
    tally_.print("kill", coverage_, violations_);
    if (options_.document) print_document();
    return violations_ == 0 ? 0 : 1;
  }

 private:
  Scene& scene() {
    if (!scene_)
      scene_ = std::make_unique<Scene>(options_.bin_dir, "kill", stack_options(options_));
    return *scene_;
  }

  void close() {
    if (scene_) violations_ += scene_->finish(coverage_, stack_lanes());
    scene_.reset();
  }

  bool wanted(const std::string& point) const {
    return point.find(options_.only_point) != std::string::npos;
  }

  // One run without a fault tells which points a class reaches, in order.
  std::vector<std::string> points_of(const CommandClass& command_class, bool after_the_yes) {
    auto& here = scene();
    here.begin_drill(command_class.name + " / no fault", "");
    if (!here.stack().settle() || !command_class.prepare(here)) {
      here.fault("the cluster could not be prepared");
      return {};
    }
    here.recorder().look();
    here.recorder().follow(false);
    command_class.run(here);
    std::uint64_t from = 0;
    for (std::size_t i = 0; after_the_yes && i < here.recorder().size(); ++i)
      if (const auto& event = here.recorder().at(i);
          event.kind == EventKind::asked && event.what == "confirm")
        from = event.at_ns;
    std::vector<std::string> points;
    for (const auto& pass : here.recorder().follow(true))
      if (pass.boot_ns >= from && std::ranges::find(points, pass.point) == points.end())
        points.push_back(pass.point);
    return points;
  }

  std::vector<Drill> plan() {
    std::vector<Drill> drills;
    if (options_.pairs) {
      plan_pairs(drills);
      return drills;
    }
    for (const auto& command_class : command_classes()) {
      if (command_class.name.find(options_.only_class) == std::string::npos) continue;
      for (const auto& point : points_of(command_class, false)) {
        if (!wanted(point)) continue;
        for (const auto& restart :
             options_.pauses ? std::vector<std::string>{"once"} : options_.restarts) {
          Drill drill{&command_class, point, "", *restart_named(restart), options_.pauses};
          if (makes_sense(drill)) drills.push_back(drill);
        }
      }
    }
    return drills;
  }

  void plan_pairs(std::vector<Drill>& drills) {
    const auto* confirmed = command_class("mutation, confirmed");
    const auto points = points_of(*confirmed, true);
    for (const auto& first : points)
      for (const auto& second : points)
        if (wanted(first) && !is_clients(first) &&
            second.find(options_.only_second) != std::string::npos)
          drills.push_back({confirmed, first, second, Restart::once, false});
  }

  // A sample keeps the order, so that equal seeds do equal things. Then this run's part of it.
  void choose(std::vector<Drill>& drills) const {
    std::vector<Drill> chosen;
    if (options_.sample == 0 || options_.sample >= drills.size()) {
      chosen = drills;
    } else {
      std::mt19937_64 random(options_.seed);
      std::ranges::sample(drills, std::back_inserter(chosen), options_.sample, random);
    }
    fmt::print("drills {} of {}, seed {}\n", chosen.size(), drills.size(), options_.seed);
    drills.clear();
    for (std::size_t i = 0; i < chosen.size(); ++i)
      if (i % options_.parts == options_.part) drills.push_back(chosen[i]);
  }

  void carry_out(const Drill& drill) {
    const auto began = boot_now();
    const auto end = run_drill(scene(), drill);
    const auto took_ms = (boot_now() - began) / 1'000'000;
    const auto fault = drill.stops            ? "stop, return late"
                       : drill.second.empty() ? "kill, restart " + name_of(drill.restart)
                                              : "kill twice";
    tally_.add(drill.command_class->name + ": " + fault,
               end.hit && (drill.second.empty() || end.hit_second), end.attempt.exit_code);
    if (end.hit) {
      killed_.insert(drill.point);
      document_.add(drill.point, drill.command_class->name, end.attempt);
    }
    fmt::print("{:<36} {:<46} {:<5} exit {:>3} {:>5} ms{}{}\n", drill.command_class->name,
               drill.point, drill.stops ? "stop" : name_of(drill.restart), end.attempt.exit_code,
               took_ms, drill.second.empty() ? "" : "  then " + drill.second,
               !end.hit                                   ? "  (not reached)"
               : !drill.second.empty() && !end.hit_second ? "  (second not reached)"
                                                          : "");
    std::fflush(stdout);
  }

  bool is_full() const {
    return options_.only_class.empty() && options_.only_point.empty() && options_.sample == 0 &&
           !options_.pairs && !options_.pauses &&
           std::ranges::find(options_.restarts, "once") != options_.restarts.end();
  }

  void fault(const std::string& text) {
    ++violations_;
    fmt::print("FAULT: {}\n", text);
  }

  void judge_coverage() {
    if (!is_full()) return;
    Expected expected;
    for (const auto& row : predicates()) expected.predicates.emplace_back(row.id);
    expected.faults = {"kill"};
    for (const auto& point : listed_) {
      const auto why = out_of_reach(point);
      if (why.empty()) expected.points.push_back(point);
      if (!killed_.contains(point))
        document_.add_unreached(point, why.empty() ? "passed on the way, never aimed at" : why);
    }
    for (const auto& missing : vacuous(coverage_, expected)) fault(missing);
    fmt::print("kill points listed {}, killed at {}\n", listed_.size(), killed_.size());
  }

  void print_document() const {
    std::vector<std::string> classes;
    for (const auto& command_class : command_classes()) classes.push_back(command_class.name);
    fmt::print("=== document ===\n{}", document_.text(classes));
  }

  KillOptions options_;
  std::unique_ptr<Scene> scene_;
  Tally tally_;
  Coverage coverage_;
  KillDocument document_;
  std::vector<std::string> listed_;
  std::set<std::string> killed_;
  std::size_t violations_ = 0;
};

}  // namespace

int run_kill_matrix(const KillOptions& options) { return Matrix(options).run(); }

}  // namespace aeromq::chaos
