// What may only grow, what may never change, and what looking may not touch.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "chaos/checker/predicate.h"

namespace aeromq::chaos {
namespace {

// A transaction's number may be seen at one of the two places only.
bool same_row(const Event& row, const Event& stands) {
  return row.verdict == stands.verdict && row.what == stands.what && row.node == stands.node &&
         row.digest == stands.digest && row.principal == stands.principal &&
         row.code == stands.code && row.text == stands.text &&
         (row.number == 0 || stands.number == 0 || row.number == stands.number);
}

void judge_rows(const Index& index, Findings& findings) {
  if (!index.ledger_read_back()) return;
  for (const auto& request : index.requests()) {
    const auto& rows = request.of(EventKind::row);
    const auto& stands = request.of(EventKind::stands);
    if (rows.empty() && stands.empty()) continue;
    findings.judged();
    if (stands.empty()) {
      findings.breaks(*rows.front(), fmt::format("the row of {} has vanished", request.text));
      continue;
    }
    if (stands.size() > 1)
      findings.breaks(*stands[1], fmt::format("{} stands twice", request.text));
    if (!index.sees_kernel()) continue;
    if (rows.empty())
      findings.breaks(*stands.front(),
                      fmt::format("{} stands, but was never written", request.text));
    else if (!same_row(*rows.front(), *stands.front()))
      findings.breaks(*stands.front(), fmt::format("the row of {} has changed", request.text));
  }
}

void judge_epochs(const Index& index, Findings& findings) {
  const Event* last = nullptr;
  for (const auto* effect : index.of(EventKind::effect)) {
    findings.judged();
    if (last != nullptr && effect->epoch <= last->epoch)
      findings.breaks(*effect,
                      fmt::format("fencing epoch {} after {}", effect->epoch, last->epoch));
    last = effect;
  }
  std::map<std::string_view, std::uint64_t> newest;
  for (const auto* opened : index.of(EventKind::opened)) {
    findings.judged();
    auto& epoch = newest[opened->node];
    if (opened->epoch <= epoch)
      findings.breaks(*opened, fmt::format("dispatcher {} got epoch {} after {}", opened->node,
                                           opened->epoch, epoch));
    epoch = std::max(epoch, opened->epoch);
  }
}

void judge_durable(const Index& index, Findings& findings) {
  for (const auto& log : index.logs()) {
    std::uint64_t last = 0;
    for (const auto* durable : log.durable) {
      findings.judged();
      if (durable->number < last)
        findings.breaks(*durable,
                        fmt::format("{} records are durable after {}", durable->number, last));
      last = std::max(last, durable->number);
    }
    if (index.audit_read_back() && log.kept.size() < log.promised())
      findings.breaks(
          *log.covering(log.promised()),
          fmt::format("{} records were durable, {} are kept", log.promised(), log.kept.size()));
  }
}

bool may_change(const Index& index, const Event& event) {
  switch (event.kind) {
    case EventKind::row:
    case EventKind::effect:
    case EventKind::opened:
    case EventKind::reported:
      return true;
    case EventKind::began:
      return !index.sees_kernel() || part_of(event.lane) == "kernel";
    default:
      return false;
  }
}

void follow(const Event& event, std::set<std::string_view>& open) {
  if (event.kind == EventKind::asked && event.what == "confirm")
    open.insert(event.request);
  else if (event.kind == EventKind::told && is_end(event.verdict))
    open.erase(event.request);
}

}  // namespace

/// I-MONO. A ledger that was read back and found empty has lost every row that was seen.
void judge_mono(const Index& index, Findings& findings) {
  judge_rows(index, findings);
  judge_epochs(index, findings);
  judge_durable(index, findings);
}

/// I-LOOK. A row, an effect, an epoch, a node's report or a new run of the kernel may change it.
/// Where acts are not seen, any process that begins and any yes without its end may have.
void judge_look(const Index& index, Findings& findings) {
  const Event* last = nullptr;
  std::set<std::string_view> open;  // requests confirmed and not ended, if acts are not seen
  for (const auto& event : index.history()) {
    if (!index.sees_kernel()) follow(event, open);
    if (may_change(index, event) || !open.empty()) {
      last = nullptr;
    } else if (event.kind == EventKind::state) {
      if (last != nullptr) {
        findings.judged();
        if (last->digest != event.digest)
          findings.breaks(event, fmt::format("the kernel's state changed since {}, and nobody had "
                                             "acted",
                                             last->seq));
      }
      last = &event;
    }
  }
}

}  // namespace aeromq::chaos
