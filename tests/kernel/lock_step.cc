// The model: the rules of the ledger in their simplest form, without a file, beside a real kernel.
#include <random>

#include "tests/kernel/conformance.h"
#include "tests/kernel/fixtures.h"

namespace aeromq::kernel {
namespace {

struct Model {
  struct Row {
    bool executed = false;
    std::string code;
  };
  std::uint64_t fencing_epoch = 1;
  std::string holder = "a";
  std::map<RequestId, Row> ledger;
  std::map<unsigned, std::uint32_t> epoch;        // durable
  std::map<unsigned, std::uint32_t> in_this_run;  // opened since the last restart

  /// With every node fresh, alive and caught up.
  std::string judge(const KernelFixture& kernel, const Act& act) const {
    return act.fencing_epoch != fencing_epoch ? "FACTS_CHANGED" : kernel.judge(holder, act);
  }

  std::pair<ActStatus, std::string> act(const KernelFixture& kernel, const Act& act,
                                        unsigned dispatcher, std::uint32_t held,
                                        std::uint64_t now_ms) {
    const auto& session = act.request.session;
    if (const auto row = ledger.find(act.request); row != ledger.end())
      return {ActStatus::duplicate, row->second.code};
    if (in_this_run[dispatcher] != held) return {ActStatus::refused, "STALE_EPOCH"};
    if (session.dispatcher != dispatcher) return {ActStatus::refused, "OTHER_DISPATCHER"};
    if (session.epoch != held) return {ActStatus::refused, "OTHER_EPOCH"};
    if (now_ms / 1000 > session.lease_end_s) return {ActStatus::refused, "LEASE_ENDED"};
    const auto code = judge(kernel, act);
    ledger[act.request] = {code.empty(), code};
    if (!code.empty()) return {ActStatus::rejected, code};
    ++fencing_epoch;
    holder = act.action == Action::demote ? "" : act.node;
    return {ActStatus::executed, ""};
  }

  Verdict outcome(const RequestId& request, std::uint64_t now_ms) {
    if (const auto row = ledger.find(request); row != ledger.end())
      return row->second.executed ? Verdict::executed : Verdict::rejected;
    const auto& session = request.session;
    const auto current = epoch[session.dispatcher];
    const bool over = current > session.epoch ||
                      (current == session.epoch && in_this_run[session.dispatcher] != current) ||
                      now_ms / 1000 > session.lease_end_s;
    return over ? Verdict::not_executed : Verdict::not_yet_decided;
  }
};

class LockStep {
 public:
  LockStep(KernelFixture& kernel, std::uint32_t seed) : kernel_(kernel), random_(seed) {
    kernel_.fresh();
    open();
  }

  std::string step() {
    switch (pick(10)) {
      case 0:
        open();
        return {};
      case 1:
        if (pick(4) == 0) restart();
        return {};
      case 2:
        if (pick(4) == 0 && connections_.size() > 1) connections_.erase(connections_.begin());
        return {};
      case 3:
      case 4:
      case 5:
        return question();
      default:
        return act();
    }
  }

 private:
  std::size_t pick(std::size_t below) { return random_() % below; }

  void open() {
    const auto dispatcher = static_cast<std::uint8_t>(1 + pick(2));
    connections_.push_back(kernel_.open(dispatcher));
    const auto epoch = static_cast<std::uint32_t>(connections_.back()->opened().epoch);
    model_.epoch[dispatcher] = epoch;
    model_.in_this_run[dispatcher] = epoch;
  }
  void restart() {
    kernel_.restart();
    connections_.clear();
    model_.in_this_run.clear();
    open();
  }

  RequestId id(const Opened& opened) {
    if (!ids_.empty() && pick(3) == 0) return ids_[pick(ids_.size())];
    const auto now_s = static_cast<std::uint32_t>(kernel_.kernel_ms() / 1000);
    const auto lease = pick(8) == 0 ? now_s - 1 : now_s + 300;
    ids_.push_back(id_of(opened, lease, ++counter_));
    return ids_.back();
  }

  std::string act() {
    kernel_.settle();
    auto& connection = *connections_[pick(connections_.size())];
    const std::string nodes[] = {"a", "b", "c", "z"};
    const auto epoch = pick(6) == 0 ? model_.fencing_epoch - 1 : model_.fencing_epoch;
    // Opposite to what stands, mostly, so that authority moves.
    const auto action = pick(5) == 0            ? Action::force_promote
                        : model_.holder.empty() ? Action::promote
                                                : Action::demote;
    const auto node = action == Action::demote && pick(3) != 0 ? model_.holder : nodes[pick(4)];
    auto wanted = act_of(id(connection.opened()), action, node, epoch);
    if (action == Action::demote && pick(2) == 0) wanted.successor = nodes[pick(4)];
    if (wanted.successor == node) wanted.successor.clear();
    const auto now_ms = kernel_.kernel_ms();
    const auto answer = connection.call(act_call(wanted));
    if (!answer) return "no answer to an act";
    const auto [status, code] =
        model_.act(kernel_, wanted, static_cast<unsigned>(connection.opened().dispatcher),
                   static_cast<std::uint32_t>(connection.opened().epoch), now_ms);
    if (answer->act.status != status || answer->act.code != code)
      return "act " + std::string(text_of(action)) + " " + node + ": kernel " +
             std::string(text_of(answer->act.status)) + " " + answer->act.code + ", model " +
             std::string(text_of(status)) + " " + code;
    const auto seen = connection.call({});
    if (!seen || seen->snapshot.holder != model_.holder ||
        seen->snapshot.fencing_epoch != model_.fencing_epoch)
      return "the registers differ";
    return {};
  }

  std::string question() {
    if (ids_.empty()) return {};
    const auto request = ids_[pick(ids_.size())];
    auto& connection = *connections_[pick(connections_.size())];
    const auto answer = connection.call(outcome_call(request));
    if (!answer || answer->outcome.size() != 1) return "no answer to a question";
    const auto& told = answer->outcome.front();
    const auto wanted = model_.outcome(request, told.kernel_ms);
    if (told.verdict != wanted)
      return "outcome: kernel " + std::string(text_of(told.verdict)) + ", model " +
             std::string(text_of(wanted));
    // What was final once stays so.
    if (const auto before = told_.find(request); before != told_.end())
      if (before->second != told.verdict) return "a final outcome changed";
    if (told.final_) told_[request] = told.verdict;
    return {};
  }

  KernelFixture& kernel_;
  std::mt19937 random_;
  Model model_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<RequestId> ids_;
  std::map<RequestId, Verdict> told_;
  std::uint32_t counter_ = 0;
};

}  // namespace

std::vector<std::string> run_lock_step(KernelFixture& fixture, std::uint32_t seed, int steps) {
  LockStep run(fixture, seed);
  for (int i = 0; i < steps; ++i)
    if (auto complaint = run.step(); !complaint.empty())
      return {"seed " + std::to_string(seed) + " step " + std::to_string(i) + ": " + complaint};
  return {};
}

}  // namespace aeromq::kernel
