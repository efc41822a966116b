// One stack's life under fire: what the drills of a rung share, and the judgement at its end. What
// the one checker knows is left to it; here is judged only what no history tells.
#pragma once
#include <memory>

#include "chaos/checker/checker.h"
#include "chaos/checker/coverage.h"
#include "chaos/stack/person.h"

namespace aeromq::chaos {

/// Every process of a stack that `aeromq up` runs, as lanes.
const std::vector<std::string>& stack_lanes();

/// Where a drill began, so that a violation names the drill that broke it.
struct DrillMark {
  std::uint64_t at_ns = 0;
  std::string what;    ///< for people
  std::string replay;  ///< the command line that does this drill alone
};

class Scene {
 public:
  /// `name` becomes part of the directory's name.
  Scene(const std::filesystem::path& bin_dir, const std::string& name, const StackOptions& options);

  Stack& stack() { return *stack_; }
  Recorder& recorder() { return *recorder_; }
  const std::filesystem::path& dir() const { return stack_->dir(); }

  /// What preparing has aimed at, so that no armed point is spent on looking around.
  std::vector<std::string> words;
  std::string about;  ///< a request to ask about
  /// The last drill saw the stack come back, and nothing was broken since.
  bool settled = false;

  std::string holder();
  /// A node whose promotion every check of the kernel would let pass now; empty if none.
  std::string promotable();
  /// Demotes whoever holds authority; true when nobody does.
  bool demoted();
  /// A mutation by the operator, with a reason and an answer.
  Attempt mutate(std::vector<std::string> arguments, const Reply& reply);

  void begin_drill(const std::string& what, const std::string& replay);
  /// Something that the checker cannot see.
  void fault(const std::string& text);
  unsigned drills() const { return drills_; }

  /// Ends every epoch, asks about every request once more, reads everything back and judges.
  /// Returns the number of faults and violations; if there is any, the directory is kept.
  std::size_t finish(Coverage& coverage, const std::vector<std::string>& lanes);

 private:
  void ask_all_outcomes();
  void note_serving(const std::vector<std::string>& lanes);
  void judge_forgotten_questions(const History& history);
  const DrillMark* drill_at(std::uint64_t at_ns) const;
  std::unique_ptr<Stack> stack_;
  std::unique_ptr<Recorder> recorder_;
  std::vector<DrillMark> marks_;
  std::vector<std::string> faults_;
  unsigned drills_ = 0;
};

}  // namespace aeromq::chaos
