// The good histories of the tests.
#include "tests/chaos/histories/story.h"

namespace aeromq::chaos {
namespace {

constexpr auto kDemote = "request_demotion";
constexpr auto kPromote = "request_promotion";

History executed_and_rejected() {
  Story story;
  story.policy("alice", "operator");
  story.look();
  story.executed("alice", kDemote, "a");
  story.executed("alice", kPromote, "b");
  const auto rejected = story.confirmed("alice", kDemote, "c");
  story.call(rejected);
  story.reject(rejected, "NOT_PRIMARY", "b holds write authority");
  story.tell_end(rejected);
  return story.end();
}

History declined_and_client_gone() {
  Story story;
  story.policy("alice", "operator");
  story.policy("mallory", "observer");
  const auto declined = story.submit("alice", kDemote, "a");
  story.ask(declined);
  story.abandon(declined);
  const auto gone = story.submit("alice", kDemote, "a");
  story.ask(gone);
  story.client_gone(gone);
  story.look();
  const auto refused = story.submit("mallory", kDemote, "a");
  story.refuse(refused, "submit", "refused", "NO_AUTHORITY");
  story.look();
  return story.end();
}

History two_principals_two_planes() {
  Story story;
  story.policy("alice", "operator");
  story.executed("alice", kDemote, "a");
  story.on_plane("b/", 2);
  story.policy("bob", "operator");
  story.executed("bob", kPromote, "b");
  story.policy("bob", "observer");
  story.on_plane("", 1);
  story.executed("alice", kDemote, "b");
  return story.end();
}

History dispatcher_restart() {
  Story story;
  story.policy("alice", "operator");
  const auto lost = story.confirmed("alice", kDemote, "a");
  story.call(lost);
  story.execute(lost);
  story.end_run("dispatcher", "killed");
  story.unknown(lost, "DISPATCH_LOST");
  const auto never = story.submit("alice", kDemote, "a");
  story.refuse(never, "submit", "failed", "ACTOR_UNAVAILABLE");
  story.begin_run("dispatcher");
  story.open();
  story.outcome(lost, "executed");
  // Handed over, but its dispatcher dies before the call: undecided until a newer epoch.
  const auto undecided = story.confirmed("alice", kPromote, "b");
  story.end_run("dispatcher", "killed");
  story.unknown(undecided, "DISPATCH_LOST");
  story.outcome(undecided, "not_yet_decided");
  story.begin_run("dispatcher");
  story.open();
  story.outcome(undecided, "not_executed");
  story.settle(undecided, "not_executed");
  story.executed("alice", kPromote, "c");
  return story.end();
}

History repeat_refused() {
  Story story;
  story.policy("alice", "operator");
  const auto id = story.confirmed("alice", kDemote, "a");
  story.fault("broker", "doubled");
  story.repeat_message();
  story.call(id);
  story.execute(id);
  story.tell_end(id);
  story.confirm(id);
  story.unknown(id, "TOKEN_SPENT");
  story.executed("alice", kPromote, "b");
  story.look();
  story.look();
  return story.end();
}

History power_cut() {
  Story story;
  story.policy("alice", "operator");
  story.executed("alice", kDemote, "a");
  const auto cut = story.submit("alice", kPromote, "b");
  story.ask(cut);
  story.fault("disk", "power_cut");
  for (const auto* part : {"dispatcher", "writer", "keeper", "explainer", "gate", "broker"})
    story.end_run(part, "killed");
  story.end_run("kernel", "killed");
  story.begin_run("kernel");
  for (const auto* part : {"broker", "gate", "explainer", "keeper", "writer"})
    story.begin_run(part);
  story.restarted_log();
  story.begin_run("dispatcher");
  story.open();
  story.settle(cut, "not_executed");
  story.executed("alice", kPromote, "b");
  return story.end();
}

}  // namespace

std::vector<NamedHistory> good_histories() {
  return {{"executed and rejected", executed_and_rejected()},
          {"declined and client gone", declined_and_client_gone()},
          {"two principals, two planes", two_principals_two_planes()},
          {"dispatcher restart", dispatcher_restart()},
          {"repeat refused", repeat_refused()},
          {"power cut", power_cut()}};
}

}  // namespace aeromq::chaos
