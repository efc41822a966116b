// Whether everything ends and everybody comes back once nothing breaks any more.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "chaos/checker/predicate.h"
#include "messages/command.h"

namespace aeromq::chaos {
namespace {

bool is_kernel_action(const RequestEvents& request, const Event& submit) {
  if (request.id) return request.id->kernel_action;
  const auto command = find_command(submit.command);
  return command && command_row(*command).kernel_action();
}

/// Clients come and go, the harness and its disk are not processes of the stack.
bool is_of_the_stack(std::string_view lane) {
  const auto part = part_of(lane);
  return !part.starts_with("client") && part != "harness" && part != "disk" && part != "network";
}

}  // namespace

/// L-DONE. Judged only in a history that was healed: before that, silence may be right.
void judge_done(const Index& index, Findings& findings) {
  if (!index.has(EventKind::healed)) return;
  for (const auto& request : index.requests()) {
    const auto& asked = request.of(EventKind::asked);
    const auto submit = std::ranges::find(asked, "submit",
                                          [](const Event* e) { return std::string_view(e->what); });
    if (submit == asked.end() || !is_kernel_action(request, **submit)) continue;
    findings.judged();
    if (std::ranges::none_of(request.of(EventKind::told), &Event::final_))
      findings.breaks(**submit, fmt::format("{} was never told a final answer", request.text));
  }
}

/// L-REJOIN. The last heal counts.
void judge_rejoin(const Index& index, Findings& findings) {
  if (!index.has(EventKind::healed)) return;
  const auto* healed = index.of(EventKind::healed).back();
  std::set<std::string_view> serving;
  for (const auto* serves : index.of(EventKind::serves))
    if (before(healed, serves)) serving.insert(serves->lane);
  std::set<std::string_view> judged;
  for (const auto* began : index.of(EventKind::began)) {
    if (!before(began, healed) || !is_of_the_stack(began->lane)) continue;
    if (!judged.insert(began->lane).second) continue;
    findings.judged();
    if (!serving.contains(began->lane))
      findings.breaks(*healed, fmt::format("{} does not serve after the heal", began->lane));
  }
}

}  // namespace aeromq::chaos
