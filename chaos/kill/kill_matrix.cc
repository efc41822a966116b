#include "chaos/kill/kill_matrix.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "chaos/kill/command_class.h"

namespace aeromq::chaos {
namespace {

// Listed by the programs, and out of this matrix's reach; each has its own test or its own reason.
bool out_of_reach(const std::string& point) {
  // Answers to what only a faulty explainer would send, or what aeromq-ctl never asks a reader.
  if (point.find(".refused_by_explainer.") != std::string::npos) return true;
  if (point.find(".refused_by_reader.") != std::string::npos) return true;
  // A fence ends the dispatcher for good: tests/kernel kills there, tests/system fences a stack.
  if (point.rfind("kernel.fence.", 0) == 0) return true;
  // No writer lives long enough here to fill a segment: tests/audit kills it in its rotation.
  return point == "audit-writer.log.rotate";
}

// What a person was told about a request, in the order of telling.
struct Told {
  std::string command_class;
  std::string point;
  Attempt attempt;
  std::vector<int> outcomes;  // exit codes of `outcome` asked afterwards
};

struct Tally {
  unsigned runs = 0;
  unsigned kills = 0;
  std::map<int, unsigned> exits;
};

class Matrix {
 public:
  explicit Matrix(const KillOptions& options)
      : options_(options),
        stack_(options.bin_dir,
               std::filesystem::temp_directory_path() / fmt::format("aeromq-kill-{}", getpid())) {}

  int run() {
    for (const auto& command_class : command_classes())
      if (command_class.name.find(options_.only_class) != std::string::npos) sweep(command_class);
    judge_finally();
    judge_coverage();
    print();
    return faults_.empty() ? 0 : 1;
  }

 private:
  void fault(const std::string& text) {
    faults_.push_back(text);
    fmt::print("FAULT: {}\n", text);
    std::fflush(stdout);
  }

  // One run without a kill tells which points this class reaches; then one run for each.
  void sweep(const CommandClass& command_class) {
    if (!stack_.settle() || !command_class.prepare(stack_))
      return fault(command_class.name + ": the cluster could not be prepared");
    stack_.hits();
    const auto whole = command_class.run(stack_);
    const auto points = stack_.hits();
    remember(command_class.name, "", whole);
    hit_.insert(points.begin(), points.end());
    unsigned number = 0;
    for (const auto& point : points) {
      if (point.find(options_.only_point) == std::string::npos) continue;
      if (number++ % options_.parts != options_.part) continue;
      kill_once(command_class, point);
    }
  }

  void kill_once(const CommandClass& command_class, const std::string& point) {
    const auto where = command_class.name + " / " + point;
    if (!stack_.settle()) return fault(where + ": the stack did not come back before");
    if (!command_class.prepare(stack_)) return fault(where + ": could not be prepared");
    const auto before = stack_.ledger();
    stack_.arm(point);
    const auto attempt = command_class.run(stack_);
    const bool killed = !stack_.armed();
    for (const auto& reached : stack_.hits()) hit_.insert(reached);
    stack_.disarm();
    auto& tally = tallies_[command_class.name];
    ++tally.runs;
    ++tally.exits[attempt.exit_code];
    if (killed) ++tally.kills;
    if (killed) killed_.insert(point);
    if (!stack_.settle()) fault(where + ": the stack did not come back after");
    judge(where, attempt, before);
    remember(command_class.name, point, attempt);
    fmt::print("{:<36} {:<46} exit {:>3}{}\n", command_class.name, point, attempt.exit_code,
               killed ? "" : "  (not reached)");
    std::fflush(stdout);
  }

  // What must hold right after one kill.
  void judge(const std::string& where, const Attempt& attempt, const Ledger& before) {
    const auto after = stack_.ledger();
    const auto executed = after.executed.size() - before.executed.size();
    if (executed > 1) fault(where + ": more than one execution");
    if (after.fencing_epoch - before.fencing_epoch != executed)
      fault(where + ": effects and ledger rows differ");
    if (executed > 0 && !attempt.mutation) fault(where + ": a reading executed something");
    if (executed > 0 && !attempt.confirmed) fault(where + ": executed without a confirmation");
    if (attempt.mutation && attempt.exit_code == 0 && executed != 1)
      fault(where + ": told executed, and it was not");
    const bool told_not = attempt.exit_code == 2 || attempt.exit_code == 10 ||
                          attempt.exit_code == 11 || attempt.exit_code == 20 ||
                          attempt.exit_code == 31;
    if (attempt.mutation && told_not && executed != 0)
      fault(where + ": told not executed, and it was");
    constexpr std::array kKnown{0, 2, 10, 11, 12, 20, 30, 31, 137};
    if (std::ranges::find(kKnown, attempt.exit_code) == kKnown.end())
      fault(fmt::format("{}: exit code {}: {}", where, attempt.exit_code, attempt.words));
  }

