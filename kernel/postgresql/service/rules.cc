#include "kernel/postgresql/service/rules.h"

#include <algorithm>

#include "messages/text.h"

namespace aeromq::postgresql {
namespace {

constexpr const char* kUnsettled = "UNSETTLED_REQUEST";

std::string number(std::uint64_t value) { return std::to_string(value); }
std::string or_none(const std::string& name) { return name.empty() ? "none" : name; }

std::string granted(const Grant& grant) {
  return "request " + grant.act.request.text() + " (" + std::string(text_of(grant.act.action)) +
         " " + grant.act.node + ") was granted under term " + number(grant.term);
}

ActAnswer rejection(std::string code, std::string text, std::vector<std::string> invariants) {
  ActAnswer answer;
  answer.status = ActStatus::rejected;
  answer.code = std::move(code);
  answer.text = std::move(text);
  answer.invariants = std::move(invariants);
  return answer;
}

OutcomeAnswer about(const Grant& grant, std::uint64_t kernel_ms) {
  OutcomeAnswer answer;
  answer.request = grant.act.request;
  answer.kernel_ms = kernel_ms;
  answer.action = text_of(grant.act.action);
  answer.node = grant.act.node;
  answer.principal = grant.act.principal;
  answer.command_digest = to_hex(grant.act.command_digest.octets);
  return answer;
}

}  // namespace

const Grant* open_of(const std::vector<Grant>& unsettled) {
  const auto at = std::ranges::find(unsettled, GrantState::open, &Grant::state);
  return at == unsettled.end() ? nullptr : &*at;
}

ActDecision act_rule(const Act& act, const std::optional<kernel::LedgerRow>& row,
                     const std::vector<Grant>& unsettled, const std::optional<ActAnswer>& refusal) {
  if (row) return {ActStep::repeat, kernel::repeat_of(*row)};
  for (const auto& grant : unsettled)
    if (grant.act.request == act.request) return {ActStep::join, {}};
  if (refusal) return {ActStep::refuse, *refusal};
  const auto* open = open_of(unsettled);
  if (open != nullptr && act.action != Action::force_promote)
    return {ActStep::reject,
            rejection(kUnsettled, granted(*open) + " and is not settled", {"P6-A2"})};
  return {ActStep::go_on, {}};
}

std::optional<kernel::Rejection> judge(const kernel::Register& state,
                                       const std::vector<Check>& checks, const Act& act) {
  if (act.fencing_epoch != state.fencing_epoch)
    return kernel::facts_changed("explained was fencing epoch " + number(act.fencing_epoch) +
                                 ", now it is " + number(state.fencing_epoch) +
                                 ": write authority moved; it is with " +
                                 (state.holder.empty() ? "no node" : state.holder) +
                                 " now, the last primary is " + or_none(state.last_primary));
  return kernel::objection(checks, act.overrides);
}

End settle_rule(const Grant& grant, const AgentClaim& claim) {
  if (claim.request != grant.act.request) return End::keep_asking;
  switch (claim.state) {
    case ClaimState::executed:
      return End::executed;
    case ClaimState::rejected:
      return End::rejected;
    case ClaimState::none:
      // After the promise of a higher term "no claim" can never turn into one.
      return claim.promised > grant.term ? End::not_executed : End::keep_asking;
    default:
      return End::keep_asking;
  }
}

End answer_rule(const Grant& grant, const AgentClaim& claim) {
  // The one copy was answered without a claim: there is no other that could make one.
  if (claim.request == grant.act.request && claim.state == ClaimState::none && !claim.code.empty())
    return End::not_executed;
  return settle_rule(grant, claim);
}

std::vector<Effect> apply(kernel::Register& state, const Act& act, const AgentClaim& claim) {
  const auto before = state;
  const bool demotion = act.action == Action::demote;
  ++state.fencing_epoch;
  state.holder = demotion ? std::string() : act.node;
  state.last_primary = act.node;
  state.demoted_epoch = demotion ? state.fencing_epoch : 0;
  if (demotion) state.acknowledged = claim.shutdown_checkpoint;
  state.shutdown_end = demotion ? claim.shutdown_end : 0;
  // A demotion's is its checkpoint's: a person may have promoted in between.
  if (claim.timeline != 0) state.timeline = claim.timeline;
  std::vector<Effect> effects{
      {"write_authority", or_none(before.holder), or_none(state.holder)},
      {"fencing_epoch", number(before.fencing_epoch), number(state.fencing_epoch)}};
  effects.insert(effects.end(), claim.effects.begin(), claim.effects.end());
  constexpr std::size_t kMostEffects = 32;  // ActAnswer::effects
  if (effects.size() > kMostEffects) effects.resize(kMostEffects);
  return effects;
}

ActAnswer answer_of(End end, const AgentClaim& claim) {
  if (end == End::rejected) return rejection(claim.code, claim.text, claim.invariants);
  if (end == End::executed) {
    ActAnswer answer;
    answer.status = ActStatus::executed;
    answer.text = claim.text;
    return answer;
  }
  return kernel::refused(claim.code.empty() ? "NEVER_CLAIMED" : claim.code,
                         claim.text.empty() ? "its agent never claimed it, and has promised a "
                                              "higher term: it can execute no more"
                                            : claim.text);
}

OutcomeAnswer outcome_of(const Grant& grant, const std::optional<AgentClaim>& claim,
                         std::uint64_t kernel_ms) {
  auto answer = about(grant, kernel_ms);
  if (!claim || claim->request != grant.act.request) {
    answer.verdict = Verdict::unknown;
    answer.why = granted(grant) + ", and the agent of " + grant.act.node +
                 " does not answer, or with another journal";
    return answer;
  }
  switch (settle_rule(grant, *claim)) {
    case End::executed:
      answer.verdict = Verdict::executed;
      answer.why = "the journal of " + grant.act.node + "'s agent has it as executed";
      answer.effects = claim->effects;
      break;
    case End::rejected:
      answer.verdict = Verdict::rejected;
      answer.why = "the journal of " + grant.act.node + "'s agent has it as rejected";
      answer.code = claim->code;
      answer.text = claim->text;
      answer.invariants = claim->invariants;
      break;
    case End::not_executed:
      answer.verdict = Verdict::not_executed;
      answer.why = "the agent of " + grant.act.node + " never claimed it, and has promised term " +
                   number(claim->promised) + " since";
      break;
    default:
      answer.verdict = Verdict::not_yet_decided;
      answer.why =
          granted(grant) + (claim->state == ClaimState::open
                                ? "; claimed " + number(claim->since_ms) + " ms before" +
                                      (claim->phase.empty() ? "" : ", now: " + claim->phase)
                                : "; not claimed so far");
      return answer;
  }
  answer.final_ = true;
  return answer;
}

OutcomeAnswer outcome_unasked(const Grant& grant, std::uint64_t kernel_ms) {
  auto answer = about(grant, kernel_ms);
  answer.verdict = Verdict::not_yet_decided;
  answer.why = granted(grant) + " and is not settled; the agent of " + grant.act.node +
               " knows: `aeromq-pg-agent outcome " + grant.act.request.text() + "` on its host";
  return answer;
}

void add_open_grant(std::vector<Check>& checks, const Grant& grant, Action action,
                    const ClusterSample& sample) {
  const auto* node = find_node(sample, grant.act.node);
  const bool blind = node != nullptr && node->agent && node->agent->durable_role == NodeRole::none;
  const bool silent = node == nullptr || !node->agent || blind;
  auto text = granted(grant) + " and is not settled";
  if (silent)
    text += "; the agent of " + grant.act.node +
            (blind ? " cannot read its server's files" : " does not answer");
  const bool may_pass = silent && action == Action::force_promote;
  if (may_pass) text += ": what it may still do there is not known";
  const Check open{kUnsettled, "P6-A2", std::move(text), false, may_pass};
  const auto at = std::ranges::find(checks, kUnsettled, &Check::code);
  if (at == checks.end())
    checks.push_back(open);
  else if (at->passes)
    *at = open;
}

void add_newest_timeline(std::vector<Check>& checks, const kernel::Register& state,
                         const Intent& intent, const ClusterSample& sample) {
  const auto* target = find_node(sample, intent.node);
  const auto at = std::ranges::find(checks, "TIMELINE_BEHIND", &Check::code);
  if (at == checks.end() || !at->passes || target == nullptr || !target->answered) return;
  if (target->timeline >= state.timeline) return;
  at->passes = false;
  at->overridable = intent.action == Action::force_promote;
  at->text = intent.node + " is on timeline " + std::to_string(target->timeline) + ", and " +
             (state.holder.empty() ? state.last_primary : state.holder) + " began timeline " +
             std::to_string(state.timeline) + ": a promotion would begin a second timeline " +
             std::to_string(state.timeline);
}

Check register_check(HistoryId history, std::uint64_t last, std::uint64_t beyond,
                     const ClusterSample& sample) {
  std::string text;
  for (const auto& node : sample.nodes) {
    if (!node.agent || !node.agent->bound || node.agent->history != history) continue;
    if (node.agent->promised <= last) continue;
    if (!text.empty()) text += "; ";
    text += "the agent of " + node.node + " has promised term " + number(node.agent->promised) +
            ", this register gave " + number(last) + " last";
  }
  if (text.empty() && beyond != 0)
    text = "an agent had promised term " + number(beyond) + ", which this register never gave";
  const bool passes = text.empty();
  if (!passes)
    text +=
        ": an older register was put in its place; no change is made before a person has begun "
        "a new history (aeromq-kernel renew-history)";
  return {"REGISTER_OLDER", "P6-F1",
          passes ? "no agent has promised a term that this register never gave" : std::move(text),
          passes, false};
}

Check journal_check(const std::string& known, const std::string& node,
                    const ClusterSample& sample) {
  const auto* seen = find_node(sample, node);
  const auto shown = seen != nullptr && seen->agent ? seen->agent->journal : std::string();
  const bool passes = known.empty() || shown.empty() || shown == known;
  return {"AGENT_JOURNAL_CHANGED", "P6-F1",
          passes ? "no other journal of the agent of " + node + " was seen"
                 : "the agent of " + node + " has the journal " + shown +
                       ", the register knows the journal " + known,
          passes, false};
}

Check bound_check(HistoryId history, const std::string& node, const ClusterSample& sample) {
  const auto* seen = find_node(sample, node);
  const bool passes =
      seen == nullptr || !seen->agent || !seen->agent->bound || seen->agent->history == history;
  const auto own = to_hex(history.octets);
  return {"AGENT_BOUND_ELSEWHERE", "P6-A2",
          passes ? "the agent of " + node + " is bound to no other register"
                 : "the agent of " + node + " is bound to the register history " +
                       to_hex(seen->agent->history.octets) + ", this register has " + own +
                       ": it takes nothing until a person has run `aeromq-pg-agent bind " + own +
                       " --reason TEXT` on its host",
          passes, false};
}

}  // namespace aeromq::postgresql
