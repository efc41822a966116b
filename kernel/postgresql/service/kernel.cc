#include "kernel/postgresql/service/kernel.h"

#include <utility>

#include "kernel/postgresql/sight/facts.h"
#include "kernel/postgresql/sight/successor.h"
#include "kernel/postgresql/sight/views.h"
#include "messages/text.h"
#include "process/kill_point.h"
#include "process/log.h"

namespace aeromq::postgresql {

using kernel::Caller;
using kernel::kernel_ms;
using kernel::LedgerRow;
using kernel::wall_ms;

namespace {
constexpr std::uint64_t kSettleEveryMs = 1000;
constexpr std::size_t kMostFindings = 32;     // KernelSnapshot::findings
constexpr std::size_t kMostAlarmsShown = 16;  // leaves room in KernelSnapshot::findings
}  // namespace

// In the order of an act; kernel.act.received, committed and answered are kernel::kill_points()'.
const std::vector<std::string>& kill_points() {
  static const std::vector<std::string> kAll{
      "kernel.act.looked",     "kernel.act.granting", "kernel.act.granted",
      "kernel.act.connecting", "kernel.act.opened",   "kernel.act.claimed",
      "kernel.act.heard",      "kernel.act.settling", "kernel.look.noted"};
  return kAll;
}

Result<std::unique_ptr<PostgresqlKernel>> PostgresqlKernel::start(const KernelOptions& options,
                                                                  Outside& outside,
                                                                  const Sight& sight,
                                                                  const Moment& now) {
  auto store = kernel::open_or_create(options.register_file, kPostgresqlRegister, options.cluster,
                                      options.nodes);
  if (!store) return fail(store.error());
  auto state = store->load();
  auto made = std::unique_ptr<PostgresqlKernel>(
      new PostgresqlKernel(std::move(*store), std::move(state), options, outside, sight));
  for (const auto& grant : made->unsettled_)
    process::log_warning(
        "grant_found_unsettled",
        {{"request", grant.act.request.text()}, {"node", grant.act.node}, {"term", grant.term}});
  made->tick(now);
  return made;
}

PostgresqlKernel::PostgresqlKernel(kernel::Store store, kernel::Register state,
                                   const KernelOptions& options, Outside& outside,
                                   const Sight& sight)
    : RegisterKernel(std::move(store), std::move(state)),
      options_(options),
      outside_(outside),
      sight_(sight),
      terms_(std::make_unique<RegisterTerms>(store_.database())),
      grants_(store_.database()),
      journals_(store_.database()),
      alarms_(store_.database()),
      standing_(alarms_.standing()),
      unsettled_(grants_.unsettled()) {}

KernelAnswer PostgresqlKernel::answer_to(const KernelCall& call, ActAnswer act) {
  KernelAnswer made;
  made.kind = call.kind;
  made.id = call.id;
  made.act = std::move(act);
  return made;
}

std::optional<KernelAnswer> PostgresqlKernel::take(const KernelCall& call, const Caller& caller,
                                                   const Moment& now) {
  if (call.kind == CallKind::act) {
    process::kill_point("kernel.act.received");
    if (auto answer = act_without_look({call, caller}, now))
      return answer_to(call, std::move(*answer));
    if (decision(call.act, caller.standing, now).step == ActStep::join) {
      joined_.push_back({call, caller});
      return std::nullopt;
    }
  }
  waiting_.push_back({call, caller});
  start_look();
  return std::nullopt;
}

ActDecision PostgresqlKernel::decision(const Act& act, const kernel::Standing& standing,
                                       const Moment& now) const {
  return act_rule(act, store_.find_row(act.request), unsettled_, refusal(act, standing, now));
}

/// What needs no look; of a rejection the row is written here.
std::optional<ActAnswer> PostgresqlKernel::act_without_look(const Waiting& waiting,
                                                            const Moment& now) {
  const auto& act = waiting.call.act;
  auto decided = decision(act, waiting.caller.standing, now);
  switch (decided.step) {
    case ActStep::repeat:
    case ActStep::refuse:
      return std::move(decided.answer);
    case ActStep::reject:
      return reject(act, std::move(decided.answer), now);
    default:
      return std::nullopt;
  }
}

void PostgresqlKernel::start_look() {
  if (looking_) return;
  looking_ = true;
  look_is_old_ = false;
  // A look goes deep in one way only: who needs another one waits for the next.
  auto depth = Depth::facts;
  std::vector<Waiting> later;
  for (auto& waiting : std::exchange(waiting_, {})) {
    const auto needed = depth_of(waiting.call.kind);
    if (depth == Depth::facts) depth = needed;
    const bool fits = needed == Depth::facts || needed == depth;
    (fits ? riding_ : later).push_back(std::move(waiting));
  }
  waiting_ = std::move(later);
  outside_.look(depth);
}

void PostgresqlKernel::looked(ClusterSample sample, const Moment& now) {
  looking_ = false;
  look_at_ms_ = kernel_ms(now);
  auto served = std::exchange(riding_, {});
  if (look_is_old_) {
    // It began before authority moved by our own hand: what it shows would read as a change.
    waiting_.insert(waiting_.begin(), std::make_move_iterator(served.begin()),
                    std::make_move_iterator(served.end()));
    return start_look();
  }
  note(sample, now);
  for (auto& waiting : served) serve(std::move(waiting), sample, now);
  if (!waiting_.empty()) start_look();
}

// What moved without us is a fact like any other, but only while nothing of ours is under way: in
// between an agent's deed and its row the same look would be counted twice.
void PostgresqlKernel::note(const ClusterSample& sample, const Moment& now) {
  learn_journals(sample, now);
  if (const auto* open = open_grant()) {
    const auto* node = find_node(sample, open->act.node);
    if (node != nullptr && node->agent && !node->agent->open_claim.empty())
      process::kill_point("kernel.act.claimed");
    return changed();
  }
  auto after = state_;
  const auto what = sight_.observe(after, sample);
  if (!what.empty()) {
    store_.begin();
    store_.write_register(after);
    store_.commit();
    process::kill_point("kernel.look.noted");
    state_ = std::move(after);
    process::log_warning(
        "authority_moved",
        {{"what", what}, {"fencing_epoch", state_.fencing_epoch}, {"holder", state_.holder}});
  }
  changed();
}

void PostgresqlKernel::learn_journals(const ClusterSample& sample, const Moment& now) {
  for (const auto& node : sample.nodes)
    if (node.agent && !node.agent->journal.empty() && journals_.of(node.node).empty())
      journals_.learn(node.node, node.agent->journal, wall_ms(now));
}

void PostgresqlKernel::serve(Waiting waiting, const ClusterSample& sample, const Moment& now) {
  if (waiting.call.kind == CallKind::act) return judge_act(std::move(waiting), sample, now);
  auto made = reading(waiting.call, sample, now);
  if (waiting.call.kind == CallKind::outcome && !waiting.call.about.empty())
    return tell_outcome(std::move(waiting), std::move(made), now);
  outside_.answer(waiting.caller.connection, made, {});
}

KernelAnswer PostgresqlKernel::reading(const KernelCall& call, const ClusterSample& sample,
                                       const Moment& now) const {
  KernelAnswer made;
  made.kind = call.kind;
  made.id = call.id;
  auto& snapshot = made.snapshot;
  snapshot = sight_.snapshot(state_, sample, snapshot_, kernel_ms(now));
  const auto command = call.kind == CallKind::survey ? find_command(call.command) : std::nullopt;
  if (command && command_row(*command).kernel_action()) {
    auto intent = intent_of(state_, action_of(*command), call.node, {});
    intent.successor = call.successor;
    snapshot.checks = checks(intent.action, intent, sample);
    snapshot.successor = call.successor;
    if (!call.successor.empty()) snapshot.successor_checks = succession(intent, sample).preview;
    snapshot.not_checked = sight_.not_checked(sample, intent);
    for (auto& warning : sight_.warnings(sample, intent))
      if (snapshot.findings.size() < kMostFindings) snapshot.findings.push_back(std::move(warning));
  }
  for (const auto& alarm : standing_)
    if (snapshot.findings.size() < kMostAlarmsShown) snapshot.findings.push_back(finding_of(alarm));
  for (const auto& node : sample.nodes)
    if (node.agent && !node.agent->foreign_start.empty() &&
        snapshot.findings.size() < kMostAlarmsShown)
      snapshot.findings.push_back({"FOREIGN_START", Severity::warning,
                                   cut(node.node + ": " + node.agent->foreign_start, 512)});
  sight_.read(made, call, sample, store_);
  return made;
}

std::vector<Check> PostgresqlKernel::checks(Action action, const Intent& intent,
                                            const ClusterSample& sample) const {
  auto all = sight_.checks(sample, intent);
  add_newest_timeline(all, state_, intent, sample);
  if (const auto older =
          register_check(state_.history, terms_->last(), terms_->promised_beyond(), sample);
      !older.passes)
    all.push_back(older);
  if (const auto journal = journal_check(journals_.of(intent.node), intent.node, sample);
      !journal.passes)
    all.push_back(journal);
  if (const auto bound = bound_check(state_.history, intent.node, sample); !bound.passes)
    all.push_back(bound);
  if (const auto* open = open_grant()) add_open_grant(all, *open, action, sample);
  if (action == Action::demote && !intent.successor.empty()) {
    // In the place of the look's own word: the register knows more.
    std::erase_if(all, [](const Check& check) { return check.code == "SUCCESSOR_NOT_READY"; });
    all.push_back(succession(intent, sample).ready);
  }
  if (!standing_.empty()) all.push_back(alarm_check(standing_));
  return all;
}

kernel::Succession PostgresqlKernel::succession(const Intent& demotion,
                                                const ClusterSample& sample) const {
  return succession_of(sample, demotion, [this](const ClusterSample& look, const Intent& wanted) {
    return checks(wanted.action, wanted, look);
  });
}

const Grant* PostgresqlKernel::unsettled(const RequestId& request) const {
  for (const auto& grant : unsettled_)
    if (grant.act.request == request) return &grant;
  return nullptr;
}

// The row first, then the grant's agent; a request with neither is the register's alone.
void PostgresqlKernel::tell_outcome(Waiting waiting, KernelAnswer made, const Moment& now) {
  const auto& about = waiting.call.about;
  if (const auto* grant = unsettled(about)) {
    const auto number = ++last_question_;
    questions_.emplace(number, Question{std::move(made), waiting.caller, *grant});
    return outside_.ask(number, {grant->act.node, about, grant->journal, 0});
  }
  made.outcome.push_back(outcome(about, now));
  outside_.answer(waiting.caller.connection, made, {});
}

void PostgresqlKernel::asked(std::uint64_t question, const Word& word, const Moment& now) {
  const auto at = questions_.find(question);
  if (at == questions_.end()) return;
  auto asked = std::move(at->second);
  questions_.erase(at);
  const auto& request = asked.grant.act.request;
  auto claim = word.kind == Word::Kind::said ? std::optional(word.claim) : std::nullopt;
  // While its one act is on the way, only its own end may say that it never began.
  if (claim && acting_.contains(request)) claim->promised = 0;
  // Meanwhile it may have got its row.
  asked.made.outcome.push_back(store_.find_row(request)
                                   ? outcome(request, now)
                                   : outcome_of(asked.grant, claim, kernel_ms(now)));
  outside_.answer(asked.caller.connection, asked.made, {});
}

// Everything that take() looked at is looked at again: epochs, leases and grants have gone on since
// then, and a question may have told of their ends.
void PostgresqlKernel::judge_act(Waiting waiting, const ClusterSample& sample, const Moment& now) {
  process::kill_point("kernel.act.looked");
  const auto& act = waiting.call.act;
  const auto tell = [&](ActAnswer answer) {
    outside_.answer(waiting.caller.connection, answer_to(waiting.call, std::move(answer)), act);
  };
  if (auto answer = act_without_look(waiting, now)) return tell(std::move(*answer));
  if (decision(act, waiting.caller.standing, now).step == ActStep::join) {
    joined_.push_back(std::move(waiting));
    return;
  }
  auto intent = intent_of(state_, act.action, act.node, act.request);
  intent.successor = act.successor;
  const auto no = judge(state_, checks(act.action, intent, sample), act);
  if (!no) return grant(std::move(waiting), now);
  ActAnswer answer;
  answer.status = ActStatus::rejected;
  answer.code = no->code;
  answer.text = cut(no->text, 1024);
  answer.invariants = no->invariants;
  tell(reject(act, std::move(answer), now));
}

ActAnswer PostgresqlKernel::reject(const Act& act, ActAnswer answer, const Moment& now) {
  answer.snapshot = snapshot_;
  store_.begin();
  store_.write_row({act.request, false, act.action, act.node, act.principal, act.command_digest,
                    act.reason, answer, snapshot_, kernel_ms(now), wall_ms(now)});
  process::kill_point("kernel.act.settling");
  store_.commit();
  process::kill_point("kernel.act.committed");
  return answer;
}

// Durable before anything is sent: a kernel that dies here finds the grant, and never grants the
// request again.
void PostgresqlKernel::grant(Waiting waiting, const Moment& now) {
  const auto act = waiting.call.act;
  store_.begin();
  Grant made{act,          terms_->next_term(),   GrantState::open, kernel_ms(now),
             wall_ms(now), journals_.of(act.node)};
  // Only a forced promotion comes here past an open grant, with that acknowledged.
  const auto* before = open_grant();
  if (before != nullptr) grants_.set_aside(before->act.request);
  grants_.write(made);
  process::kill_point("kernel.act.granting");
  store_.commit();
  process::kill_point("kernel.act.granted");
  if (before != nullptr)
    process::log_warning("grant_set_aside", {{"request", before->act.request.text()},
                                             {"node", before->act.node},
                                             {"by", act.request.text()}});
  process::log_info("granted", {{"request", act.request.text()},
                                {"action", text_of(act.action)},
                                {"node", act.node},
                                {"term", made.term}});
  const auto intent = intent_of(state_, act.action, act.node, act.request);
  const auto shutdown_end = intent.shutdown_checkpoint == 0 ? 0 : state_.shutdown_end;
  const AgentAct errand{
      made.term,       act,          intent.last_primary, intent.shutdown_checkpoint,
      intent.timeline, shutdown_end, options_.members};
  unsettled_ = grants_.unsettled();
  waiting.first = true;
  joined_.push_back(std::move(waiting));
  acting_.insert(act.request);
  outside_.act(errand, made.journal);
}

void PostgresqlKernel::acted(const RequestId& request, const Word& word, const Moment& now) {
  acting_.erase(request);
  const auto* found = unsettled(request);
  if (found == nullptr) return;
  const auto grant = *found;
  if (word.claim.promised > grant.term) terms_->heard_of(word.claim.promised);
  if (word.kind == Word::Kind::not_sent) {
    AgentClaim claim;
    claim.code = "AGENT_NOT_OPENED";
    claim.text = cut("nothing was sent to the agent of " + grant.act.node + ": " + word.error.code +
                         ": " + detail_of(word.error),
                     1024);
    claim.invariants = {"P6-F1"};
    return settle(grant, End::rejected, claim, now);
  }
  const auto end =
      word.kind == Word::Kind::said ? answer_rule(grant, word.claim) : End::keep_asking;
  if (end != End::keep_asking) return settle(grant, end, word.claim, now);
  process::log_warning(
      "act_lost",
      {{"request", request.text()}, {"node", grant.act.node}, {"why", word.error.message}});
}

void PostgresqlKernel::found_out(const RequestId& request, const Word& word, const Moment& now) {
  finding_ = {};
  const auto* found = unsettled(request);
  if (found == nullptr) return;
  const auto grant = *found;
  auto& settling = settling_[request];
  settling.at_ms = kernel_ms(now) + kSettleEveryMs;
  if (word.kind != Word::Kind::not_sent) settling.term = 0;
  settling.promised = settling.promised || word.promised_term;
  if (word.kind != Word::Kind::said) return;
  if (word.claim.promised > grant.term) {
    settling.promised = true;
    terms_->heard_of(word.claim.promised);
  }
  const auto end = settle_rule(grant, word.claim);
  if (end != End::keep_asking) settle(grant, end, word.claim, now);
}

// Row, register and the grant's end in one commit: a crash is before or after, never between. Of a
// grant that was set aside the register has heard otherwise since: only its row is written.
void PostgresqlKernel::settle(const Grant& grant, End end, const AgentClaim& claim,
                              const Moment& now) {
  const auto& act = grant.act;
  const auto before = snapshot_;
  auto after = state_;
  auto answer = answer_of(end, claim);
  answer.snapshot = before;
  store_.begin();
  if (end == End::executed && grant.state == GrantState::aside) {
    answer.effects = claim.effects;
  } else if (end == End::executed) {
    answer.effects = apply(after, act, claim);
    answer.snapshot = before + 1;
    store_.write_register(after);
  }
  if (end == End::executed)
    for (const auto& alarm : claim.alarms) alarms_.write(alarm, act.request, wall_ms(now));
  reserve(answer.snapshot);
  LedgerRow row{act.request,   end == End::executed, act.action,   act.node,
                act.principal, act.command_digest,   act.reason,   answer,
                before,        kernel_ms(now),       wall_ms(now), end == End::not_executed};
  store_.write_row(row);
  grants_.settle(act.request);
  process::kill_point("kernel.act.settling");
  store_.commit();
  process::kill_point("kernel.act.committed");
  state_ = std::move(after);
  snapshot_ = answer.snapshot;
  unsettled_ = grants_.unsettled();
  standing_ = alarms_.standing();
  settling_.erase(act.request);
  look_is_old_ = looking_;
  process::log_info("settled", {{"request", act.request.text()},
                                {"node", act.node},
                                {"status", text_of(answer.status)},
                                {"code", answer.code}});
  answer_joined(act.request, answer);
}

void PostgresqlKernel::answer_joined(const RequestId& request, const ActAnswer& answer) {
  std::vector<Waiting> others;
  for (auto& waiting : std::exchange(joined_, {})) {
    if (waiting.call.act.request != request) {
      others.push_back(std::move(waiting));
      continue;
    }
    auto told = answer;
    if (!waiting.first && told.status != ActStatus::refused) {
      told.first_executed = told.status == ActStatus::executed;
      told.status = ActStatus::duplicate;
    }
    outside_.answer(waiting.caller.connection, answer_to(waiting.call, std::move(told)),
                    waiting.call.act);
  }
  joined_ = std::move(others);
}

void PostgresqlKernel::tick(const Moment& now) {
  const auto at = kernel_ms(now);
  if (options_.watch_every_ms != 0 && !looking_ && at >= look_at_ms_ + options_.watch_every_ms)
    start_look();
  if (!finding_.empty()) return;
  for (const auto& grant : unsettled_) {
    const auto& request = grant.act.request;
    auto& settling = settling_[request];
    if (acting_.contains(request) || at < settling.at_ms) continue;
    // The term is durable before it is said, and one that was never said is good for the next try.
    if (!settling.promised && settling.term == 0) {
      store_.begin();
      settling.term = terms_->next_term();
      store_.commit();
    }
    finding_ = request;
    return outside_.find_out(
        {grant.act.node, request, grant.journal, settling.promised ? 0 : settling.term});
  }
}

}  // namespace aeromq::postgresql