  void remember(const std::string& command_class, const std::string& point, Attempt attempt) {
    if (attempt.request.empty() || !attempt.mutation) return;
    Told told{command_class, point, std::move(attempt), {}};
    told.outcomes.push_back(stack_.ctl("operator", {"outcome", told.attempt.request}).exit_code);
    told_.push_back(std::move(told));
  }

  // With every epoch ended each outcome is final: it must agree with all that was ever told, with
  // the ledger's rows, and with the records.
  void judge_finally() {
    if (!stack_.end_all_epochs()) return fault("the stack did not come back at the end");
    const auto ledger = stack_.ledger();
    for (const auto& told : told_) {
      const auto& request = told.attempt.request;
      const auto where = told.command_class + " / " + told.point + " / " + request;
      const int last = stack_.ctl("operator", {"outcome", request}).exit_code;
      const int expected = ledger.executed.contains(request)   ? 0
                           : ledger.rejected.contains(request) ? 20
                                                               : 10;
      if (last != expected)
        fault(fmt::format("{}: final outcome {}, ledger {}", where, last, expected));
      for (const int earlier : told.outcomes)
        if (earlier != 30 && earlier != 31 && earlier != last)
          fault(fmt::format("{}: outcome said {}, later {}", where, earlier, last));
      if (told.attempt.exit_code == 0 && expected != 0) fault(where + ": told executed");
      if (told.attempt.exit_code == 20 && expected == 0) fault(where + ": told rejected");
      expected == 0 ? ++executed_ : ++not_executed_;
      if (expected == 0) judge_records(where, request);
    }
    const auto verify = stack_.read_log({"verify"}).exit_code;
    if (verify != 0 && verify != 43) fault(fmt::format("audit verify: exit {}", verify));
    if (executed_ == 0 || not_executed_ == 0)
      fault("vacuous: executed and not executed must occur");
  }

  void judge_records(const std::string& where, const std::string& request) {
    const auto timeline = stack_.read_log({"timeline", request}).out;
    for (const auto* stage : {"confirmation_asked", "confirmed", "dispatched"})
      if (timeline.find(fmt::format("\"{}\"", stage)) == std::string::npos)
        fault(where + ": executed without its record " + stage);
  }

  void judge_coverage() {
    if (!options_.only_class.empty() || !options_.only_point.empty()) return;
    for (const auto& point : stack_.kill_points()) {
      ++listed_;
      if (!hit_.contains(point) && !out_of_reach(point))
        fault("a listed kill point was never hit: " + point);
    }
  }

  void print() const {
    fmt::print("\n{:<38} {:>5} {:>6}  exit codes (count)\n", "command class", "runs", "kills");
    for (const auto& [name, tally] : tallies_) {
      std::string exits;
      for (const auto& [code, count] : tally.exits) exits += fmt::format(" {}({})", code, count);
      fmt::print("{:<38} {:>5} {:>6} {}\n", name, tally.runs, tally.kills, exits);
    }
    fmt::print(
        "\nkill points listed {}, hit {}, killed at {}; requests judged {}: executed {}, not "
        "executed {}; faults {}\n",
        listed_, hit_.size(), killed_.size(), told_.size(), executed_, not_executed_,
        faults_.size());
    for (const auto& text : faults_) fmt::print("FAULT: {}\n", text);
  }

  KillOptions options_;
  Stack stack_;
  std::vector<Told> told_;
  std::vector<std::string> faults_;
  std::set<std::string> hit_;
  std::set<std::string> killed_;
  std::map<std::string, Tally> tallies_;
  std::size_t listed_ = 0;
  unsigned executed_ = 0;
  unsigned not_executed_ = 0;
};

}  // namespace

int run_kill_matrix(const KillOptions& options) { return Matrix(options).run(); }

}  // namespace aeromq::chaos
