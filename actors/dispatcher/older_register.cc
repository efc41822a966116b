#include "actors/dispatcher/older_register.h"

#include <algorithm>

namespace aeromq {
namespace {

constexpr const char* kCode = "REGISTER_OLDER";
constexpr std::size_t kMostChecks = 32;    // KernelSnapshot::checks
constexpr std::size_t kMostFindings = 32;  // KernelSnapshot::findings

bool same_register(const NewestFact& fact, HistoryId history) {
  return fact.known() && fact.history == history;
}

}  // namespace

bool is_used(const NewestFact& fact, const Opened& opened) {
  return same_register(fact, opened.history) && fact.dispatcher == opened.dispatcher &&
         opened.epoch <= fact.epoch;
}

std::string older_than_log(const NewestFact& fact, const Opened& opened,
                           std::uint64_t fencing_epoch) {
  if (!same_register(fact, opened.history)) return {};
  const auto way_on =
      "; no change is made before a person has begun a new history (aeromq-kernel renew-history)";
  if (fencing_epoch < fact.fencing_epoch)
    return "the register is at fencing epoch " + std::to_string(fencing_epoch) +
           ", the audit log has it at " + std::to_string(fact.fencing_epoch) + " since record " +
           std::to_string(fact.record) + ", which executed " + fact.request +
           ": an older register was put in its place" + way_on;
  if (is_used(fact, opened))
    return "the register gave epoch " + std::to_string(opened.epoch) + " to dispatcher " +
           std::to_string(opened.dispatcher) + ", the audit log has requests of epoch " +
           std::to_string(fact.epoch) + ": an older register was put in its place" + way_on;
  return {};
}

void say_older(KernelAnswer& answer, const std::string& why) {
  auto& snapshot = answer.snapshot;
  if (snapshot.findings.size() < kMostFindings)
    snapshot.findings.push_back({kCode, Severity::alarm, why});
  if (answer.kind == CallKind::survey && !snapshot.checks.empty()) {
    // The kernel may have its own reason for the same word, and a check stands once.
    std::erase_if(snapshot.checks, [](const Check& check) { return check.code == kCode; });
    if (snapshot.checks.size() == kMostChecks) snapshot.checks.pop_back();
    snapshot.checks.insert(snapshot.checks.begin(), {kCode, "P6-F1", why, false, false});
  }
  for (auto& told : answer.outcome) {
    // What it has a row of did happen so, whatever it has forgotten since.
    if (told.verdict == Verdict::executed || told.verdict == Verdict::rejected ||
        told.verdict == Verdict::no_kernel_change)
      continue;
    told.verdict = Verdict::unknown;
    told.final_ = false;
    told.why = why.substr(0, 512);
  }
}

KernelAnswer refused_as_older(const KernelCall& call, const std::string& why) {
  KernelAnswer answer;
  answer.kind = call.kind;
  answer.id = call.id;
  answer.act.status = ActStatus::refused;
  answer.act.code = kCode;
  answer.act.text = why;
  answer.act.invariants = {"P6-F1"};
  return answer;
}

}  // namespace aeromq
