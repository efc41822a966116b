#include "chaos/postgresql/runbook.h"

#include <fmt/core.h>
#include <poll.h>

#include <algorithm>

#include "chaos/stack/told.h"
#include "kernel/embedded_link.h"

namespace aeromq::chaos::postgresql {
namespace {

constexpr int kProcessesMs = 60000;
constexpr int kFinalMs = 90000;
constexpr int kRestoreMs = 120000;
constexpr std::uint64_t kFollowNs = 30'000'000'000;
constexpr int kSettledMs = 20000;
constexpr int kAskAgainMs = 150;
constexpr int kRepeatMs = 30000;
constexpr std::uint8_t kOtherDispatcher = 77;
constexpr std::array kKnownExits{0, 2, 10, 11, 12, 20, 30, 31};

const std::map<std::string, Action>& actions() {
  static const std::map<std::string, Action> all{{"promote", Action::promote},
                                                 {"demote", Action::demote},
                                                 {"force-promote", Action::force_promote}};
  return all;
}

// Asked until the answer is final: an agent's journal may tell before the register has its row, so
// this is judged against the servers, and what the history tells is asked again behind the row.
Attempt ask_until_final(Site& site, const std::string& request) {
  Event first;
  std::string words;
  poll_until(kFinalMs, [&] {
    const auto ended = site.stack().ctl("operator", {"outcome", request});
    first = told_of({ended.exit_code, ended.out, ended.err}, "outcome");
    words = ended.out + ended.err;
    if (!first.final_) ::poll(nullptr, 0, kAskAgainMs);
    return first.final_;
  });
  if (!first.final_) site.fault("no final outcome: " + words);
  const auto file = site.stack().register_file();
  if (!poll_until(kSettledMs, [&] { return open_grants(file) == 0; }))
    site.fault("a grant stays open");
  auto answer = look(site.stack(), site.recorder(), "operator", {"outcome", request});
  if (answer.told.verdict != first.verdict)
    site.fault("the outcome was " + first.verdict + " and became " + answer.told.verdict);
  return answer;
}

// The same id once more, past the road, as another control plane could send it: it must not be
// taken for new.
void try_again(Site& site, const Deed& deed) {
  const auto id = RequestId::parse(deed.attempt.request);
  if (!id) return site.fault("an id that cannot be read: " + deed.attempt.request);
  auto link = kernel::EmbeddedLink::open((site.stack().dir() / "run/kernel.sock").string(),
                                         kOtherDispatcher);
  if (!link) return site.fault("the kernel does not take a repeat: " + link.error().message);
  auto seen = link->ask({});
  KernelCall call;
  call.kind = CallKind::act;
  call.id = 1;
  call.act.request = *id;
  call.act.action = actions().at(deed.verb);
  call.act.node = deed.node;
  call.act.fencing_epoch = seen ? seen->snapshot.fencing_epoch : 0;
  call.act.principal = "root-operator";
  call.act.reason = "the same once more";
  const auto answer = link->ask(call, kRepeatMs);
  if (!answer) return site.fault("no answer to a repeat: " + answer.error().message);
  const auto status = answer->act.status;
  if (status != ActStatus::duplicate && status != ActStatus::refused)
    site.fault(fmt::format("a repeat of {} was {}: {}", deed.attempt.request, text_of(status),
                           answer->act.text));
}

void judge_journals(Site& site, const Deed& deed, bool executed) {
  for (const auto& server : site.cluster().servers()) {
    const auto word = read_journal(server, deed.attempt.request);
    const auto say = [&](const std::string& what) {
      site.fault(
          fmt::format("the journal of {} has {} of {}", server.name, what, deed.attempt.request));
    };
    if (server.name != deed.node && word.claims > 0) say("a claim");
    if (word.claims > 1) say("two claims");
    if (word.asked > 1) say("two signals");
    if (word.results > 1) say("two results");
    if (server.name != deed.node) continue;
    if (word.claims > 0 && word.results == 0) say("a claim without a result");
    if (word.results == 1 && word.executed != executed)
      say(fmt::format("the result {} {}, and the servers tell another",
                      word.executed ? "executed" : "rejected", word.code));
    if (word.claims == 0 && executed) say("no claim, and it was executed");
  }
}

void judge_register(Site& site, const Deed& deed, bool executed) {
  const auto seen = read_register(site.stack().register_file());
  const auto row = std::ranges::find(seen.rows, deed.attempt.request, &WitnessedRow::request);
  const bool told = row != seen.rows.end() && row->executed;
  if (told != executed)
    site.fault(fmt::format("the register has {} as {}, the servers tell another",
                           deed.attempt.request, told ? "executed" : "not executed"));
}

// Of several that were primary when they died the one of the newest timeline: the others are its
// past.
std::string newest_dead_primary(const Facts& facts) {
  std::string found;
  for (const auto& [name, one] : facts)
    if (!one.running && !one.standby_signal &&
        (found.empty() || one.newest_history > facts.at(found).newest_history))
      found = name;
  return found;
}

bool start_what_is_down(Site& site, const Facts& facts, const std::string& primary) {
  auto& cluster = site.cluster();
  const auto heir = primary.empty() ? newest_dead_primary(facts) : "";
  bool did = false;
  for (const auto& [name, one] : facts) {
    if (one.running || (primary.empty() && !one.standby_signal && name != heir)) continue;
    did = true;
    if (one.standby_signal || name == heir) {
      const auto started = cluster.start_by_person(name);
      if (started.exit_code == 0) ++site.handwork.servers_started;
    } else if (cluster.rejoin(name, primary)) {
      ++site.handwork.rejoined;
    }
  }
  return did;
}

// A standby that has not come to stream in all that time can't follow: made anew.
bool rejoin_what_does_not_follow(Site& site, const Facts& facts, const std::string& primary) {
  bool did = false;
  for (const auto& [name, one] : facts) {
    if (name == primary || facts.at(primary).streaming.contains(name)) continue;
    site.cluster().kill_postmaster(name);
    if (!site.cluster().rejoin(name, primary)) continue;
    ++site.handwork.rejoined;
    did = true;
  }
  return did;
}

}  // namespace

Deed do_deed(Site& site, const std::string& verb, const std::string& node,
             const std::function<void()>& meddle) {
  Deed deed{verb, node, {}, read_facts(site.cluster())};
  Conversation conversation(site.stack(), site.recorder(), "operator",
                            {verb, node, "--reason", "drill"});
  conversation.answer(yes);
  if (meddle) meddle();
  deed.attempt = conversation.finish();
  deed.attempt.mutation = true;
  return deed;
}

bool processes_back(Site& site) {
  site.stack().disarm();
  site.cluster().disarm();
  for (const auto& server : site.cluster().servers()) {
    if (site.cluster().agent_runs(server.name)) continue;
    const auto started = site.cluster().start_agent(server.name);
    if (started.exit_code != 0)
      site.fault("the agent of " + server.name + " does not start: " + started.err);
    ++site.handwork.agents_started;
  }
  if (poll_until(kProcessesMs, [&] { return site.serves(); })) return true;
  site.fault("the control plane did not come back");
  return false;
}

std::string judge_deed(Site& site, const Deed& deed) {
  const auto& attempt = deed.attempt;
  if (std::ranges::find(kKnownExits, attempt.exit_code) == kKnownExits.end() ||
      !fits(attempt.exit_code, attempt.told))
    site.fault(fmt::format("exit code {}, told \"{}\": {}", attempt.exit_code, attempt.told.verdict,
                           attempt.words));
  if (!processes_back(site)) return {};
  std::string verdict = "not_executed";
  if (!attempt.request.empty()) {
    const auto answer = ask_until_final(site, attempt.request);
    verdict = answer.told.verdict;
  }
  const auto after = read_facts(site.cluster());
  const bool executed = had_effect(deed.verb, deed.node, deed.before, after);
  if (executed != (verdict == "executed"))
    site.fault(fmt::format("WRONG OUTCOME: {} {} is told {}, and the servers say {}", deed.verb,
                           deed.node, verdict, executed ? "it was done" : "it was not"));
  if (attempt.request.empty()) return verdict;
  judge_journals(site, deed, executed);
  judge_register(site, deed, executed);
  site.recorder().follow(false);
  try_again(site, deed);
  site.stack().passes();  // the repeat is ours, not the dispatcher's
  const auto again = look(site.stack(), site.recorder(), "operator", {"outcome", attempt.request});
  if (again.told.verdict != verdict)
    site.fault(fmt::format("the outcome was {} and became {}", verdict, again.told.verdict));
  return verdict;
}

std::string foremost_standby(const Facts& facts, const std::string& but) {
  std::string found;
  std::uint64_t most = 0;
  for (const auto& [name, one] : facts)
    if (name != but && one.answers && one.in_recovery && one.position > most) {
      most = one.position;
      found = name;
    }
  return found;
}

bool restore(Site& site) {
  if (!processes_back(site)) return false;
  auto patience_ends = boot_now() + kFollowNs;
  return poll_until(kRestoreMs, [&] {
    const auto facts = read_facts(site.cluster());
    const auto primary = primary_of(facts);
    if (start_what_is_down(site, facts, primary)) return false;
    if (primary.empty()) {
      const auto best = foremost_standby(facts, "");
      if (best.empty()) return false;
      const auto deed = do_deed(site, "promote", best);
      if (deed.attempt.exit_code == 0) ++site.handwork.promoted;
      if (!deed.attempt.request.empty()) judge_deed(site, deed);
      return false;
    }
    if (boot_now() > patience_ends && rejoin_what_does_not_follow(site, facts, primary))
      patience_ends = boot_now() + kFollowNs;
    return site.healthy();
  });
}

}  // namespace aeromq::chaos::postgresql
