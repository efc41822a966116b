#include "tests/kernel/conformance.h"

#include <algorithm>

#include "tests/kernel/fixtures.h"

namespace aeromq::kernel {
namespace {

using Complaints = std::vector<std::string>;

bool is_node(const std::string& name) { return name == "a" || name == "b" || name == "c"; }

std::uint32_t lease_s(KernelFixture& kernel, std::uint64_t ms = 300'000) {
  return static_cast<std::uint32_t>((kernel.kernel_ms() + ms) / 1000);
}

ActAnswer act(Connection& connection, const RequestId& request, Action action,
              const std::string& node, std::uint64_t fencing_epoch,
              std::vector<std::string> overrides = {}) {
  auto wanted = act_of(request, action, node, fencing_epoch);
  wanted.overrides = std::move(overrides);
  const auto answer = connection.call(act_call(wanted));
  return answer ? answer->act : ActAnswer{};
}

OutcomeAnswer ask(Connection& connection, const RequestId& request) {
  const auto answer = connection.call(outcome_call(request));
  return answer && answer->outcome.size() == 1 ? answer->outcome.front() : OutcomeAnswer{};
}

KernelSnapshot look(Connection& connection) {
  const auto answer = connection.call({});
  return answer ? answer->snapshot : KernelSnapshot{};
}

void want(Complaints& complaints, const std::string& what, std::string_view got,
          std::string_view wanted) {
  if (got != wanted)
    complaints.push_back(what + ": got '" + std::string(got) + "', want '" + std::string(wanted) +
                         "'");
}
void want(Complaints& complaints, const std::string& what, const ActAnswer& got, ActStatus status,
          std::string_view code = {}) {
  want(complaints, what, text_of(got.status), text_of(status));
  want(complaints, what + " code", got.code, code);
}
void want(Complaints& complaints, const std::string& what, const OutcomeAnswer& got,
          Verdict verdict) {
  want(complaints, what, text_of(got.verdict), text_of(verdict));
  const bool final_verdict = verdict != Verdict::not_yet_decided && verdict != Verdict::unknown;
  if (got.final_ != final_verdict) complaints.push_back(what + ": final is wrong");
}

void epochs_only_grow(KernelFixture& kernel, Complaints& complaints) {
  kernel.fresh();
  auto last = kernel.open(1)->opened().epoch;
  for (int i = 0; i < 3; ++i) {
    if (i == 1) kernel.restart();
    const auto next = kernel.open(1)->opened().epoch;
    if (next <= last) complaints.push_back("an epoch did not grow");
    last = next;
  }
  if (kernel.open(2)->opened().epoch == 0) complaints.push_back("a second dispatcher has no epoch");
}

void executes_once(KernelFixture& kernel, Complaints& complaints) {
  kernel.fresh();
  kernel.settle();
  auto one = kernel.open(1);
  const auto id = id_of(one->opened(), lease_s(kernel), 1);
  want(complaints, "before", ask(*one, id), Verdict::not_yet_decided);
  want(complaints, "first", act(*one, id, Action::demote, "a", 1), ActStatus::executed);
  const auto after = look(*one);
  const auto repeat = act(*one, id, Action::demote, "a", after.fencing_epoch);
  want(complaints, "repeat", repeat, ActStatus::duplicate);
  if (!repeat.first_executed) complaints.push_back("a repeat hides that the first one executed");
  if (look(*one).fencing_epoch != after.fencing_epoch)
    complaints.push_back("a repeat changed the kernel");
  const auto outcome = ask(*one, id);
  want(complaints, "after", outcome, Verdict::executed);
  want(complaints, "principal", outcome.principal, "olga");
  want(complaints, "node", outcome.node, "a");
}

void rejections_stand(KernelFixture& kernel, Complaints& complaints) {
  kernel.fresh();
  kernel.settle();
  auto one = kernel.open(1);
  const auto id = id_of(one->opened(), lease_s(kernel), 1);
  want(complaints, "first", act(*one, id, Action::promote, "b", 1), ActStatus::rejected,
       kernel.word("AUTHORITY_HELD"));
  act(*one, id_of(one->opened(), lease_s(kernel), 2), Action::demote, "a", 1);
  kernel.settle();
  // Now it would pass: its rejection stands all the same.
  want(complaints, "copy", act(*one, id, Action::promote, "b", 2), ActStatus::duplicate,
       kernel.word("AUTHORITY_HELD"));
  want(complaints, "outcome", ask(*one, id), Verdict::rejected);
  kernel.restart();
  want(complaints, "after restart", ask(*kernel.open(1), id), Verdict::rejected);
}

void an_epoch_binds(KernelFixture& kernel, Complaints& complaints) {
  kernel.fresh();
  kernel.settle();
  auto old = kernel.open(1);
  const auto id = id_of(old->opened(), lease_s(kernel), 1);
  auto next = kernel.open(1);
  want(complaints, "told", ask(*next, id), Verdict::not_executed);
  want(complaints, "old connection", act(*old, id, Action::demote, "a", 1), ActStatus::refused,
       "STALE_EPOCH");
  want(complaints, "new connection", act(*next, id, Action::demote, "a", 1), ActStatus::refused,
       "OTHER_EPOCH");
  want(complaints, "still", ask(*next, id), Verdict::not_executed);
  // Reads go on over a superseded connection.
  if (look(*old).fencing_epoch != 1) complaints.push_back("a refused act changed the kernel");
}

void planes_do_not_speak_for_each_other(KernelFixture& kernel, Complaints& complaints) {
  kernel.fresh();
  kernel.settle();
  auto first = kernel.open(1);
  auto second = kernel.open(2);
  const auto id = id_of(first->opened(), lease_s(kernel), 1);
  want(complaints, "asked by another", ask(*second, id), Verdict::not_yet_decided);
  want(complaints, "acted by another", act(*second, id, Action::demote, "a", 1), ActStatus::refused,
       "OTHER_DISPATCHER");
  kernel.open(2);
  want(complaints, "the asker's epoch is nothing", ask(*first, id), Verdict::not_yet_decided);
  want(complaints, "its own", act(*first, id, Action::demote, "a", 1), ActStatus::executed);
  want(complaints, "seen by the other", ask(*second, id), Verdict::executed);
}

void a_lease_ends(KernelFixture& kernel, Complaints& complaints) {
  kernel.fresh();
  kernel.settle();
  auto one = kernel.open(1);
  const auto id = id_of(one->opened(), lease_s(kernel), 1);
  const auto ended = id_of(one->opened(), lease_s(kernel, 1000), 2);
  const auto before = ask(*one, ended);
  want(complaints, "held", before, Verdict::not_yet_decided);
  const auto now = kernel.kernel_ms();
  kernel.pass_ms(before.until_kernel_ms > now ? before.until_kernel_ms - now : 0);
  want(complaints, "ended", ask(*one, ended), Verdict::not_executed);
  kernel.settle();
  want(complaints, "late", act(*one, ended, Action::demote, "a", 1), ActStatus::refused,
       "LEASE_ENDED");
  want(complaints, "still", ask(*one, ended), Verdict::not_executed);
  want(complaints, "longer lease", act(*one, id, Action::demote, "a", 1), ActStatus::executed);
  const auto endless = id_of(one->opened(), lease_s(kernel, 7'200'000), 3);
  want(complaints, "endless", act(*one, endless, Action::promote, "b", 2), ActStatus::refused,
       "LEASE_TOO_LONG");
}

void a_restart_closes_epochs(KernelFixture& kernel, Complaints& complaints) {
  kernel.fresh();
  kernel.settle();
  auto one = kernel.open(1);
  const auto done = id_of(one->opened(), lease_s(kernel), 1);
  const auto open = id_of(one->opened(), lease_s(kernel), 2);
  act(*one, done, Action::demote, "a", 1);
  kernel.restart();
  auto other = kernel.open(2);
  want(complaints, "done", ask(*other, done), Verdict::executed);
  want(complaints, "open", ask(*other, open), Verdict::not_executed);
  kernel.settle();
  want(complaints, "late", act(*kernel.open(1), open, Action::promote, "b", 2), ActStatus::refused,
       "OTHER_EPOCH");
}

void foreign_ids_are_unknown(KernelFixture& kernel, Complaints& complaints) {
  kernel.fresh();
  auto one = kernel.open(1);
  auto other = id_of(one->opened(), lease_s(kernel), 1);
  other.session.history.octets[0] ^= 1;
  want(complaints, "history", ask(*one, other), Verdict::unknown);
  want(complaints, "act", act(*one, other, Action::demote, "a", 1), ActStatus::refused,
       "OTHER_HISTORY");
  want(complaints, "class", ask(*one, id_of(one->opened(), lease_s(kernel), 2, false)),
       Verdict::no_kernel_change);
  // An epoch that nobody has opened yet could still be.
  auto future = id_of(one->opened(), lease_s(kernel), 3);
  future.session.epoch += 5;
  want(complaints, "future", ask(*one, future), Verdict::not_yet_decided);
}

void facts_are_as_explained(KernelFixture& kernel, Complaints& complaints) {
  kernel.fresh();
  kernel.settle();
  auto one = kernel.open(1);
  std::uint32_t counter = 0;
  const auto next = [&] { return id_of(one->opened(), lease_s(kernel), ++counter); };
  act(*one, next(), Action::demote, "a", 1);
  kernel.settle();
  // ABA: b promoted and demoted again; a yes for fencing epoch 2 is void.
  act(*one, next(), Action::promote, "b", 2);
  kernel.settle();
  act(*one, next(), Action::demote, "b", 3);
  kernel.settle();
  want(complaints, "old yes", act(*one, next(), Action::promote, "c", 2), ActStatus::rejected,
       "FACTS_CHANGED");
  want(complaints, "fresh yes", act(*one, next(), Action::promote, "c", 4), ActStatus::executed);
}

void an_override_is_for_one_situation(KernelFixture& kernel, Complaints& complaints) {
  kernel.fresh();
  kernel.settle();
  auto one = kernel.open(1);
  std::uint32_t counter = 0;
  const auto next = [&] { return id_of(one->opened(), lease_s(kernel), ++counter); };
  const auto force = kernel.overrides();
  want(complaints, "alive", act(*one, next(), Action::force_promote, "b", 1, force),
       ActStatus::rejected, kernel.word("PRIMARY_ALIVE"));
  kernel.silence("a", look(*one).stale_after_ms);
  want(complaints, "unacknowledged", act(*one, next(), Action::force_promote, "b", 1),
       ActStatus::rejected, "FACTS_CHANGED");
  want(complaints, "forced", act(*one, next(), Action::force_promote, "b", 1, force),
       ActStatus::executed);
  want(complaints, "spent on another", act(*one, next(), Action::force_promote, "c", 1, force),
       ActStatus::rejected, "FACTS_CHANGED");
  want(complaints, "holder", look(*one).holder, "b");
}

void surveys_tell_what_an_act_would_meet(KernelFixture& kernel, Complaints& complaints) {
  kernel.fresh();
  kernel.settle();
  auto one = kernel.open(1);
  KernelCall call;
  call.kind = CallKind::survey;
  call.command = "request_promotion";
  call.node = "b";
  const auto answer = one->call(call);
  if (!answer) return complaints.push_back("no answer to a survey");
  std::string failing;
  for (const auto& check : answer->snapshot.checks)
    if (!check.passes && failing.empty()) failing = check.code;
  const auto acted = act(*one, id_of(one->opened(), lease_s(kernel), 1), Action::promote, "b", 1);
  want(complaints, "the act", acted, ActStatus::rejected, failing);
}

void a_demotion_asks_for_its_successor(KernelFixture& kernel, Complaints& complaints) {
  kernel.fresh();
  kernel.settle();
  auto one = kernel.open(1);
  std::uint32_t counter = 0;
  const auto demote = [&](const std::string& successor) {
    auto wanted = act_of(id_of(one->opened(), lease_s(kernel), ++counter), Action::demote, "a", 1);
    wanted.successor = successor;
    const auto answer = one->call(act_call(wanted));
    return answer ? answer->act : ActAnswer{};
  };
  want(complaints, "nobody knows it", demote("z"), ActStatus::rejected, "SUCCESSOR_NOT_READY");
  KernelCall call;
  call.kind = CallKind::survey;
  call.command = "request_demotion";
  call.node = "a";
  call.successor = "b";
  const auto survey = one->call(call);
  if (!survey) return complaints.push_back("no answer to a survey");
  want(complaints, "the survey is about it", survey->snapshot.successor, "b");
  const auto& preview = survey->snapshot.successor_checks;
  const auto held = std::ranges::find(preview, kernel.word("AUTHORITY_HELD"), &Check::code);
  if (held == preview.end() || held->passes || !held->text.ends_with("its stop ends that"))
    complaints.push_back("the preview does not say what the stop would end");
  for (const auto& check : survey->snapshot.checks)
    if (!check.passes) complaints.push_back("the demotion's " + check.code + ": " + check.text);
  want(complaints, "ready", demote("b"), ActStatus::executed);
  kernel.settle();
  want(complaints, "and it can follow",
       act(*one, id_of(one->opened(), lease_s(kernel), ++counter), Action::promote, "b", 2),
       ActStatus::executed);
}

void readings_are_of_one_snapshot(KernelFixture& kernel, Complaints& complaints) {
  kernel.fresh();
  auto one = kernel.open(1);
  for (const auto kind : {CallKind::wal, CallKind::snapshots, CallKind::diagnostics}) {
    KernelCall call;
    call.kind = kind;
    call.id = 17;
    const auto answer = one->call(call);
    if (!answer || answer->id != 17 || answer->kind != kind || answer->tables.empty() ||
        answer->snapshot.nodes.size() != 3)
      complaints.push_back(std::string(text_of(kind)) + ": no whole answer");
  }
  const auto before = look(*one);
  kernel.settle();
  if (look(*one).snapshot <= before.snapshot) complaints.push_back("snapshot ids do not grow");
  const auto high = look(*one).snapshot;
  kernel.restart();
  if (look(*kernel.open(1)).snapshot <= high)
    complaints.push_back("snapshot ids went back with a restart");
}

}  // namespace

void KernelFixture::silence(const std::string& node, std::uint64_t stale_after_ms) {
  pass_ms(stale_after_ms);
  for (const std::string other : {"a", "b", "c"})
    if (other != node) settle_only(other);
}

std::string KernelFixture::judge(const std::string& holder, const Act& act) const {
  if (!is_node(act.node)) return "NODE_UNKNOWN";
  if (act.action == Action::demote && act.node != holder) return "NOT_PRIMARY";
  if (act.action == Action::demote)
    return act.successor.empty() || is_node(act.successor) ? "" : "SUCCESSOR_NOT_READY";
  if (act.action == Action::promote && !holder.empty()) return "AUTHORITY_HELD";
  if (!holder.empty() && act.node != holder) return "PRIMARY_ALIVE";
  return act.node == holder ? "NOT_A_REPLICA" : "";
}

const std::vector<ConformanceCheck>& conformance_checks() {
  static const std::vector<ConformanceCheck> kAll{
      {"EpochsOnlyGrow", epochs_only_grow},
      {"ExecutesOnce", executes_once},
      {"RejectionsStand", rejections_stand},
      {"AnEpochBinds", an_epoch_binds},
      {"PlanesDoNotSpeakForEachOther", planes_do_not_speak_for_each_other},
      {"ALeaseEnds", a_lease_ends},
      {"ARestartClosesEpochs", a_restart_closes_epochs},
      {"ForeignIdsAreUnknown", foreign_ids_are_unknown},
      {"FactsAreAsExplained", facts_are_as_explained},
      {"AnOverrideIsForOneSituation", an_override_is_for_one_situation},
      {"SurveysTellWhatAnActWouldMeet", surveys_tell_what_an_act_would_meet},
      {"ADemotionAsksForItsSuccessor", a_demotion_asks_for_its_successor},
      {"ReadingsAreOfOneSnapshot", readings_are_of_one_snapshot}};
  return kAll;
}

}  // namespace aeromq::kernel
