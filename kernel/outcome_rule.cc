#include "kernel/outcome_rule.h"

namespace aeromq::kernel {
namespace {

constexpr std::uint64_t kMsPerSecond = 1000;

OutcomeAnswer from_row(OutcomeAnswer answer, const LedgerRow& row) {
  answer.verdict = row.executed       ? Verdict::executed
                   : row.not_executed ? Verdict::not_executed
                                      : Verdict::rejected;
  answer.final_ = true;
  answer.why = "the ledger has it as " + std::string(text_of(answer.verdict));
  answer.code = row.answer.code;
  answer.text = row.answer.text;
  answer.invariants = row.answer.invariants;
  answer.action = text_of(row.action);
  answer.node = row.node;
  answer.principal = row.principal;
  answer.command_digest = to_hex(row.command_digest.octets);
  answer.effects = row.answer.effects;
  return answer;
}

}  // namespace

bool lease_holds(const RequestId& request, std::uint64_t kernel_ms) {
  return kernel_ms / kMsPerSecond <= request.session.lease_end_s;
}

OutcomeAnswer decide_outcome(const RequestId& request, const OutcomeFacts& facts) {
  OutcomeAnswer answer;
  answer.request = request;
  answer.kernel_ms = facts.kernel_ms;
  const auto final_no = [&](std::string why) {
    answer.verdict = Verdict::not_executed;
    answer.final_ = true;
    answer.why = std::move(why);
    return answer;
  };
  if (!request.kernel_action) {
    answer.verdict = Verdict::no_kernel_change;
    answer.final_ = true;
    answer.why = "this request makes no kernel change; see the audit log";
    return answer;
  }
  if (facts.row) return from_row(answer, *facts.row);
  const auto& session = request.session;
  // Given while no dispatcher was open: no kernel of any history takes it.
  if (session.epoch == 0) return final_no("the id names no epoch, so no kernel executes it");
  if (session.history != facts.history) {
    answer.verdict = Verdict::unknown;
    answer.why = "another kernel history";
    return answer;
  }
  if (session.epoch < facts.epoch)
    return final_no("no ledger row, and the dispatcher has a newer epoch");
  if (session.epoch == facts.epoch && !facts.opened_in_this_run)
    return final_no("no ledger row, and the dispatcher's epoch ended with an earlier kernel run");
  // A dead kernel's clock is nobody's: only a run of it can say that a lease has ended.
  if (facts.kernel_runs && !lease_holds(request, facts.kernel_ms))
    return final_no("no ledger row, and the lease has ended");
  answer.verdict = Verdict::not_yet_decided;
  answer.why = "no ledger row, and the request could still execute until its lease ends";
  answer.until_kernel_ms = (std::uint64_t{session.lease_end_s} + 1) * kMsPerSecond;
  return answer;
}

}  // namespace aeromq::kernel
