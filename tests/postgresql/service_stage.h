// The kernel of a PostgreSQL cluster without threads: its errands are kept until the test answers
// them, and what a look means is scripted.
#pragma once
#include <deque>

#include "kernel/postgresql/service/kernel.h"
#include "process/kill_point.h"
#include "tests/kernel/fixtures.h"
#include "tests/support/scratch_folder.h"

namespace aeromq::postgresql {

struct Told {
  std::uint64_t connection = 0;
  KernelAnswer answer;
};
struct Asked {
  std::uint64_t question = 0;
  std::string node;
  std::string journal;
};

class ScriptedOutside final : public Outside {
 public:
  void look(Depth) override { ++looks; }
  void act(const AgentAct& act, const std::string& journal) override {
    acts.push_back(act);
    journals.push_back(journal);
  }
  void find_out(const Inquiry& inquiry) override { finds.push_back(inquiry); }
  void ask(std::uint64_t question, const Inquiry& inquiry) override {
    asked.push_back({question, inquiry.node, inquiry.journal});
  }
  void answer(std::uint64_t connection, const KernelAnswer& answer, const Act&) override {
    told.push_back({connection, answer});
  }
  int looks = 0;  ///< under way, or answered
  std::vector<AgentAct> acts;
  std::vector<std::string> journals;  ///< of each act
  std::vector<Inquiry> finds;
  std::vector<Asked> asked;
  std::deque<Told> told;
};

class ScriptedSight final : public Sight {
 public:
  std::vector<Check> checks(const ClusterSample&, const Intent& intent) const override {
    last_intent = intent;
    const auto own = failing_for.find(intent.node);
    return own == failing_for.end() ? failing : own->second;
  }
  std::vector<std::string> not_checked(const ClusterSample&, const Intent&) const override {
    return {"the weather"};
  }
  std::vector<Finding> warnings(const ClusterSample&, const Intent& intent) const override {
    return {{"RAIN", Severity::warning, "it rains on " + intent.node}};
  }
  /// The look's only writable node, if it is not the holder.
  std::string observe(kernel::Register& state, const ClusterSample& sample) const override {
    for (const auto& node : sample.nodes) {
      if (node.in_recovery || node.node == state.holder) continue;
      state.holder = node.node;
      state.last_primary = node.node;
      ++state.fencing_epoch;
      return "holder " + node.node;
    }
    return {};
  }
  KernelSnapshot snapshot(const kernel::Register&, const ClusterSample&, std::uint64_t,
                          std::uint64_t) const override {
    return {};
  }
  void read(KernelAnswer&, const KernelCall&, const ClusterSample&,
            const kernel::Store&) const override {}
  std::vector<Check> failing;
  std::map<std::string, std::vector<Check>> failing_for;  ///< of acts on this node alone
  mutable Intent last_intent;
};

inline ClusterSample primary_is(const std::string& primary) {
  ClusterSample sample;
  for (const auto* name : {"a", "b", "c"}) {
    sample.nodes.emplace_back();
    sample.nodes.back().node = name;
    sample.nodes.back().answered = true;
    sample.nodes.back().in_recovery = name != primary;
  }
  return sample;
}

/// One register and the runs of a kernel on it.
class Stage {
 public:
  Stage() {
    process::register_kill_points(kernel::kill_points());
    process::register_kill_points(kill_points());
    restart();
    look("a");
  }
  /// The kernel dies, and the next one starts.
  void restart() {
    kernel.reset();
    outside = {};
    auto made = PostgresqlKernel::start({path, "demo", {"a", "b", "c"}, 0}, outside, sight, now());
    kernel = std::move(*made);
  }
  Moment now() const { return kernel::at_ms(now_ms); }
  std::uint32_t lease_s() const { return static_cast<std::uint32_t>(now_ms / 1000 + 300); }

  kernel::Standing open(std::uint64_t dispatcher = 1) {
    opened = *kernel->open(dispatcher, now());
    return {opened.dispatcher, static_cast<std::uint32_t>(opened.epoch)};
  }
  Act act(std::uint32_t counter, Action action = Action::demote, const std::string& node = "a") {
    return kernel::act_of(kernel::id_of(opened, lease_s(), counter), action, node,
                          kernel->state().fencing_epoch);
  }
  std::optional<ActAnswer> take(const Act& act, const kernel::Standing& standing,
                                std::uint64_t connection = 1) {
    const auto answer = kernel->take(kernel::act_call(act), {standing, connection}, now());
    return answer ? std::optional(answer->act) : std::nullopt;
  }
  void look(const std::string& primary) {
    if (outside.looks == 0) kernel->take({}, {{}, 99}, now());
    outside.looks = 0;
    kernel->looked(primary_is(primary), now());
  }
  /// Takes an act that nothing speaks against; its grant is open and the errand on its way.
  Act granted(std::uint32_t counter, Action action = Action::demote,
              const std::string& node = "a") {
    const auto standing = open();
    const auto made = act(counter, action, node);
    EXPECT_FALSE(take(made, standing));
    look(kernel->state().holder);
    EXPECT_EQ(outside.acts.size(), 1U);
    outside.told.clear();
    return made;
  }
  Word word(const Act& act, ClaimState state, std::uint64_t promised, bool promised_term = false) {
    Word said;
    said.kind = Word::Kind::said;
    said.claim.request = act.request;
    said.claim.state = state;
    said.claim.promised = promised;
    said.claim.shutdown_checkpoint = 4096;
    said.claim.timeline = 2;
    if (state == ClaimState::rejected) said.claim.code = "VOIDED";
    said.promised_term = promised_term;
    return said;
  }
  /// What a question is told now; the agent, if it is asked, says `word`.
  OutcomeAnswer outcome(const RequestId& request, const Word& word = {}) {
    outside.told.clear();
    kernel->take(kernel::outcome_call(request), {{}, 50}, now());
    look(kernel->state().holder);
    if (!outside.asked.empty()) {
      const auto question = outside.asked.back().question;
      outside.asked.clear();
      kernel->asked(question, word, now());
    }
    for (const auto& told : outside.told)
      if (told.connection == 50 && told.answer.outcome.size() == 1) return told.answer.outcome[0];
    ADD_FAILURE() << "no answer";
    return {};
  }

  test::ScratchFolder folder;
  std::string path = folder / "register";
  ScriptedOutside outside;
  ScriptedSight sight;
  std::unique_ptr<PostgresqlKernel> kernel;
  std::uint64_t now_ms = kernel::kStart;
  Opened opened;
};

}  // namespace aeromq::postgresql
